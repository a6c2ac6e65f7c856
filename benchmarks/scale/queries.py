"""What is asked: judged queries of the dev sets, and questions of the corpus with words dropped."""

import random
from collections.abc import Iterable
from typing import NamedTuple

from benchmarks.scale.corpus import INDUSTRIES, ROOT, scoped
from kbsearch.analysis.analyzer import Analyzer
from kbsearch.article import Article
from kbsearch.evaluation.query_set import QuerySet

_SEED = 8


class Asked(NamedTuple):
    """A query.

    Attributes:
        text: What is asked.
        answers: The articles that answer it.
        judged: Whether people wrote it and judged the articles; else it is a question of the only
            article in `answers`, short of a word.
    """

    text: str
    answers: frozenset[str]
    judged: bool


def queries(
    articles: Iterable[Article], analyzer: Analyzer, *, judged: int, dropped: int
) -> list[Asked]:
    """`judged` queries of the dev sets and `dropped` questions short of a word, shuffled."""
    generator = random.Random(_SEED)
    asked = generator.sample(_judged(), judged)
    questions = [(text, article.id) for article in articles for text in article.questions]
    for text, article_id in generator.sample(questions, dropped):
        short = _short_of_a_word(text, analyzer, generator)
        asked.append(Asked(short, frozenset([article_id]), judged=False))
    generator.shuffle(asked)
    return asked


def _judged() -> list[Asked]:
    """The answerable dev queries of one turn and without filters."""
    read = QuerySet.read([ROOT / "eval" / industry / "dev.jsonl" for industry in INDUSTRIES])
    return [
        Asked(query.text, frozenset(scoped(query.industry, i) for i in query.answers), judged=True)
        for query in read.answerable
        if not query.context and not query.filters
    ]


def _short_of_a_word(text: str, analyzer: Analyzer, generator: random.Random) -> str:
    tokens = analyzer.tokens(text)
    if len(tokens) < 3:
        return text
    token = generator.choice(tokens)
    return text[: token.start] + text[token.end :]
