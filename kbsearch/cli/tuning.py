"""The command of those who have judgments: tune."""

from pathlib import Path
from typing import Annotated

import typer

from kbsearch.cli.console import Console
from kbsearch.cli.options import Shared
from kbsearch.tuning.tuner import Tuning


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
        if as_json:
            console.json(tuning)
        else:
            _print_tuning(console, tuning, out)


def _print_tuning(console: Console, tuning: Tuning, out: Path) -> None:
    rows = [
        [console.text(f"eval.{leg}"), f"{value.value:.1%}", f"{value.low:.1%}–{value.high:.1%}"]
        for leg, value in tuning.legs.items()
    ]
    tuned = tuning.tuned
    rows.append(
        [console.text("tune.row"), f"{tuned.value:.1%}", f"{tuned.low:.1%}–{tuned.high:.1%}"]
    )
    console.table([console.text("eval.system"), "hit@1", console.text("eval.interval")], rows)
    console.say(
        "tune.adopted" if tuning.adopted else "tune.kept",
        queries=tuning.queries,
        p_value=tuning.p_value,
    )
    decision = tuning.settings.decision
    console.say(
        "tune.decision",
        answer=decision.answer,
        strict=decision.answer_strict,
        suggest=decision.suggest,
    )
    console.say("tune.next", path=out)
