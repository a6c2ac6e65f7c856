"""The command that changes the form of query sets: convert."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from kbsearch.article import Article
from kbsearch.cli.console import Console
from kbsearch.evaluation.formats.beir import read_articles
from kbsearch.evaluation.formats.registry import (
    Format,
    losses,
    read_query_set,
    write_query_set,
)


def register(app: typer.Typer, console: Console) -> None:
    """Adds the command to `app`."""
    queries_argument = typer.Argument(help=console.text("convert.queries"), metavar="QUERIES...")
    to_option = typer.Option("--to", help=console.text("convert.to"))
    out_option = typer.Option("--out", help=console.text("convert.out"), metavar="PATH")
    topics_option = typer.Option("--topics", help=console.text("convert.topics"), metavar="FILE")
    from_option = typer.Option("--from", help=console.text("convert.from"))
    index_option = typer.Option("--index", help=console.text("convert.index"), metavar="DIR")
    name_option = typer.Option("--index-name", help=console.text("convert.index_name"))
    articles_option = typer.Option(
        "--articles", help=console.text("convert.articles"), metavar="FILE.jsonl"
    )

    @app.command(help=console.text("convert.help"))
    def convert(
        queries: Annotated[list[Path], queries_argument],
        to: Annotated[Format, to_option],
        out: Annotated[Path, out_option],
        topics: Annotated[Path | None, topics_option] = None,
        source: Annotated[Format | None, from_option] = None,
        index: Annotated[Path | None, index_option] = None,
        index_name: Annotated[str, name_option] = "kbsearch",
        articles: Annotated[Path | None, articles_option] = None,
    ) -> None:
        if to is Format.BEIR and index is None:
            raise ValueError(console.text("convert.index_needed"))
        query_set = read_query_set(queries, source, topics=topics)
        if articles:
            count = _write_articles(read_articles(queries[0]), articles)
            console.say("convert.articles_done", count=count, path=articles)
        corpus = _articles(index) if to is Format.BEIR and index else ()
        write_query_set(query_set, out, to, articles=corpus, index_name=index_name)
        console.say("convert.done", count=len(query_set.answerable), path=out)
        lost = losses(query_set, to)
        if lost:
            parts = [console.text(f"convert.lost_{name}", count=n) for name, n in lost.items()]
            line = console.text(
                "convert.lost", format=to, parts=console.text("convert.and").join(parts)
            )
            typer.echo(line, err=True)


def _articles(index: Path) -> Iterable[Article]:
    from kbsearch.knowledge_base import KnowledgeBase

    return KnowledgeBase.open(index).articles()


def _write_articles(articles: Iterable[Article], path: Path) -> int:
    """Writes one article a line, and tells how many."""
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for article in articles:
            file.write(article.model_dump_json(exclude_defaults=True) + "\n")
            count += 1
    return count
