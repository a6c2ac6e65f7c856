"""Commands that hold runs against each other: compare, history."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from kbsearch.cli.console import Console
from kbsearch.cli.figures import percent
from kbsearch.cli.options import Shared, named, split_snapshot
from kbsearch.evaluation.comparison import Change, Comparison, Side
from kbsearch.evaluation.history import KEPT, Entry
from kbsearch.evaluation.result import Evaluation
from kbsearch.evaluation.significance import LEVEL, Estimate
from kbsearch.retrieval.candidates import Leg


def register(app: typer.Typer, console: Console) -> None:
    """Adds the commands to `app`."""
    shared = Shared(console)
    _register_compare(app, console, shared)
    _register_history(app, console, shared)


def _register_compare(app: typer.Typer, console: Console, shared: Shared) -> None:
    before_argument = typer.Argument(help=console.text("compare.before"), metavar="BEFORE")
    after_argument = typer.Argument(help=console.text("compare.after"), metavar="AFTER")
    queries_option = typer.Option("--queries", help=console.text("compare.queries"))
    leg_option = typer.Option("--leg", help=console.text("compare.leg"))

    @app.command(help=console.text("compare.help"))
    def compare(
        before: Annotated[str, before_argument],
        after: Annotated[str, after_argument],
        queries: Annotated[list[Path] | None, queries_option] = None,
        leg: Annotated[Leg, leg_option] = Leg.FINAL,
        as_json: Annotated[bool, shared.json] = False,
    ) -> None:
        from kbsearch.evaluation.comparison import compare as run
        from kbsearch.evaluation.formats.registry import read_query_set

        query_set = read_query_set(queries) if queries else None
        if query_set is None and not (_is_saved(before) and _is_saved(after)):
            raise ValueError(console.text("compare.queries_needed"))
        with console.progress() as progress:
            sides = _side(before), _side(after)
            comparison = run(*sides, query_set, leg=leg, progress=progress)
        if as_json:
            console.json(comparison)
        else:
            _print_comparison(console, comparison)


def _register_history(app: typer.Typer, console: Console, shared: Shared) -> None:
    file_argument = typer.Argument(help=console.text("history.argument"), metavar="FILE")

    @app.command(help=console.text("history.help"))
    def history(
        file: Annotated[Path, file_argument],
        as_json: Annotated[bool, shared.json] = False,
    ) -> None:
        from kbsearch.evaluation.history import read

        entries = read(file)
        if as_json:
            console.json(entries)
        elif entries:
            _print_history(console, entries)
        else:
            console.say("history.empty", path=file)


def _is_saved(side: str) -> bool:
    return side.endswith(".json") and not Path(side).is_dir()


def _side(side: str) -> Side:
    """A saved evaluation, or an opened index."""
    from kbsearch.knowledge_base import KnowledgeBase

    if _is_saved(side):
        return Evaluation.read(side)
    folder, snapshot_id = split_snapshot(side)
    return KnowledgeBase.open(folder, snapshot_id=snapshot_id)


def _print_comparison(console: Console, comparison: Comparison) -> None:
    leg = console.text(f"eval.{comparison.leg}")
    console.say("compare.heading", leg=leg, count=comparison.queries)
    if comparison.left_out:
        console.say("compare.left_out", count=comparison.left_out)
    before, after = comparison.before["hit@1"].value, comparison.after["hit@1"].value
    p_value = comparison.p_values["hit@1"]
    state = "chance" if p_value > 1 - LEVEL else "better" if after > before else "worse"
    console.say(f"compare.{state}", before=before, after=after, p=_p_value(p_value))
    others = [
        f"{name} {_change(comparison.after[name], comparison.before[name])}"
        for name, value in comparison.p_values.items()
        if value <= 1 - LEVEL and name not in {"hit@1", "judged@5"}
    ]
    if others:
        console.say("compare.others", measures=", ".join(others))
    console.line()
    headings = ("measure", "before_column", "after_column", "change_column", "p_value")
    rows = [
        [
            name,
            percent(comparison.before[name]),
            percent(comparison.after[name]),
            _change(comparison.after[name], comparison.before[name]),
            _p_value(p_value),
        ]
        for name, p_value in comparison.p_values.items()
    ]
    console.table([console.text(f"compare.{heading}") for heading in headings], rows)
    for key, changes in (("wins", comparison.wins), ("losses", comparison.losses)):
        console.line()
        console.say(f"compare.{key}", count=len(changes))
        for change in changes:
            _print_change(console, change, comparison.titles)


def _change(after: Estimate, before: Estimate) -> str:
    """By how much a share moved; a dash if one is of nothing."""
    return f"{after.value - before.value:+.1%}" if after.count and before.count else "—"


def _p_value(value: float) -> str:
    return f"{value:.3f}" if value >= 0.001 else "<0.001"


def _print_change(console: Console, change: Change, titles: Mapping[str, str]) -> None:
    sides = [" | ".join(named(a, titles) for a in side) for side in (change.before, change.after)]
    console.say(
        "compare.change",
        id=change.query_id,
        text=change.text,
        before=sides[0] or "—",
        after=sides[1] or "—",
    )


def _print_history(console: Console, entries: Sequence[Entry]) -> None:
    rows = []
    for entry, before in zip(entries, [None, *entries[:-1]], strict=True):
        accuracy = entry.measures["hit@1"]
        moved = entry.measured.moved(before.measured) if before else ()
        failed = [console.text(f"history.failed_{check}") for check in entry.failed]
        rows.append(
            [
                entry.created_at[:16].replace("T", " "),
                str(entry.queries),
                percent(accuracy),
                _change(accuracy, before.measures["hit@1"]) if before else "—",
                *(percent(entry.measures[name]) for name in KEPT[1:]),
                f"{entry.p50_ms:.1f}",
                " ".join(console.text(f"history.{part}") for part in moved) or "—",
                " ".join(filter(None, (*failed, entry.note))),
            ]
        )
    when, change, moved_heading, note = (
        console.text(f"history.{key}") for key in ("when", "change", "moved", "note")
    )
    count = console.text("eval.count")
    headings = [when, count, "hit@1", change, *KEPT[1:], "p50 ms", moved_heading, note]
    console.table(headings, rows)
