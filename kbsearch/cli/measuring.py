"""The command that measures: eval."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from kbsearch.cli.console import Console
from kbsearch.cli.figures import accuracy, print_figures, print_heading
from kbsearch.cli.findings import print_findings
from kbsearch.cli.gating import print_failed, print_verdicts
from kbsearch.cli.options import Shared
from kbsearch.evaluation.formats.beir import read_articles
from kbsearch.evaluation.formats.registry import Format, read_query_set, recognise
from kbsearch.evaluation.gate import Verdict
from kbsearch.evaluation.history import Entry
from kbsearch.evaluation.query_set import QuerySet
from kbsearch.evaluation.result import Evaluation

if TYPE_CHECKING:
    from kbsearch.knowledge_base import KnowledgeBase


def register(app: typer.Typer, console: Console) -> None:
    """Adds the commands to `app`."""
    shared = Shared(console)
    queries_argument = typer.Argument(help=console.text("argument_queries"), metavar="QUERIES...")
    target_option = typer.Option("--target", help=console.text("eval.target"), min=0, max=1)
    point_option = typer.Option("--point", help=console.text("eval.point"))
    slice_option = typer.Option("--min-slice", help=console.text("eval.min_slice"), min=0, max=1)
    drop_option = typer.Option("--max-drop", help=console.text("eval.max_drop"), min=0, max=1)
    baseline_option = typer.Option(
        "--baseline", help=console.text("eval.baseline"), metavar="FILE.json"
    )
    json_option = typer.Option(
        "--json", "--save", help=console.text("eval.json_file"), metavar="FILE"
    )
    report_option = typer.Option("--report", help=console.text("eval.report"), metavar="FILE.html")
    misses_option = typer.Option("--misses", help=console.text("eval.misses"))
    slices_option = typer.Option("--slices", help=console.text("eval.slices"))
    history_option = typer.Option("--history", help=console.text("eval.history"), metavar="FILE")
    note_option = typer.Option("--note", help=console.text("eval.note"), metavar="TEXT")
    runs_option = typer.Option("--runs", help=console.text("eval.runs"), metavar="DIR")
    from_option = typer.Option("--from", help=console.text("convert.from"))
    topics_option = typer.Option("--topics", help=console.text("convert.topics"), metavar="FILE")

    @app.command("eval", help=console.text("eval.help"))
    def evaluate_command(
        queries: Annotated[list[Path], queries_argument],
        index: Annotated[Path | None, shared.index] = None,
        target: Annotated[float | None, target_option] = None,
        point: Annotated[bool, point_option] = False,
        min_slice: Annotated[float | None, slice_option] = None,
        max_drop: Annotated[float | None, drop_option] = None,
        baseline: Annotated[Path | None, baseline_option] = None,
        json_file: Annotated[Path | None, json_option] = None,
        report: Annotated[Path | None, report_option] = None,
        misses: Annotated[bool, misses_option] = False,
        slices: Annotated[bool, slices_option] = False,
        history: Annotated[Path | None, history_option] = None,
        note: Annotated[str, note_option] = "",
        runs: Annotated[Path | None, runs_option] = None,
        source: Annotated[Format | None, from_option] = None,
        topics: Annotated[Path | None, topics_option] = None,
    ) -> None:
        from kbsearch.evaluation.experiment import evaluate
        from kbsearch.evaluation.formats.runs import write_runs
        from kbsearch.evaluation.gate import check

        if max_drop is not None and not (baseline or history):
            raise ValueError(console.text("eval.baseline_needed"))
        _check_outputs(console, (json_file, report, history), history)
        query_set = read_query_set(queries, source, topics=topics)
        earlier = Evaluation.read(baseline) if baseline else None
        with console.progress() as progress, TemporaryDirectory() as work:
            knowledge_base = _opened(console, index, queries, source, Path(work), progress)
            _check_belongs(console, knowledge_base, query_set)
            evaluation = evaluate(knowledge_base, query_set, progress=progress)
        against = earlier or _baseline(history, evaluation)
        verdicts = check(
            evaluation,
            target=target,
            point=point,
            min_slice=min_slice,
            max_drop=max_drop if against else None,
            baseline=against,
        )
        failed = [verdict for verdict in verdicts if not verdict.met]
        to_screen = json_file == Path("-")
        if json_file and not to_screen:
            json_file.write_text(evaluation.to_json() + "\n", encoding="utf-8")
        if to_screen:
            console.line(evaluation.to_json())
        else:
            _print_evaluation(console, evaluation, verdicts, misses=misses, slices=slices)
        if max_drop is not None and not against:
            _notice(console.text("eval.no_baseline"), to_screen)
        if history:
            entry = Entry.of(evaluation, note=note, failed=_checks(failed))
            _notice(_recorded(console, history, entry), to_screen)
        if report:
            _write_report(report, evaluation, history, console)
        if runs:
            write_runs(evaluation, runs)
        print_failed(console, failed, beside_json=to_screen)
        raise typer.Exit(1 if failed else 0)


def _opened(
    console: Console,
    index: Path | None,
    queries: Sequence[Path],
    source: Format | None,
    work: Path,
    progress: Callable[[str, int, int], None],
) -> "KnowledgeBase":
    """The index to measure; a BEIR folder brings its own articles."""
    from kbsearch.knowledge_base import KnowledgeBase

    if index:
        return KnowledgeBase.open(index)
    if (source or recognise(queries[0])) is not Format.BEIR:
        raise ValueError(console.text("eval.index_needed"))
    return KnowledgeBase.build(read_articles(queries[0]), work / "index", progress=progress)


def _check_outputs(console: Console, paths: Iterable[Path | None], history: Path | None) -> None:
    """Raises an error before the work, not after it, for what could not be written."""
    from kbsearch.evaluation.history import read

    for path in filter(None, paths):
        if not path.absolute().parent.is_dir():
            raise ValueError(console.text("eval.no_folder", path=path))
    if history:
        read(history)  # a damaged line


def _check_belongs(console: Console, knowledge_base: "KnowledgeBase", query_set: QuerySet) -> None:
    """Raises ValueError if most articles that the queries ask for are not in the index."""
    row = knowledge_base.searcher.index.store.row
    judged = {article for query in query_set.answerable for article in query.answers}
    missing = sum(row(article) is None for article in judged)
    if missing > len(judged) / 2:
        raise ValueError(console.text("eval.foreign", missing=missing, judged=len(judged)))


def _write_report(
    path: Path, evaluation: Evaluation, history: Path | None, console: Console
) -> None:
    """The HTML report, with the trend if there is a history."""
    from kbsearch.evaluation.history import read
    from kbsearch.evaluation.report import render

    entries = read(history) if history else ()
    path.write_text(render(evaluation, console.lang, entries), encoding="utf-8")


def _baseline(history: Path | None, evaluation: Evaluation) -> Entry | None:
    """The run of the history to hold an evaluation against."""
    from kbsearch.evaluation.history import baseline, read

    return baseline(read(history), evaluation.measured) if history else None


def _notice(text: str, beside_json: bool) -> None:
    """One line; on stderr if stdout is one JSON document."""
    typer.echo(text, err=beside_json)


def _checks(verdicts: Iterable[Verdict]) -> list[str]:
    """The kinds of check, each once."""
    return sorted({str(verdict.check) for verdict in verdicts})


def _recorded(console: Console, history: Path, entry: Entry) -> str:
    """Adds the run to the history, and says whether it was."""
    from kbsearch.evaluation.history import append

    key = "recorded" if append(history, entry) else "recorded_before"
    return console.text(f"eval.{key}", path=history)


def _print_evaluation(
    console: Console,
    evaluation: Evaluation,
    verdicts: Iterable[Verdict],
    *,
    misses: bool,
    slices: bool,
) -> None:
    print_heading(console, evaluation)
    console.line(typer.style(accuracy(console, evaluation.accuracy), bold=True))
    print_verdicts(console, verdicts)
    if evaluation.unknown_articles:
        console.say("eval.unknown", ids=", ".join(evaluation.unknown_articles))
    console.line()
    print_figures(console, evaluation, every_slice=slices)
    console.line()
    print_findings(console, evaluation, each_miss=misses)
