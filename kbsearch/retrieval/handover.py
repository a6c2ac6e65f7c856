"""Handover: what a person who takes over needs, when search declines to answer."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kbsearch.analysis.codes import CODE, code_tokens
from kbsearch.analysis.filters import normalize
from kbsearch.index.local import LocalIndex
from kbsearch.retrieval.candidates import find
from kbsearch.retrieval.query import MAX_CHARACTERS, Query
from kbsearch.retrieval.response import Handover, HandoverReason, NearestArticle
from kbsearch.settings import Settings

NEAREST = 3
"""Articles that are handed over."""

_CODE = re.compile(r"[a-z]+\d+")  # E1, PPR-9088, WiFi7; not 5G, 50GB, 3kW


def handover(
    index: LocalIndex,
    query: Query,
    nearest: Sequence[NearestArticle],
    filtered: NDArray[np.bool_],
    settings: Settings,
) -> Handover:
    """What is known of a query that was declined.

    Args:
        index: What was searched.
        query: The query as it was understood.
        nearest: What was found, best first.
        filtered: (articles,) bool: which articles were filtered out, or do not hold.
        settings: Those of the search.
    """
    reason = HandoverReason.LOW_CONFIDENCE
    if not nearest:
        reason = _why_nothing(index, query, filtered, settings)
    unknown = tuple(term for term in query.terms if not index.inverted.frequency(term))
    return Handover(query.text, query.turns, reason, tuple(nearest), unknown)


def _why_nothing(
    index: LocalIndex, query: Query, filtered: NDArray[np.bool_], settings: Settings
) -> HandoverReason:
    """Why there is no candidate; searches what was filtered out, if anything was."""
    if not query.weights and not query.vector.any():
        return HandoverReason.NO_WORDS
    if filtered.any() and len(find(index, query, filtered, settings).rows):
        return HandoverReason.FILTERED
    return HandoverReason.NOTHING_FOUND


def codes(text: str) -> tuple[str, ...]:
    """Codes in a query, letters before digits as in E1, each once.

    >>> codes("洗衣机报 E-1，5G 也连不上")
    ('e1',)
    """
    if not any(map(str.isdigit, text)):
        return ()
    read = CODE.finditer(normalize(text[:MAX_CHARACTERS]))
    whole = (next(code_tokens(found.group())).term for found in read)
    return tuple(dict.fromkeys(code for code in whole if _CODE.fullmatch(code)))
