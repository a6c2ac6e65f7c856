"""Examples: judged queries with the features of their candidates."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kbsearch.evaluation.query_set import JudgedQuery
from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.retrieval.candidates import Leg

CANDIDATES = 20  # of each query; those that late interaction compares


@dataclass(frozen=True)
class Example:
    """One query and its first candidates by the hybrid leg.

    Attributes:
        query_id: Id of the query.
        article: The article that answers it best, by which folds are made; "" for none.
        features: (candidates, features) as in `kbsearch.retrieval.features`.
        right: (candidates,) bool whether the article answers it.
        leg_hits: Leg → whether its first article is right.
        in_context: Whether earlier turns are part of the query.
    """

    query_id: str
    article: str
    features: NDArray[np.float64]
    right: NDArray[np.bool_]
    leg_hits: dict[Leg, bool]
    in_context: bool = False


def collect(
    knowledge_base: KnowledgeBase,
    queries: Sequence[JudgedQuery],
    progress: Callable[[str, int, int], None] | None = None,
) -> list[Example]:
    """An example of every query, unanswerable ones included."""
    examples = []
    for number, query in enumerate(queries, start=1):
        examples.append(_example(knowledge_base, query))
        if progress:
            progress("search", number, len(queries))
    return examples


def _example(knowledge_base: KnowledgeBase, query: JudgedQuery) -> Example:
    searcher = knowledge_base.searcher
    asked, candidates = searcher.candidates(
        query.text, allowed=searcher.allowed(query.filters), context=query.context
    )
    ids = searcher.index.store.ids
    places = candidates.order(Leg.HYBRID)[:CANDIDATES]
    articles = [ids[row] for row in candidates.rows[places]]
    answers = query.answers
    first = {leg: candidates.order(leg)[:1] for leg in Leg}
    return Example(
        query_id=query.id,
        article=answers[0] if answers else "",
        features=np.stack(candidates.features, axis=1)[places],
        right=np.array([article in answers for article in articles], np.bool_),
        leg_hits={
            leg: any(ids[candidates.rows[place]] in answers for place in places_)
            for leg, places_ in first.items()
        },
        in_context=bool(asked.context),
    )
