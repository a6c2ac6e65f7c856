"""The gate: whether an evaluation is good enough, one verdict for each thing that was asked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from kbsearch.evaluation.comparison import common
from kbsearch.evaluation.history import Entry
from kbsearch.evaluation.result import Evaluation
from kbsearch.evaluation.significance import Estimate
from kbsearch.retrieval.candidates import Leg

_FEWEST = 20  # queries of a slice that is checked: fewer say nothing
_ROUNDING = 1e-9


class Check(StrEnum):
    """What is checked."""

    TARGET = "target"  # hit@1 of all queries, and of each industry if there are several
    SLICE = "slice"  # hit@1 of a slice
    DROP = "drop"  # hit@1 against the baseline's


@dataclass(frozen=True, slots=True)
class Verdict:
    """One check and how it came out.

    Attributes:
        check: What was checked.
        met: Whether it is good enough.
        name: Name of the industry or slice value; "" for all queries.
        dimension: Of the slice; "" if it is none.
        estimate: hit@1.
        wanted: What was asked: the share to reach, or the drop to allow.
        figure: What was held against it: lower bound, bare share, or drop.
        point: Whether `figure` is the bare share; if not, a target is held against the lower bound.
    """

    check: Check
    met: bool
    name: str
    dimension: str
    estimate: Estimate
    wanted: float
    figure: float
    point: bool


def check(
    evaluation: Evaluation,
    *,
    target: float | None = None,
    point: bool = False,
    min_slice: float | Mapping[str, float] | None = None,
    max_drop: float | None = None,
    baseline: Evaluation | Entry | None = None,
) -> tuple[Verdict, ...]:
    """One verdict for each check; it passes if all are met.

    Args:
        evaluation: What to judge.
        target: hit@1 that all queries together, and each industry, must reach with the lower bound
            of its interval.
        point: Hold the bare share against `target`, not its lower bound.
        min_slice: hit@1, as a bare share, that every slice of 20 queries and more must reach; or
            dimension → hit@1.
        max_drop: By how much hit@1 may lie below the baseline's, on the queries that both have.
        baseline: An earlier evaluation, or a run of the history over the same queries.

    Raises:
        ValueError: `max_drop` without a baseline that has a query in common, or an unknown
            dimension.
    """
    verdicts: list[Verdict] = []
    if target is not None:
        verdicts += _targets(evaluation, target, point)
    if min_slice is not None:
        verdicts += _slices(evaluation, min_slice)
    if max_drop is not None:
        verdicts.append(_drop(evaluation, max_drop, baseline))
    return tuple(verdicts)


def _targets(evaluation: Evaluation, target: float, point: bool) -> Iterator[Verdict]:
    industries = evaluation.slices["industry"]
    shares = {"": evaluation.accuracy, **(industries if len(industries) > 1 else {})}
    for name, estimate in shares.items():
        figure = estimate.value if point else estimate.low
        met = figure >= target
        yield Verdict(Check.TARGET, met, name, "", estimate, target, figure, point)


def _slices(evaluation: Evaluation, wanted: float | Mapping[str, float]) -> Iterator[Verdict]:
    shares = wanted if isinstance(wanted, Mapping) else dict.fromkeys(evaluation.slices, wanted)
    for dimension, least in shares.items():
        if dimension not in evaluation.slices:
            known = ", ".join(evaluation.slices)
            raise ValueError(f"unknown dimension {dimension!r}; there are {known}")
        for name, estimate in evaluation.slices[dimension].items():
            if estimate.count >= _FEWEST:
                met = estimate.value >= least
                yield Verdict(
                    Check.SLICE, met, name, dimension, estimate, least, estimate.value, True
                )


def _drop(evaluation: Evaluation, most: float, baseline: Evaluation | Entry | None) -> Verdict:
    if isinstance(baseline, Entry):
        if "queries" in evaluation.measured.moved(baseline.measured):
            raise ValueError("the baseline was measured on other queries")
        drop = baseline.measures["hit@1"].value - evaluation.accuracy.value
    else:
        pairs = common(baseline, evaluation) if baseline else []
        if not pairs:
            raise ValueError("there is no baseline that has a query in common")
        lost = sum(
            old.values[Leg.FINAL]["hit@1"] - new.values[Leg.FINAL]["hit@1"] for old, new in pairs
        )
        drop = lost / len(pairs)
    met = drop <= most + _ROUNDING
    return Verdict(Check.DROP, met, "", "", evaluation.accuracy, most, drop, True)
