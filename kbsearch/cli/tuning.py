"""The command of those who have judgments: tune."""

from pathlib import Path
from typing import Annotated

import typer

from kbsearch.cli.console import Console
from kbsearch.cli.figures import interval, percent
from kbsearch.cli.options import Shared
from kbsearch.tuning.tuner import FEWEST, Tuning


def register(app: typer.Typer, console: Console) -> None:
    """Adds the command to `app`."""
    shared = Shared(console)
    queries_argument = typer.Argument(help=console.text("argument_queries"), metavar="QUERIES...")
    out_option = typer.Option("--out", help=console.text("tune.out"), metavar="FILE.toml")

    @app.command(help=console.text("tune.help"))
    def tune(
        queries: Annotated[list[Path], queries_argument],
        index: Annotated[Path, shared.index],
        out: Annotated[Path, out_option],
        as_json: Annotated[bool, shared.json] = False,
    ) -> None:
        from kbsearch.evaluation.query_set import QuerySet
        from kbsearch.knowledge_base import KnowledgeBase
        from kbsearch.tuning.tuner import tune as fit

        query_set = QuerySet.read(queries)
        with console.progress() as progress:
            tuning = fit(KnowledgeBase.open(index), query_set, progress=progress)
        out.write_text(tuning.settings.to_toml(), encoding="utf-8")
        if tuning.kept:
            reason = console.text(f"tune.kept_{tuning.kept}", count=tuning.queries, fewest=FEWEST)
            typer.echo(reason, err=True)
        if as_json:
            console.json(tuning)
        else:
            _print_tuning(console, tuning, out)


def _print_tuning(console: Console, tuning: Tuning, out: Path) -> None:
    rows = [
        [console.text(f"eval.{leg}"), percent(value), interval(value)]
        for leg, value in tuning.legs.items()
    ]
    rows.append([console.text("tune.row"), percent(tuning.tuned), interval(tuning.tuned)])
    console.table([console.text("eval.system"), "hit@1", console.text("eval.interval")], rows)
    if tuning.tuned.count:
        console.say(
            "tune.adopted" if tuning.adopted else "tune.kept",
            queries=tuning.queries,
            p_value=tuning.p_value,
        )
    decision = tuning.settings.decision
    console.say(
        "tune.decision_kept" if tuning.kept else "tune.decision",
        answer=decision.answer,
        strict=decision.answer_strict,
        suggest=decision.suggest,
    )
    console.say("tune.next", path=out)
