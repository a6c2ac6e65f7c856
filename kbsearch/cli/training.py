"""Commands of those who look after the models: train."""

from pathlib import Path
from typing import Annotated

import typer

from kbsearch.cli.console import Console
from kbsearch.cli.options import Shared


def register(app: typer.Typer, console: Console) -> None:
    """Adds the commands to `app`."""
    _register_train(app, console, Shared(console))


def _register_train(app: typer.Typer, console: Console, shared: Shared) -> None:
    out_option = typer.Option("--out", help=console.text("train.out"), metavar="DIR")
    clicks_option = typer.Option("--clicks", help=console.text("train.clicks"), metavar="FILE")
    model_option = typer.Option("--model", help=console.text("train.model"))
    epochs_option = typer.Option("--epochs", help=console.text("train.epochs"), min=1)
    hold_out_option = typer.Option(
        "--hold-out", help=console.text("train.hold_out"), max=0.9, min=0
    )
    seed_option = typer.Option("--seed", help=console.text("train.seed"))
    work_option = typer.Option("--work", help=console.text("train.work"), metavar="DIR")

    @app.command(help=console.text("train.help"))
    def train(
        sources: Annotated[list[Path], shared.sources],
        out: Annotated[Path, out_option],
        clicks: Annotated[Path | None, clicks_option] = None,
        model: Annotated[str, model_option] = "bundled",
        epochs: Annotated[int | None, epochs_option] = None,
        hold_out: Annotated[float, hold_out_option] = 0.1,
        seed: Annotated[int, seed_option] = 0,
        work: Annotated[Path | None, work_option] = None,
        as_json: Annotated[bool, shared.json] = False,
    ) -> None:
        from kbsearch.indexer.given import read_articles
        from kbsearch.training.finetuning import fine_tune, read_clicks

        articles = read_articles(sources)
        asked = read_clicks(clicks, [article.id for article in articles]) if clicks else {}
        done = fine_tune(
            articles,
            asked,
            model,
            out,
            epochs=epochs,
            hold_out=hold_out,
            seed=seed,
            work=work,
        )
        if as_json:
            console.json({**done._asdict(), "folder": str(out)})
            return
        console.say("train.done", articles=done.articles, queries=done.queries, folder=out)
        if done.before is None or done.after is None:
            console.say("train.not_measured")
        else:
            console.say(
                "train.measured", before=done.before, after=done.after, queries=done.held_out
            )
        console.say("train.next", folder=out)
