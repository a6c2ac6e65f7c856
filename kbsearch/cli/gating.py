"""The gate in words: what was asked of an evaluation, and how it came out."""

from collections.abc import Iterable, Sequence

from kbsearch.cli.console import Console
from kbsearch.cli.figures import percent
from kbsearch.evaluation.gate import Check, Verdict


def print_verdicts(console: Console, verdicts: Iterable[Verdict]) -> None:
    """One sentence for each check, but one for all slices that are good."""
    good = []
    for verdict in verdicts:
        if verdict.check is Check.SLICE and verdict.met:
            good.append(verdict)
        else:
            console.line(_sentence(console, verdict))
    if good:
        console.say("eval.gate_slice_met", count=len(good), wanted=good[0].wanted)


def print_failed(console: Console, failed: Sequence[Verdict], *, beside_json: bool) -> None:
    """That checks failed; which, stands above, but nowhere in the JSON document."""
    if beside_json:
        for verdict in failed:
            console.error(_sentence(console, verdict))
    elif failed:
        console.say("eval.failed", count=len(failed))


def _sentence(console: Console, verdict: Verdict) -> str:
    """What was asked and how it came out."""
    estimate = verdict.estimate
    state = "met" if verdict.met else "missed"
    if verdict.check is Check.TARGET and not verdict.met and estimate.value >= verdict.wanted:
        state = "unproven"
    return console.text(
        f"eval.gate_{verdict.check}_{state}",
        name=verdict.name or "—",
        scope=f"{verdict.name} " if verdict.name else "",
        dimension=console.text(f"eval.{verdict.dimension}") if verdict.dimension else "",
        value=percent(estimate),
        count=estimate.count,
        wanted=verdict.wanted,
        figure=f"{verdict.figure:.1%}" if estimate.count else "—",
        drop=verdict.figure,
        change=-verdict.figure,
        basis=console.text("eval.basis_point" if verdict.point else "eval.basis_low"),
    )
