"""Commands of QA: evaluate, compare."""

from pathlib import Path
from typing import Annotated

import typer

from kbsearch.cli.console import Console
from kbsearch.cli.options import Shared, split_snapshot
from kbsearch.evaluation.comparison import Comparison
from kbsearch.evaluation.experiment import Evaluation


def register(app: typer.Typer, console: Console) -> None:
    """Adds the commands to `app`."""
    shared = Shared(console)
    _register_eval(app, console, shared)
    _register_compare(app, console, shared)


def _register_eval(app: typer.Typer, console: Console, shared: Shared) -> None:
    queries_argument = typer.Argument(help=console.text("argument_queries"), metavar="QUERIES...")
    target_option = typer.Option("--target", help=console.text("eval.target"), min=0, max=1)
    point_option = typer.Option("--point", help=console.text("eval.point"))
    json_option = typer.Option("--json", help=console.text("eval.json_file"), metavar="FILE")
    report_option = typer.Option("--report", help=console.text("eval.report"), metavar="FILE.html")
    misses_option = typer.Option("--misses", help=console.text("eval.misses"))

    @app.command("eval", help=console.text("eval.help"))
    def evaluate_command(
        queries: Annotated[list[Path], queries_argument],
        index: Annotated[Path, shared.index],
        target: Annotated[float | None, target_option] = None,
        point: Annotated[bool, point_option] = False,
        json_file: Annotated[Path | None, json_option] = None,
        report: Annotated[Path | None, report_option] = None,
        misses: Annotated[bool, misses_option] = False,
    ) -> None:
        from kbsearch.evaluation.experiment import evaluate
        from kbsearch.evaluation.query_set import QuerySet
        from kbsearch.evaluation.report import render
        from kbsearch.knowledge_base import KnowledgeBase

        query_set = QuerySet.read(queries)
        with console.progress() as progress:
            evaluation = evaluate(KnowledgeBase.open(index), query_set, progress=progress)
        if report:
            report.write_text(render(evaluation, console.lang), encoding="utf-8")
        to_screen = json_file == Path("-")
        if json_file and not to_screen:
            json_file.write_text(console.json_text(evaluation) + "\n", encoding="utf-8")
        if to_screen:
            console.json(evaluation)
        else:
            _print_evaluation(console, evaluation, misses)
        if target is None:
            return
        met = evaluation.meets(target, point=point)
        if not to_screen:
            _print_verdict(console, evaluation, target, point, met)
        raise typer.Exit(0 if met else 1)


def _register_compare(app: typer.Typer, console: Console, shared: Shared) -> None:
    before_argument = typer.Argument(help=console.text("compare.before"), metavar="BEFORE")
    after_argument = typer.Argument(help=console.text("compare.after"), metavar="AFTER")
    queries_option = typer.Option("--queries", help=console.text("compare.queries"))

    @app.command(help=console.text("compare.help"))
    def compare(
        before: Annotated[str, before_argument],
        after: Annotated[str, after_argument],
        queries: Annotated[list[Path], queries_option],
        as_json: Annotated[bool, shared.json] = False,
    ) -> None:
        from kbsearch.evaluation.comparison import compare as run
        from kbsearch.evaluation.query_set import QuerySet
        from kbsearch.knowledge_base import KnowledgeBase

        query_set = QuerySet.read(queries)
        sides = [split_snapshot(side) for side in (before, after)]
        opened = [KnowledgeBase.open(folder, snapshot_id=name) for folder, name in sides]
        comparison = run(opened[0], opened[1], query_set)
        if as_json:
            console.json(comparison)
        else:
            _print_comparison(console, comparison)


def _print_evaluation(console: Console, evaluation: Evaluation, misses: bool) -> None:
    console.say(
        "eval.heading",
        queries=evaluation.query_set,
        answerable=evaluation.answerable,
        unanswerable=evaluation.unanswerable,
        snapshot=evaluation.snapshot_id,
    )
    measures = list(evaluation.systems["hybrid"])
    headings = [console.text("eval.system"), *measures, f"hit@1 {console.text('eval.interval')}"]
    rows = [
        [
            console.text(f"eval.{system}"),
            *(f"{values[name].value:.1%}" for name in measures),
            f"{values['hit@1'].low:.1%}–{values['hit@1'].high:.1%}",
        ]
        for system, values in evaluation.systems.items()
    ]
    console.table(headings, rows)
    console.line()
    kinds = [console.text("eval.type"), console.text("eval.count"), "hit@1"]
    console.table(
        kinds, [[name, str(v.count), f"{v.value:.1%}"] for name, v in evaluation.types.items()]
    )
    console.line()
    declining = evaluation.declining
    console.say(
        "eval.declined",
        declined=declining.declined.value,
        not_answered=declining.not_answered.value,
        wrongly=declining.wrongly_declined.value,
        right=declining.right_when_answered.value,
    )
    console.say("eval.latency", **evaluation.latency_ms)
    if evaluation.unknown_articles:
        console.say("eval.unknown", ids=", ".join(evaluation.unknown_articles))
    for miss in evaluation.misses if misses else ():
        console.say(
            "eval.miss",
            id=miss.query_id,
            type=miss.type,
            text=miss.text,
            relevant=" ".join(miss.relevant),
            found=" ".join(miss.rankings["hybrid"]),
        )


def _print_verdict(
    console: Console, evaluation: Evaluation, target: float, point: bool, met: bool
) -> None:
    accuracy = evaluation.accuracy
    console.say(
        "eval.met" if met else "eval.missed",
        value=accuracy.value,
        low=accuracy.low,
        high=accuracy.high,
        target=target,
        basis=console.text("eval.basis_point" if point else "eval.basis_low"),
    )


def _print_comparison(console: Console, comparison: Comparison) -> None:
    headings = ("measure", "before_column", "after_column", "p_value")
    rows = [
        [
            name,
            f"{comparison.before[name].value:.1%}",
            f"{comparison.after[name].value:.1%}",
            f"{p_value:.3f}",
        ]
        for name, p_value in comparison.p_values.items()
    ]
    console.table([console.text(f"compare.{heading}") for heading in headings], rows)
    for key, changes in (("wins", comparison.wins), ("losses", comparison.losses)):
        console.say(f"compare.{key}", count=len(changes))
        for change in changes:
            console.say(
                "compare.change",
                id=change.query_id,
                text=change.text,
                before=" ".join(change.before),
                after=" ".join(change.after),
            )
