"""The command that measures: eval."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from kbsearch.cli.console import Console
from kbsearch.cli.options import Shared, named
from kbsearch.evaluation.diagnosis import Miss
from kbsearch.evaluation.formats.beir import read_articles
from kbsearch.evaluation.formats.registry import Format, read_query_set, recognise
from kbsearch.evaluation.gate import Check, Verdict
from kbsearch.evaluation.history import Entry
from kbsearch.evaluation.query_set import QuerySet
from kbsearch.evaluation.result import Evaluation
from kbsearch.evaluation.significance import Estimate
from kbsearch.retrieval.candidates import Leg

if TYPE_CHECKING:
    from kbsearch.knowledge_base import KnowledgeBase

_FOUND = 3  # articles listed for a miss
_SUGGESTED = 5
_IDS = 3  # queries named for a suggestion


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
        _print_failed(console, failed, to_screen)
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


def _print_failed(console: Console, failed: Sequence[Verdict], beside_json: bool) -> None:
    """That checks failed; which, stands above, but nowhere in the JSON document."""
    if beside_json:
        for verdict in failed:
            console.error(_sentence(console, verdict))
    elif failed:
        console.say("eval.failed", count=len(failed))


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
    console.say(
        "eval.heading",
        queries=evaluation.query_set,
        answerable=evaluation.answerable,
        unanswerable=evaluation.unanswerable,
        snapshot=evaluation.measured.snapshot_id,
    )
    console.line(typer.style(_accuracy(console, evaluation.accuracy), bold=True))
    _print_verdicts(console, verdicts)
    if evaluation.unknown_articles:
        console.say("eval.unknown", ids=", ".join(evaluation.unknown_articles))
    console.line()
    _print_systems(console, evaluation)
    _print_slices(console, evaluation, every=slices)
    declining = evaluation.declining
    console.say(
        "eval.declined",
        declined=declining.declined.value,
        not_answered=declining.not_answered.value,
        wrongly=declining.wrongly_declined.value,
        right=declining.right_when_answered.value,
    )
    if evaluation.pinned:
        console.say("eval.pinned", count=evaluation.pinned)
    console.say("eval.calibration", error=evaluation.calibration_error)
    console.say("eval.latency", **evaluation.latency_ms)
    console.line()
    _print_diagnosis(console, evaluation)
    if misses:
        _print_misses(console, evaluation)
    _print_suggestions(console, evaluation)
    if evaluation.misses:
        console.say("eval.more")


def _accuracy(console: Console, accuracy: Estimate) -> str:
    return console.text(
        "eval.accuracy",
        value=accuracy.value,
        low=accuracy.low,
        high=accuracy.high,
        count=accuracy.count,
    )


def _print_systems(console: Console, evaluation: Evaluation) -> None:
    measures = list(evaluation.systems[Leg.FINAL])
    headings = [console.text("eval.system"), *measures, f"hit@1 {console.text('eval.interval')}"]
    rows = [
        [
            console.text(f"eval.{system}"),
            *(f"{values[name].value:.1%}" for name in measures),
            _interval(values["hit@1"]),
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
        headings = [f"eval.{key}" for key in (dimension, "count")]
        rows = [
            [name or "—", str(share.count), f"{share.value:.1%}", _interval(share)]
            for name, share in sorted(shares.items(), key=lambda pair: pair[1].value)
        ]
        interval = console.text("eval.interval")
        console.table([*(console.text(key) for key in headings), "hit@1", interval], rows)
        console.line()


def _interval(estimate: Estimate) -> str:
    return f"{estimate.low:.1%}–{estimate.high:.1%}"


def _print_diagnosis(console: Console, evaluation: Evaluation) -> None:
    if evaluation.misses:
        counts = Counter(miss.cause for miss in evaluation.misses)
        console.say(
            "eval.causes",
            count=counts.total(),
            causes=" · ".join(
                console.text(f"eval.count_{cause}", count=count)
                for cause, count in counts.most_common()
            ),
        )
    if evaluation.declined:
        console.say("eval.wrongly_declined", count=len(evaluation.declined))
    known = evaluation.known_failures
    if known.count:
        console.say(
            "eval.known",
            count=known.count,
            failing=len(known.still_failing),
            passing=len(known.now_passing),
            ids=", ".join(known.now_passing) or "—",
        )
    if evaluation.to_judge:
        console.say("eval.to_judge", count=len(evaluation.to_judge))


def _print_misses(console: Console, evaluation: Evaluation) -> None:
    outcomes = {outcome.id: outcome for outcome in evaluation.outcomes}

    def titles(articles: Iterable[str]) -> str:
        return " | ".join(named(article, evaluation.titles) for article in articles)

    listed: Sequence[Miss] = (*evaluation.misses, *evaluation.declined)
    for miss in listed:
        outcome = outcomes[miss.query_id]
        console.say(
            "eval.miss",
            id=miss.query_id,
            type=outcome.type,
            text=" / ".join((*outcome.context, outcome.text)),
            cause=console.text(f"eval.cause_{miss.cause}", **miss.params),
            relevant=titles(outcome.answers),
            found=titles(outcome.rankings[Leg.FINAL][:_FOUND]) or "—",
        )


def _print_suggestions(console: Console, evaluation: Evaluation) -> None:
    shown = evaluation.suggestions[:_SUGGESTED]
    if shown:
        console.say("eval.suggestions", count=len(evaluation.suggestions), shown=len(shown))
    for number, suggestion in enumerate(shown, start=1):
        ids = suggestion.query_ids
        console.say(
            "eval.suggestion",
            number=number,
            sentence=console.text(f"eval.remedy_{suggestion.remedy}", **suggestion.params),
            queries=len(ids),
            ids=", ".join(ids[:_IDS]) + (" …" if len(ids) > _IDS else ""),
        )


def _print_verdicts(console: Console, verdicts: Iterable[Verdict]) -> None:
    """One sentence for each check, but one for all slices that are good."""
    good = []
    for verdict in verdicts:
        if verdict.check is Check.SLICE and verdict.met:
            good.append(verdict)
        else:
            console.line(_sentence(console, verdict))
    if good:
        console.say("eval.gate_slice_met", count=len(good), wanted=good[0].wanted)


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
        value=estimate.value,
        low=estimate.low,
        high=estimate.high,
        count=estimate.count,
        wanted=verdict.wanted,
        figure=verdict.figure,
        change=-verdict.figure,
        basis=console.text("eval.basis_point" if verdict.point else "eval.basis_low"),
    )
