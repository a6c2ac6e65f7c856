"""The page: an evaluation poured into the template, in Chinese or English."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from kbsearch import messages
from kbsearch.evaluation.history import KEPT, Entry
from kbsearch.evaluation.measures import MEASURES
from kbsearch.evaluation.reliability import CoveragePoint, ReliabilityBin
from kbsearch.evaluation.report import plots
from kbsearch.evaluation.report.misses import LEGS, MissView, lay_out
from kbsearch.evaluation.report.targets import FEW, TARGETS, Target, state
from kbsearch.evaluation.report.template import Wording, fill
from kbsearch.evaluation.result import Evaluation
from kbsearch.evaluation.significance import Estimate
from kbsearch.evaluation.slices import DIMENSIONS

_WEAKEST = 3  # slices named in the headline
_CALIBRATED, _ROUGHLY = 0.05, 0.10  # expected calibration error
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class _Slice:
    """One value of a dimension."""

    dimension: str
    value: str
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class _Run:
    """A run of the history, and what differs from the one before."""

    entry: Entry
    change: float | None
    moved: tuple[str, ...]


def render(evaluation: Evaluation, lang: messages.Language, history: Sequence[Entry] = ()) -> str:
    """The report as HTML; it loads nothing from anywhere.

    Args:
        evaluation: What to show.
        lang: The language.
        history: Earlier runs and this one, oldest first; their trend is shown if there are two.
    """
    wording = Wording(lang)
    listed = lay_out(evaluation)
    return fill(
        "report.html",
        wording,
        result=evaluation,
        targets=[Target.of(wanted, evaluation.accuracy) for wanted in TARGETS],
        floor=_floor(evaluation.accuracy),
        weakest=_weakest(evaluation),
        causes=Counter(miss.cause for miss in evaluation.misses).most_common(),
        outcomes={outcome.id: outcome for outcome in evaluation.outcomes},
        measures=MEASURES,
        kept=KEPT,
        better=_better(evaluation),
        slices=_slices(evaluation),
        state=state,
        few=FEW,
        runs=_runs(history),
        thresholds=[(wanted, _threshold(evaluation.coverage, wanted)) for wanted in TARGETS],
        calibration=_calibration(evaluation),
        listed=listed,
        legs=LEGS,
        choices=_choices(listed),
        plots=_plots(evaluation, history, wording),
    )


def _plots(evaluation: Evaluation, history: Sequence[Entry], wording: Wording) -> dict[str, str]:
    """Name → plot, as markup: its labels are escaped."""
    from markupsafe import Markup

    took = [outcome.milliseconds for outcome in evaluation.outcomes]
    drawn = {
        "coverage": plots.coverage(evaluation.coverage, *wording.plot("coverage")),
        "reliability": plots.reliability(evaluation.reliability, *wording.plot("reliability")),
        "latency": plots.latency(took, evaluation.latency_ms, *wording.plot("latency")),
    }
    if len(history) > 1:
        drawn["trend"] = plots.trend(history, *wording.plot("trend"))
    return {name: Markup(svg) for name, svg in drawn.items()}


def _floor(accuracy: Estimate) -> float:
    """Where the headline's scale begins: a tenth below all that stands on it."""
    return max(0, int(min(accuracy.low, TARGETS[0]) * 10 - 0.5)) / 10


def _slices(evaluation: Evaluation) -> dict[str, list[_Slice]]:
    """Dimension → its values: those of enough queries first, the weakest first."""
    return {
        dimension: sorted(
            (_Slice(dimension, *pair) for pair in evaluation.slices.get(dimension, {}).items()),
            key=lambda each: (each.estimate.count < FEW, each.estimate.value),
        )
        for dimension in DIMENSIONS
    }


def _weakest(evaluation: Evaluation) -> list[_Slice]:
    """The weakest slices of enough queries that lie below the lower target and below the whole."""
    most = min(TARGETS[0], evaluation.accuracy.value)
    found = [
        each
        for values in _slices(evaluation).values()
        for each in values
        if each.estimate.count >= FEW and each.estimate.value < most
    ]
    return sorted(found, key=lambda each: each.estimate.value)[:_WEAKEST]


def _better(evaluation: Evaluation) -> set[tuple[str, str]]:
    """(leg, measure) in which a leg beats the final ranking."""
    final = evaluation.systems[LEGS[0]]
    return {
        (leg, name)
        for leg, values in evaluation.systems.items()
        for name in MEASURES
        # How many are judged says nothing of how good they are.
        if name != "judged@5" and values[name].value > final[name].value + _ROUNDING
    }


def _runs(history: Sequence[Entry]) -> list[_Run]:
    """The history, newest first; nothing if there is no trend."""
    if len(history) < 2:
        return []
    runs = [_Run(history[0], None, ())]
    for before, entry in pairwise(history):
        change = entry.measures["hit@1"].value - before.measures["hit@1"].value
        runs.append(_Run(entry, change, entry.measured.moved(before.measured)))
    return runs[::-1]


def _threshold(points: Iterable[CoveragePoint], wanted: float) -> CoveragePoint | None:
    """Where most queries are answered with the wanted precision."""
    good = [point for point in points if point.precision >= wanted]
    return max(good, key=lambda point: point.coverage, default=None)


def _calibration(evaluation: Evaluation) -> tuple[str, str]:
    """How far confidence can be believed, and in which direction it errs."""
    error = evaluation.calibration_error
    level = "good" if error <= _CALIBRATED else "fair" if error <= _ROUGHLY else "poor"
    return level, "over" if _excess(evaluation.reliability) > 0 else "under"


def _excess(bins: Iterable[ReliabilityBin]) -> float:
    """By how much confidence exceeds what came true, summed over queries."""
    return sum(each.count * (each.confidence - each.right) for each in bins)


def _choices(listed: Iterable[MissView]) -> dict[str, list[str]]:
    """What the misses can be filtered by → the values that occur, in order of appearance."""
    found: dict[str, dict[str, None]] = {"cause": {}, "type": {}, "industry": {}}
    for view in listed:
        found["cause"][view.miss.cause] = None
        found["type"][view.outcome.type] = None
        found["industry"][view.outcome.industry] = None
    return {field: [*values] for field, values in found.items()}
