"""Candidates: what either leg finds, scored and ordered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from kbsearch.index.local import LocalIndex
from kbsearch.ranking import Rows, Scores, distinct, top, top_positive
from kbsearch.retrieval.features import Features
from kbsearch.retrieval.fusion import (
    combine,
    feature_weights,
    normalize_dense,
    normalize_lexical,
    weigh,
)
from kbsearch.retrieval.query import Query
from kbsearch.settings import Settings

# Vectors looked at for each candidate wanted: the nearest ones often belong to few articles.
_VECTORS_PER_ARTICLE = 4
# Candidates that late interaction compares word by word; 50 or 100 give the same hit@1 and hit@3.
_COMPARED = 20


class Leg(StrEnum):
    """Which scores order the candidates."""

    BM25 = "bm25"
    DENSE = "dense"
    HYBRID = "hybrid"  # both, without the ranking's other features
    FINAL = "final"  # what search shows


@dataclass(frozen=True)
class Candidates:
    """The articles that either leg found, in the order of search.

    Attributes:
        rows: (n,) int64 articles, best first.
        scores: Leg → (n,) float64: BM25; similarity of the best question plus the body's share;
            both fused; the final score.
        found: Rows of the articles that a single leg finds, for those that do not find all.
        features: What the final score weighs.
        lexical: (n,) float64 normalised BM25.
        semantic: (n,) float64 normalised dense scores.
        nearest: (n,) int64 which of title (0) and questions (1, 2, …) is nearest.
    """

    rows: Rows
    scores: Mapping[Leg, Scores]
    found: Mapping[Leg, Rows]
    features: Features
    lexical: Scores
    semantic: Scores
    nearest: NDArray[np.int64]

    @property
    def final(self) -> Scores:
        """(n,) float64 the scores that order the candidates."""
        return self.scores[Leg.FINAL]

    def order(self, leg: Leg) -> Rows:
        """Places of the candidates that `leg` finds, in its order."""
        # By row first: equal scores are ordered by article id.
        found = np.argsort(self.rows)
        if leg in self.found:
            found = found[np.isin(self.rows[found], self.found[leg])]
        return found[top(self.scores[leg][found], len(found))]


def nearest(
    index: LocalIndex, queries: Sequence[Query], allowed: NDArray[np.bool_], settings: Settings
) -> list[Rows]:
    """What the dense leg finds for each query; many at once share the work."""
    return index.vectors.nearest(
        np.stack([query.vector for query in queries]),
        settings.fusion.depth * _VECTORS_PER_ARTICLE,
        None if allowed.all() else allowed,
    )


def find(
    index: LocalIndex,
    query: Query,
    allowed: NDArray[np.bool_],
    settings: Settings,
    by_dense: Rows | None = None,
) -> Candidates:
    """Candidates for `query` among the `allowed` articles: the union of what the legs find.

    Every article in it has the exact scores of all legs.

    Args:
        index: Where to look.
        query: What is asked.
        allowed: (articles,) bool.
        settings: How to score.
        by_dense: What `nearest` found for the query, if that was asked before.
    """
    depth = settings.fusion.depth
    everywhere = bool(allowed.all())
    all_bm25 = index.inverted.scores(query.weights)
    by_bm25 = top_positive(all_bm25 if everywhere else np.where(allowed, all_bm25, 0.0), depth)
    if by_dense is None:
        (by_dense,) = nearest(index, [query], allowed, settings)
    rows = distinct(by_bm25, by_dense)
    bm25 = all_bm25[rows]
    similarities = index.vectors.similarities(query.vector, rows)
    body_weight = settings.vectors.body_weight
    dense = similarities.question + body_weight * similarities.body
    # Synonyms are other words for what is asked, so they do not raise what can be reached.
    bound = index.inverted.bound({**query.context, **query.terms})
    lexical = normalize_lexical(bm25, bound)
    semantic = normalize_dense(dense, body_weight)
    hybrid = combine(lexical, semantic, settings.fusion)
    # With all that are as good as the last of them: equal articles stay equal.
    compared = np.flatnonzero(hybrid >= hybrid[top(hybrid, _COMPARED)].min(initial=np.inf))
    features = Features.of(index, query, rows, similarities, lexical, compared)
    final = weigh(features, feature_weights(settings.ranking, index.vectors.with_questions))
    order = top(final, len(rows))
    scores = {Leg.BM25: bm25, Leg.DENSE: dense, Leg.HYBRID: hybrid, Leg.FINAL: final}
    return Candidates(
        rows=rows[order],
        scores={leg: values[order] for leg, values in scores.items()},
        found={Leg.BM25: by_bm25, Leg.DENSE: by_dense},
        features=Features(*(values[order] for values in features)),
        lexical=lexical[order],
        semantic=semantic[order],
        nearest=similarities.nearest[order],
    )
