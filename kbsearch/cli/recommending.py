"""Commands at an agent's desk: recommend, record; and eval-recommend, which measures them."""

from pathlib import Path
from typing import Annotated, TypeVar

import typer
from pydantic import TypeAdapter, ValidationError

from kbsearch.article import Audience
from kbsearch.cli.console import Console
from kbsearch.cli.options import Shared, parse_filters
from kbsearch.evaluation.recommending import TARGET, RecommendationEvaluation, Replay
from kbsearch.evaluation.significance import Estimate
from kbsearch.recommendation.conversation import Turn
from kbsearch.recommendation.customer import CustomerContext
from kbsearch.recommendation.emotion import Emotion, Lexicon
from kbsearch.recommendation.events import EVENTS_FILE, Action, Event, EventStore
from kbsearch.recommendation.recommender import Recommendation
from kbsearch.recommendation.slots import Reason, RecommendedArticle, Slot

_REASONS = 3  # shown for each article

_Form = TypeVar("_Form")


def register(app: typer.Typer, console: Console) -> None:
    """Adds the commands to `app`."""
    shared = Shared(console)
    _register_recommend(app, console, shared)
    _register_record(app, console, shared)
    _register_eval(app, console, shared)


def _register_recommend(app: typer.Typer, console: Console, shared: Shared) -> None:
    text_argument = typer.Argument(help=console.text("recommend.text"), metavar="[TEXT]")
    article_option = typer.Option("--article", help=console.text("recommend.article"))
    conversation_option = typer.Option(
        "--conversation", help=console.text("recommend.conversation"), metavar="FILE"
    )
    context_option = typer.Option(
        "--context", help=console.text("recommend.context"), metavar="FILE"
    )
    segment_option = typer.Option("--segment", help=console.text("recommend.segment"))
    product_option = typer.Option("--product", help=console.text("recommend.product"))
    emotion_option = typer.Option(
        "--emotion", help=console.text("recommend.emotion"), metavar="FILE"
    )
    events_option = typer.Option("--events", help=console.text("recommend.events"), metavar="FILE")
    no_events_option = typer.Option("--no-events", help=console.text("recommend.no_events"))

    @app.command(help=console.text("recommend.help"))
    def recommend(
        index: Annotated[Path, shared.index],
        text: Annotated[str | None, text_argument] = None,
        article: Annotated[str | None, article_option] = None,
        conversation: Annotated[Path | None, conversation_option] = None,
        context: Annotated[Path | None, context_option] = None,
        segment: Annotated[Audience | None, segment_option] = None,
        products: Annotated[list[str] | None, product_option] = None,
        filters: Annotated[list[str] | None, shared.filters] = None,
        emotion: Annotated[Path | None, emotion_option] = None,
        events: Annotated[Path | None, events_option] = None,
        no_events: Annotated[bool, no_events_option] = False,
        as_json: Annotated[bool, shared.json] = False,
    ) -> None:
        from kbsearch.knowledge_base import KnowledgeBase

        known = _read(console, context, CustomerContext) if context else CustomerContext()
        told = {"segment": segment, "products": tuple(products or ())}
        known = known.model_copy(update={name: value for name, value in told.items() if value})
        asked = [value for value in (text, article, conversation) if value is not None]
        if len(asked) > 1 or not (asked or known.model_fields_set):
            raise ValueError(console.text("recommend.one_input"))
        turns = _read(console, conversation, list[Turn]) if conversation else None
        knowledge_base = KnowledgeBase.open(index)
        if events:
            knowledge_base.events = EventStore(events)
        recommendation = knowledge_base.recommend(
            text,
            conversation=turns,
            article_id=article,
            context=known,
            filters=parse_filters(console, filters),
            lexicon=Lexicon.read(emotion) if emotion else None,
            use_events=not no_events,
        )
        if as_json:
            console.json(recommendation)
        else:
            _print_recommendation(console, recommendation)


def _register_record(app: typer.Typer, console: Console, shared: Shared) -> None:
    action_argument = typer.Argument(help=console.text("record.action"), metavar="ACTION")
    article_argument = typer.Argument(help=console.text("record.article"), metavar="ARTICLE")
    query_option = typer.Option("--query", help=console.text("record.query"))
    slot_option = typer.Option("--slot", help=console.text("record.slot"))
    rank_option = typer.Option("--rank", help=console.text("record.rank"), min=1)
    case_option = typer.Option("--case", help=console.text("record.case"))
    segment_option = typer.Option("--segment", help=console.text("recommend.segment"))
    events_option = typer.Option("--events", help=console.text("recommend.events"), metavar="FILE")

    @app.command(help=console.text("record.help"))
    def record(
        action: Annotated[Action, action_argument],
        article: Annotated[str, article_argument],
        index: Annotated[Path, shared.index],
        query: Annotated[str, query_option] = "",
        slot: Annotated[Slot | None, slot_option] = None,
        rank: Annotated[int, rank_option] = 1,
        case: Annotated[str, case_option] = "",
        segment: Annotated[Audience | None, segment_option] = None,
        events: Annotated[Path | None, events_option] = None,
    ) -> None:
        from kbsearch.knowledge_base import KnowledgeBase

        KnowledgeBase.open(index).article(article)
        path = events or index / EVENTS_FILE
        EventStore(path).record(
            Event(
                action=action,
                article_id=article,
                query=query,
                slot=slot,
                rank=rank,
                case_id=case,
                segment=segment,
            )
        )
        console.say("record.done", path=path)


def _register_eval(app: typer.Typer, console: Console, shared: Shared) -> None:
    files_argument = typer.Argument(help=console.text("recommend.eval_files"), metavar="FILE...")
    json_option = typer.Option("--json", help=console.text("recommend.eval_json"), metavar="FILE")
    report_option = typer.Option(
        "--report", help=console.text("recommend.eval_report"), metavar="FILE.html"
    )
    replay_option = typer.Option("--replay", help=console.text("recommend.eval_replay"))
    target_option = typer.Option(
        "--target", help=console.text("recommend.eval_target"), min=0, max=1
    )

    @app.command("eval-recommend", help=console.text("recommend.eval_help"))
    def evaluate_command(
        files: Annotated[list[Path], files_argument],
        index: Annotated[Path, shared.index],
        target: Annotated[float | None, target_option] = None,
        json_file: Annotated[Path | None, json_option] = None,
        report: Annotated[Path | None, report_option] = None,
        with_replay: Annotated[bool, replay_option] = False,
    ) -> None:
        from kbsearch.evaluation.recommending import (
            evaluate_recommendations,
            read_cases,
            replay,
        )
        from kbsearch.knowledge_base import KnowledgeBase

        cases = read_cases(files)
        knowledge_base = KnowledgeBase.open(index)
        evaluation = evaluate_recommendations(knowledge_base, cases)
        _print_evaluation(console, evaluation)
        if with_replay:
            _print_replay(console, replay(knowledge_base, cases))
        if json_file:
            json_file.write_text(console.json_text(evaluation) + "\n", encoding="utf-8")
        if report:
            from kbsearch.evaluation.report import render_recommendations

            titles = {article.id: article.title for article in knowledge_base.articles()}
            page = render_recommendations(evaluation, titles, console.lang)
            report.write_text(page, encoding="utf-8")
        if target is not None and evaluation.found.value < target:
            console.say("recommend.eval_missed", value=evaluation.found.value, wanted=target)
            raise typer.Exit(1)


def _read(console: Console, path: Path, form: type[_Form]) -> _Form:
    """What a JSON file holds."""
    try:
        return TypeAdapter(form).validate_json(path.read_bytes())
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in fault["loc"])
        reason = f"{where}: {fault['msg']}" if where else fault["msg"]
        raise ValueError(console.text("recommend.unreadable", path=path, reason=reason)) from error


def _print_recommendation(console: Console, recommendation: Recommendation) -> None:
    if recommendation.hand_over:
        console.line(typer.style(console.text("recommend.hand_over"), bold=True))
    if recommendation.emotion and recommendation.emotion.is_raised:
        console.say("recommend.sounds", **_feelings(recommendation.emotion))
    for slot, entries in recommendation.slots.items():
        if entries:
            console.say(f"slot.{slot}")
        for entry in entries:
            _print_entry(console, entry)
    if recommendation.first is None:
        console.say("search.no_hits")


def _feelings(emotion: Emotion) -> dict[str, object]:
    matched = dict.fromkeys(match.phrase for match in emotion.matches if match.weight)
    return {
        "anger": emotion.anger,
        "anxiety": emotion.anxiety,
        "urgency": emotion.urgency,
        "words": " ".join(matched),
    }


def _print_entry(console: Console, entry: RecommendedArticle) -> None:
    title = typer.style(entry.title, bold=True)
    console.say("recommend.entry", title=title, kind=entry.kind, id=entry.article_id)
    speaking = [reason for reason in entry.reasons if reason.weight > 0][:_REASONS]
    sentences = [_sentence(console, entry, reason) for reason in speaking]
    if sentences:
        console.say("recommend.because", reasons=console.text("recommend.and").join(sentences))


def _sentence(console: Console, entry: RecommendedArticle, reason: Reason) -> str:
    return console.text(
        f"recommend.reason_{reason.kind}",
        weight=reason.weight,
        via=reason.via,
        relation=reason.relation or "",
        confidence=entry.confidence or 0.0,
    )


def _print_evaluation(console: Console, evaluation: RecommendationEvaluation) -> None:
    console.say("recommend.eval_heading", count=len(evaluation.outcomes))
    figures = {
        "first": evaluation.first,
        "found": evaluation.found,
        "reached": evaluation.reached,
        "right_shown": evaluation.right,
        "quiet": evaluation.quiet,
    }
    for name, estimate in figures.items():
        value = console.text(f"recommend.eval_{name}", value=_percent(estimate), target=TARGET)
        console.line(value)
    console.line()
    measures = ("precision@1", "recall@3", "found@3")
    rows = [
        [console.text(f"slot.{slot}"), *map(_percent, (f.precision, f.recall, f.found))]
        for slot, f in evaluation.slots.items()
    ]
    console.table([console.text("recommend.eval_slot"), *measures], rows)
    console.line()
    for by in (evaluation.by_type, evaluation.by_industry):
        rows = [[name, _percent(first), _percent(found)] for name, (first, found) in by.items()]
        headings = [console.text(f"recommend.eval_{key}") for key in ("slice", "right", "share")]
        console.table(headings, rows)
        console.line()


def _print_replay(console: Console, replayed: Replay) -> None:
    console.say("recommend.replay_heading", events=replayed.events)
    for name, (before, after) in (
        ("seen", replayed.seen),
        ("unseen", replayed.unseen),
    ):
        console.say(
            f"recommend.replay_{name}",
            before=before.first.value,
            after=after.first.value,
            before_found=before.found.value,
            after_found=after.found.value,
            count=len(after.outcomes),
        )


def _percent(estimate: Estimate) -> str:
    if not estimate.count:
        return "—"
    interval = f"{estimate.low:.0%}–{estimate.high:.0%}"
    return f"{estimate.value:.1%} ({interval}, {estimate.count})"
