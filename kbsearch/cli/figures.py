"""The figures of an evaluation in words and tables."""

from kbsearch.cli.console import Console
from kbsearch.evaluation.result import Evaluation
from kbsearch.evaluation.significance import Estimate
from kbsearch.retrieval.candidates import Leg


def percent(estimate: Estimate, digits: int = 1) -> str:
    """The value in percent; a dash for a share of nothing."""
    return f"{estimate.value:.{digits}%}" if estimate.count else "—"


def interval(estimate: Estimate) -> str:
    """Its interval in percent; a dash for a share of nothing."""
    return f"{estimate.low:.1%}–{estimate.high:.1%}" if estimate.count else "—"


def print_heading(console: Console, evaluation: Evaluation) -> None:
    """What was measured."""
    console.say(
        "eval.heading",
        queries=evaluation.query_set,
        answerable=evaluation.answerable,
        unanswerable=evaluation.unanswerable,
        snapshot=evaluation.measured.snapshot_id,
    )


def accuracy(console: Console, estimate: Estimate) -> str:
    """The one figure that counts."""
    return console.text(
        "eval.accuracy",
        value=percent(estimate),
        interval=interval(estimate),
        count=estimate.count,
    )


def print_figures(console: Console, evaluation: Evaluation, *, every_slice: bool) -> None:
    """All figures: systems, slices, declining, calibration, latency."""
    _print_systems(console, evaluation)
    _print_slices(console, evaluation, every=every_slice)
    declining = evaluation.declining
    console.say(
        "eval.declined",
        declined=percent(declining.declined, 0),
        not_answered=percent(declining.not_answered, 0),
        wrongly=percent(declining.wrongly_declined, 0),
        right=percent(declining.right_when_answered, 0),
    )
    if evaluation.pinned:
        console.say("eval.pinned", count=evaluation.pinned)
    console.say("eval.calibration", error=evaluation.calibration_error)
    console.say("eval.latency", **evaluation.latency_ms)


def _print_systems(console: Console, evaluation: Evaluation) -> None:
    measures = list(evaluation.systems[Leg.FINAL])
    headings = [console.text("eval.system"), *measures, f"hit@1 {console.text('eval.interval')}"]
    rows = [
        [
            console.text(f"eval.{system}"),
            *(percent(values[name]) for name in measures),
            interval(values["hit@1"]),
        ]
        for system, values in evaluation.systems.items()
    ]
    console.table(headings, rows)
    console.line()


def _print_slices(console: Console, evaluation: Evaluation, *, every: bool) -> None:
    """Each dimension with its worst value first; only type and industry unless all are wanted."""
    for dimension, shares in evaluation.slices.items():
        if len(shares) < 2 or not (every or dimension in {"industry", "type"}):
            continue
        headings = [console.text(f"eval.{key}") for key in (dimension, "count")]
        rows = [
            [name or "—", str(share.count), percent(share), interval(share)]
            for name, share in sorted(shares.items(), key=lambda pair: pair[1].value)
        ]
        console.table([*headings, "hit@1", console.text("eval.interval")], rows)
        console.line()
