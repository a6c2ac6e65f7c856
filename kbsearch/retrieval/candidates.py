"""Candidates: what either leg finds, with the exact scores of both."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from kbsearch.index.local import LocalIndex
from kbsearch.ranking import top
from kbsearch.retrieval.fusion import combine, normalize_dense, normalize_lexical
from kbsearch.retrieval.late_interaction import late_interaction
from kbsearch.retrieval.query import Query
from kbsearch.settings import Settings

# Vectors looked at for each candidate wanted: the nearest ones often belong to few articles.
_VECTORS_PER_ARTICLE = 4
# Candidates that late interaction compares word by word; 50 or 100 give the same hit@1 and hit@3.
_LATE_DEPTH = 20


class Leg(StrEnum):
    """Which scores order the candidates."""

    BM25 = "bm25"
    DENSE = "dense"
    HYBRID = "hybrid"
    FINAL = "final"  # what search shows


@dataclass(frozen=True)
class Candidates:
    """The articles that either leg found, ordered by one of them or by both.

    Attributes:
        rows: (n,) int64 articles, best first.
        scores: (n,) float64 score that orders them.
        bm25: (n,) float64 BM25; 0 where no term matches.
        dense: (n,) float64 similarity of the best question plus the body's share.
        lexical: (n,) float64 normalised `bm25`.
        semantic: (n,) float64 normalised `dense`.
        late: (n,) float64 late interaction, of the first candidates only; 0 for the others.
        question: (n,) int64 which of title (0) and questions (1, 2, …) is nearest.
    """

    rows: NDArray[np.int64]
    scores: NDArray[np.float64]
    bm25: NDArray[np.float64]
    dense: NDArray[np.float64]
    lexical: NDArray[np.float64]
    semantic: NDArray[np.float64]
    late: NDArray[np.float64]
    question: NDArray[np.int64]


def find(
    index: LocalIndex,
    query: Query,
    allowed: NDArray[np.bool_],
    settings: Settings,
    leg: Leg = Leg.FINAL,
) -> Candidates:
    """Candidates for `query` among the `allowed` articles.

    Each leg alone gives only what it finds itself; both together give the union, and every article
    in it has the exact scores of both.
    """
    depth = settings.fusion.depth
    bm25 = np.where(allowed, index.inverted.scores(query.weights), 0.0)
    pools = []
    if leg is not Leg.DENSE:
        best = top(bm25, depth)
        pools.append(best[bm25[best] > 0])
    if leg is not Leg.BM25:
        everything = bool(allowed.all())
        count = depth * _VECTORS_PER_ARTICLE
        pools.append(index.vectors.nearest(query.vector, count, None if everything else allowed))
    rows = np.unique(np.concatenate(pools))
    dense, question = index.vectors.scores(query.vector, rows)
    # Synonyms are other words for what is asked, so they do not raise what can be reached.
    bound = index.inverted.bound({**query.context, **query.terms})
    lexical = normalize_lexical(bm25[rows], bound)
    semantic = normalize_dense(dense, settings.vectors.body_weight)
    late = np.zeros(len(rows))
    if leg in {Leg.BM25, Leg.DENSE}:
        scores = bm25[rows] if leg is Leg.BM25 else dense
    else:
        scores = combine(lexical, None, semantic, settings.fusion)
        if query.words is not None:
            best = top(scores, _LATE_DEPTH)
            # With all that are as good as the last of them: equal articles stay equal.
            first = np.flatnonzero(scores >= scores[best].min(initial=np.inf))
            late[first] = late_interaction(query.words, index.words, rows[first])
            scores = combine(lexical, late, semantic, settings.fusion)
    order = top(scores, len(rows))
    return Candidates(
        rows=rows[order],
        scores=scores[order],
        bm25=bm25[rows][order],
        dense=dense[order],
        lexical=lexical[order],
        semantic=semantic[order],
        late=late[order],
        question=question[order],
    )
