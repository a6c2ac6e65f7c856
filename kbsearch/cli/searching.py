"""The command that asks: search."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kbsearch.cli.console import Console
from kbsearch.cli.options import Shared, parse_filters
from kbsearch.retrieval.response import (
    Clarification,
    Explanation,
    Handover,
    Highlight,
    Hit,
    SearchResponse,
)

if TYPE_CHECKING:
    from kbsearch.knowledge_base import KnowledgeBase


def register(app: typer.Typer, console: Console) -> None:
    """Adds the commands to `app`."""
    shared = Shared(console)
    _register_search(app, console, shared)


def _register_search(app: typer.Typer, console: Console, shared: Shared) -> None:
    text_argument = typer.Argument(help=console.text("search.text"), metavar="TEXT")
    top_option = typer.Option("--top", help=console.text("option_top"), min=1)
    context_option = typer.Option("--context", help=console.text("option_context"))
    explain_option = typer.Option("--explain", help=console.text("option_explain"))

    @app.command(help=console.text("search.help"))
    def search(
        text: Annotated[str, text_argument],
        index: Annotated[Path, shared.index],
        top: Annotated[int, top_option] = 5,
        filters: Annotated[list[str] | None, shared.filters] = None,
        context: Annotated[list[str] | None, context_option] = None,
        explain: Annotated[bool, explain_option] = False,
        as_json: Annotated[bool, shared.json] = False,
    ) -> None:
        from kbsearch.knowledge_base import KnowledgeBase

        knowledge_base = KnowledgeBase.open(index)
        response = knowledge_base.search(
            text,
            top_k=top,
            filters=parse_filters(console, filters),
            context=context or (),
            explain=explain,
        )
        if as_json:
            console.json(response)
        else:
            _print_response(console, response)
            if explain:
                _print_ranking(console, response.hits, _weights(knowledge_base))


def _print_response(console: Console, response: SearchResponse) -> None:
    if not response.hits:
        console.say("search.no_hits")
    for rank, hit in enumerate(response.hits, start=1):
        _print_hit(console, rank, hit)
    if response.unknown_codes:
        console.say("search.unknown_codes", codes="、".join(response.unknown_codes))
    if response.truncated:
        from kbsearch.retrieval.query import MAX_CHARACTERS

        console.say("search.truncated", most=MAX_CHARACTERS)
    if response.clarify:
        _print_clarification(console, response.clarify)
    if response.handover:
        _print_handover(console, response.handover)
    console.say(
        "search.footer",
        decision=console.text(f"decision.{response.decision}"),
        snapshot=response.snapshot_id,
        took=response.took_ms,
    )


def _print_hit(console: Console, rank: int, hit: Hit) -> None:
    console.say(
        "search.hit",
        rank=rank,
        title=typer.style(hit.title, bold=True),
        kind=hit.kind,
        score=hit.score,
        confidence=hit.confidence,
    )
    if hit.pinned:
        console.say("search.pinned")
    if hit.matched_question != hit.title:
        console.say("search.matched", question=hit.matched_question)
    for highlight in hit.highlights:
        console.line(f"   {highlight.field}: {_marked(highlight)}")
    if hit.explanation:
        console.say("search.legs", **_legs(hit.explanation))
        if hit.explanation.reranked is not None:
            console.say("search.reranked", score=hit.explanation.reranked)


_SHOWN = 0.0005  # of a score, whose digits end there


def _weights(knowledge_base: "KnowledgeBase") -> dict[str, float]:
    """What each feature of the ranking counts here."""
    from kbsearch.retrieval.features import Features
    from kbsearch.retrieval.fusion import feature_weights

    with_questions = knowledge_base.searcher.index.vectors.with_questions
    weights = feature_weights(knowledge_base.settings.ranking, with_questions)
    return dict(zip(Features._fields, weights.tolist(), strict=True))


def _print_ranking(console: Console, hits: Sequence[Hit], weights: Mapping[str, float]) -> None:
    """A table of features: weight, and for each hit its value and what that adds to the score."""
    explained = [
        (rank, hit.score, hit.explanation)
        for rank, hit in enumerate(hits, start=1)
        if hit.explanation
    ]
    if not explained:
        return
    corrections = dict.fromkeys(c for *_, explanation in explained for c in explanation.corrections)
    for typed, term in corrections:
        console.say("search.correction", typed=typed, term=term)
    rows = [
        [
            console.text(f"search.feature_{name}"),
            f"{weight:.3f}",
            *(
                f"{explanation.ranking[name]:.2f} → {weight * explanation.ranking[name]:.3f}"
                for *_, explanation in explained
            ),
        ]
        for name, weight in weights.items()
    ]
    # What a nearly verbatim question adds to that (`kbsearch.retrieval.fusion.weigh`).
    rises = [
        max(score - sum(weights[name] * value for name, value in explanation.ranking.items()), 0.0)
        for _, score, explanation in explained
    ]
    if any(rise >= _SHOWN for rise in rises):
        added = [f"→ {rise:.3f}" for rise in rises]
        rows.append([console.text("search.nearly_verbatim"), "", *added])
    headings = [console.text(f"search.{key}") for key in ("feature", "weight")]
    console.table([*headings, *(f"{rank}." for rank, *_ in explained)], rows)


def _print_clarification(console: Console, clarify: Clarification) -> None:
    facet = console.text(f"search.facet_{clarify.facet}")
    console.say("search.ask", facet=facet, values=" / ".join(clarify.values))
    for value, articles in clarify.articles.items():
        console.say("search.leads_to", value=value, articles=", ".join(articles))


def _print_handover(console: Console, handover: Handover) -> None:
    """Why a person has to take over, and what he needs; the hits stand above."""
    console.say("search.declined", reason=console.text(f"search.declined_{handover.reason}"))
    for turn in handover.context:
        console.say("search.earlier", turn=turn)
    if handover.unknown_terms:
        console.say("search.unknown", terms=" ".join(handover.unknown_terms))
    for nearest in handover.nearest:
        console.say(
            "search.nearest",
            title=nearest.title,
            id=nearest.article_id,
            confidence=nearest.confidence,
        )


def _marked(highlight: Highlight) -> str:
    """The piece on one line, its matches between 【】."""
    pieces, end = [], 0
    for span in highlight.spans:
        pieces += [
            highlight.text[end : span.start],
            "【",
            highlight.text[span.start : span.end],
            "】",
        ]
        end = span.end
    return " ".join("".join([*pieces, highlight.text[end:]]).split())


def _legs(explanation: Explanation) -> dict[str, object]:
    return {
        "bm25": explanation.bm25.score,
        "bm25_rank": explanation.bm25.rank or "—",
        "dense": explanation.dense.score,
        "dense_rank": explanation.dense.rank or "—",
        "matched": " ".join(explanation.matched_terms) or "—",
        "missing": " ".join(explanation.missing_terms) or "—",
        "synonyms": " ".join(explanation.synonyms) or "—",
    }
