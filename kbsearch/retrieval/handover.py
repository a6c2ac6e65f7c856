"""Handover: what a person who takes over needs, when search declines to answer."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kbsearch.index.local import LocalIndex
from kbsearch.retrieval.candidates import find
from kbsearch.retrieval.query import Query
from kbsearch.retrieval.response import Handover, HandoverReason, NearestArticle
from kbsearch.settings import Settings

NEAREST = 3
"""Articles that are handed over."""


def handover(
    index: LocalIndex,
    query: Query,
    context: Sequence[str],
    allowed: NDArray[np.bool_],
    nearest: Sequence[NearestArticle],
    settings: Settings,
) -> Handover:
    """What is known of a query that was declined.

    Args:
        index: What was searched.
        query: The query as it was understood.
        context: Earlier turns as they came.
        allowed: (articles,) bool: what might be found.
        nearest: What was, best first.
        settings: Those of the search.
    """
    reason = HandoverReason.LOW_CONFIDENCE
    if not nearest:
        reason = _why_nothing(index, query, allowed, settings)
    unknown = tuple(term for term in query.terms if not index.inverted.bound({term: 1.0}))
    return Handover(query.text, tuple(context), reason, tuple(nearest), unknown)


def _why_nothing(
    index: LocalIndex, query: Query, allowed: NDArray[np.bool_], settings: Settings
) -> HandoverReason:
    """Why there is no candidate; searches again without the filters if there are any."""
    if not query.weights and not query.vector.any():
        return HandoverReason.NO_WORDS
    if not allowed.all():
        everything = np.ones_like(allowed)
        if len(find(index, query, everything, settings).rows):
            return HandoverReason.FILTERED
    return HandoverReason.NOTHING_FOUND
