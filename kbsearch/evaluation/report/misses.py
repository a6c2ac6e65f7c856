"""Misses laid out for reading: rankings side by side, and what they share with the query."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest

from kbsearch.analysis.filters import normalize_with_offsets
from kbsearch.evaluation.diagnosis import Miss
from kbsearch.evaluation.outcome import Outcome
from kbsearch.evaluation.result import Evaluation
from kbsearch.retrieval.candidates import Leg

LEGS = (Leg.FINAL, Leg.BM25, Leg.DENSE, Leg.HYBRID)
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a title.

    Attributes:
        text: As the editor wrote it.
        matched: Whether it stands in the query, too.
    """

    text: str
    matched: bool


@dataclass(frozen=True, slots=True)
class Place:
    """An article in a ranking, or among the wanted ones.

    Attributes:
        article_id: The article.
        title: Its title in pieces; the id, if the snapshot does not have it.
        wanted: Whether it answers the query.
    """

    article_id: str
    title: tuple[Piece, ...]
    wanted: bool


@dataclass(frozen=True, slots=True)
class MissView:
    """A miss with all that is shown of it.

    Attributes:
        miss: The miss.
        outcome: Its query.
        wanted: The articles that answer it, best first.
        rows: The first 5 places: for each of `LEGS` the article, None where the ranking ended.
    """

    miss: Miss
    outcome: Outcome
    wanted: tuple[Place, ...]
    rows: tuple[tuple[Place | None, ...], ...]


def lay_out(evaluation: Evaluation) -> tuple[MissView, ...]:
    """Each miss, then each query that is declined though its first article is right."""
    outcomes = {outcome.id: outcome for outcome in evaluation.outcomes}
    return tuple(
        _view(miss, outcomes[miss.query_id], evaluation.titles)
        for miss in (*evaluation.misses, *evaluation.declined)
    )


def pieces(title: str, queries: Sequence[str]) -> tuple[Piece, ...]:
    """A title, cut where what it has in common with the queries begins and ends.

    Common are pairs of characters in a row, in the normal form of both:

    >>> pieces("手表充不上电", ["我的手錶沒電"])
    (Piece(text='手表', matched=True), Piece(text='充不上电', matched=False))
    """
    asked = set().union(*(_pairs(normalize_with_offsets(query).text) for query in queries))
    normal = normalize_with_offsets(title)
    marked = [False] * len(title)
    for place, pair in enumerate(pairwise(normal.text)):
        if "".join(pair) in asked:
            for at in range(normal.starts[place], normal.ends[place + 1]):
                marked[at] = True
    cuts = [at for at in range(1, len(title)) if marked[at] != marked[at - 1]]
    bounds = pairwise([0, *cuts, len(title)])
    return tuple(Piece(title[begin:end], marked[begin]) for begin, end in bounds if end)


def _pairs(text: str) -> set[str]:
    """Each two letters, digits or Chinese characters in a row."""
    return {"".join(pair) for pair in pairwise(text) if all(each.isalnum() for each in pair)}


def _view(miss: Miss, outcome: Outcome, titles: Mapping[str, str]) -> MissView:
    asked = (*outcome.context, outcome.text)

    def place(article: str | None) -> Place | None:
        if article is None:
            return None
        title = pieces(titles.get(article, article), asked)
        return Place(article, title, article in outcome.answers)

    rankings = [outcome.rankings.get(leg, ())[:_SHOWN] for leg in LEGS]
    return MissView(
        miss=miss,
        outcome=outcome,
        wanted=tuple(found for answer in outcome.answers if (found := place(answer))),
        rows=tuple(tuple(place(article) for article in row) for row in zip_longest(*rankings)),
    )
