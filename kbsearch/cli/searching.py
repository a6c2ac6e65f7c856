"""Commands that ask: search, recommend."""

from pathlib import Path
from typing import Annotated

import typer

from kbsearch.article import Audience
from kbsearch.cli.console import Console
from kbsearch.cli.options import Shared, parse_filters
from kbsearch.recommendation.recommender import Recommendation
from kbsearch.retrieval.response import Explanation, Highlight, SearchResponse


def register(app: typer.Typer, console: Console) -> None:
    """Adds the commands to `app`."""
    shared = Shared(console)
    _register_search(app, console, shared)
    _register_recommend(app, console, shared)


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

        response = KnowledgeBase.open(index).search(
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


def _register_recommend(app: typer.Typer, console: Console, shared: Shared) -> None:
    text_argument = typer.Argument(help=console.text("recommend.text"), metavar="[TEXT]")
    article_option = typer.Option("--article", help=console.text("recommend.article"))
    segment_option = typer.Option("--segment", help=console.text("recommend.segment"))
    product_option = typer.Option("--product", help=console.text("recommend.product"))

    @app.command(help=console.text("recommend.help"))
    def recommend(
        index: Annotated[Path, shared.index],
        text: Annotated[str | None, text_argument] = None,
        article: Annotated[str | None, article_option] = None,
        segment: Annotated[Audience | None, segment_option] = None,
        products: Annotated[list[str] | None, product_option] = None,
        filters: Annotated[list[str] | None, shared.filters] = None,
        as_json: Annotated[bool, shared.json] = False,
    ) -> None:
        from kbsearch.knowledge_base import KnowledgeBase

        if (text is None) == (article is None):
            raise ValueError(console.text("recommend.one_input"))
        recommendation = KnowledgeBase.open(index).recommend(
            text,
            article_id=article,
            context={"segment": segment, "products": products or ()},
            filters=parse_filters(console, filters),
        )
        if as_json:
            console.json(recommendation)
        else:
            _print_recommendation(console, recommendation)


def _print_response(console: Console, response: SearchResponse) -> None:
    if not response.hits:
        console.say("search.no_hits")
    for rank, hit in enumerate(response.hits, start=1):
        console.say(
            "search.hit",
            rank=rank,
            title=typer.style(hit.title, bold=True),
            kind=hit.kind,
            score=hit.score,
            confidence=hit.confidence,
        )
        if hit.matched_question != hit.title:
            console.say("search.matched", question=hit.matched_question)
        for highlight in hit.highlights:
            console.line(f"   {highlight.field}: {_marked(highlight)}")
        if hit.explanation:
            console.say("search.legs", **_legs(hit.explanation))
    if response.clarify:
        values = " / ".join(response.clarify.values)
        console.say("search.ask", facet=response.clarify.facet, values=values)
    console.say(
        "search.footer",
        decision=console.text(f"decision.{response.decision}"),
        snapshot=response.snapshot_id,
        took=response.took_ms,
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


def _print_recommendation(console: Console, recommendation: Recommendation) -> None:
    for slot, entries in recommendation.slots.items():
        if not entries:
            continue
        console.say(f"slot.{slot}")
        for entry in entries:
            if entry.relation:
                console.say(
                    "recommend.via",
                    title=entry.title,
                    kind=entry.kind,
                    via=entry.via,
                    relation=entry.relation,
                )
            else:
                console.say(
                    "recommend.found",
                    title=entry.title,
                    kind=entry.kind,
                    confidence=entry.confidence,
                )
    if not any(recommendation.slots.values()):
        console.say("search.no_hits")
