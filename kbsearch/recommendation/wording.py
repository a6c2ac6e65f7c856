"""Wording: articles of one kind that are near a text, linked or not.

One vector an article, the direction of the mean of its own, is enough to choose the few that are
then compared exactly; it costs a tenth of searching all vectors.
"""

from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from kbsearch.article import Kind
from kbsearch.ranking import top
from kbsearch.recommendation.graph import ArticleGraph
from kbsearch.retrieval.searcher import Searcher


class Wording:
    """Mean vectors of the articles of each kind.

    Args:
        searcher: Whose articles.
        graph: Their kinds.
    """

    def __init__(self, searcher: Searcher, graph: ArticleGraph) -> None:
        self._rows: dict[Kind, NDArray[np.int64]] = {}
        self._means: dict[Kind, NDArray[np.float32]] = {}
        sums = searcher.index.vectors.vectors.sums()
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        means = sums / np.where(lengths, lengths, 1)
        for kind in (Kind.POLICY, Kind.SCRIPT):
            self._rows[kind] = np.flatnonzero(graph.is_kind(kind))
            self._means[kind] = np.ascontiguousarray(means[self._rows[kind]])

    def nearest(
        self, kind: Kind, vector: NDArray[np.float32], count: int, allowed: NDArray[np.bool_]
    ) -> list[int]:
        """Rows of the `count` articles nearest to a vector, among the allowed ones of a kind.

        Args:
            kind: Policy or script.
            vector: (dim,) float32.
            count: At most.
            allowed: (articles,) bool.
        """
        rows = self._rows[kind]
        # Not `@`: BLAS would wake its threads, and wait for them, for a product this small.
        likeness = np.einsum("ij,j->i", self._means[kind], vector)
        scores = np.where(allowed[rows], likeness, -np.inf)
        best = top(scores.astype(np.float64), count)
        return [row for row in rows[best].tolist() if allowed[row]]


_wordings: "WeakKeyDictionary[Searcher, Wording]" = WeakKeyDictionary()


def wording_of(searcher: Searcher, graph: ArticleGraph) -> Wording:
    """The wording of a searcher's snapshot, built at the first call."""
    wording = _wordings.get(searcher)
    if wording is None:
        wording = _wordings[searcher] = Wording(searcher, graph)
    return wording
