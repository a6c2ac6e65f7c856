"""The vector index: which articles are nearest to a query, and how near chosen articles are."""

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kbsearch.index.arrays import Chunks
from kbsearch.index.nearest import NearestVectors, inner_products
from kbsearch.index.runs import Rows, Runs
from kbsearch.index.vectors import Vectors
from kbsearch.ranking import distinct, top


class Similarities(NamedTuple):
    """How like a query some articles are: (articles,) cosines each.

    Attributes:
        question: Float64, of the title or similar question that is nearest.
        second: Float64, of the one that is next; the same if there is only one.
        body: Float64, of the body; 0 without one.
        nearest: Int64, which of title (0) and questions (1, 2, …) is nearest.
    """

    question: NDArray[np.float64]
    second: NDArray[np.float64]
    body: NDArray[np.float64]
    nearest: NDArray[np.int64]


class Part(NamedTuple):
    """Vectors that are searched together.

    Attributes:
        vectors: Finds the nearest of them.
        owners: (vectors,) int64 row of the article that each belongs to; -1 if it is gone.
        is_whole: Whether none is gone.
    """

    vectors: NearestVectors
    owners: NDArray[np.int64]
    is_whole: bool

    @classmethod
    def of(cls, vectors: NearestVectors, runs: Runs, rows: Rows) -> "Part":
        """Vectors of articles that stand in `runs` and get `rows`."""
        return cls(vectors, rows[runs.owners], bool((rows >= 0).all()))


class VectorIndex:
    """Nearest articles, and exact scores for chosen ones.

    Args:
        vectors: The vectors of all articles.
        parts: The same vectors as they are searched.
    """

    def __init__(self, vectors: Vectors, parts: Sequence[Part]) -> None:
        self.vectors = vectors
        self._parts = [part for part in parts if (part.owners >= 0).any()]

    @cached_property
    def with_questions(self) -> float:
        """Share of the articles that have a similar question beside their title."""
        runs = self.vectors.runs
        if not len(runs):
            return 0.0
        is_body = self.vectors.is_body[runs.members(np.arange(len(runs)))[0]]
        bodies = np.add.reduceat(is_body.astype(np.int64), np.cumsum(runs.counts) - runs.counts)
        return float((runs.counts - bodies > 1).mean())

    def nearest(
        self, queries: NDArray[np.float32], k: int, allowed: NDArray[np.bool_] | None = None
    ) -> list[NDArray[np.int64]]:
        """For each query, rows of the articles that own the `k` vectors nearest to it, each once.

        Args:
            queries: (queries, dim) float32 unit vectors; a zero vector is near nothing.
            k: Vectors to look at.
            allowed: (articles,) bool; others are passed over.
        """
        rows = [np.zeros(0, np.int64) for _ in queries]
        near = np.flatnonzero(queries.any(axis=1)) if len(queries) else np.zeros(0, np.int64)
        if not len(near):
            return rows
        found = [_nearest(part, queries[near], k, allowed) for part in self._parts]
        for place, number in enumerate(near.tolist()):
            rows[number] = _rows([(own[place], owners[place]) for own, owners in found], k)
        return rows

    def similarities(self, query: NDArray[np.float32], rows: NDArray[np.int64]) -> Similarities:
        """Exact similarities of the articles `rows` to `query`, a (dim,) unit vector."""
        members, counts = self.vectors.runs.members(rows)
        similarity = self._products(members, query).astype(np.float64)
        if not len(rows):
            return Similarities(similarity, similarity, similarity, np.zeros(0, np.int64))
        starts = np.cumsum(counts) - counts
        is_body = self.vectors.is_body[members]
        body = np.add.reduceat(np.where(is_body, similarity, 0.0), starts)
        question = np.where(is_body, -np.inf, similarity)
        best = np.maximum.reduceat(question, starts)
        at_best = np.flatnonzero(question == np.repeat(best, counts))
        first = at_best[np.searchsorted(at_best, starts)]
        question[first] = -np.inf
        second = np.maximum.reduceat(question, starts)
        second = np.where(np.isfinite(second), second, best)
        return Similarities(best, second, body, first - starts)

    def _products(
        self, members: NDArray[np.int64], query: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        matrix = self.vectors.matrix
        if not isinstance(matrix, Chunks):
            return inner_products(matrix, members, query)
        products = np.empty(len(members), np.float32)
        for chunk, chosen, inside in matrix.split(members):
            products[chosen] = inner_products(chunk, inside, query)
        return products


def _nearest(
    part: Part, queries: NDArray[np.float32], k: int, allowed: NDArray[np.bool_] | None
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """(queries, n) inner products and owners of the nearest vectors of one part."""
    may = None
    if allowed is not None:
        may = (part.owners >= 0) & allowed[part.owners]
    elif not part.is_whole:
        may = part.owners >= 0
    products, places = part.vectors.search(queries, min(k, len(part.owners)), may)
    return products, np.where(places >= 0, part.owners[places], -1)


def _rows(found: Sequence[tuple[NDArray[np.float32], NDArray[np.int64]]], k: int) -> Rows:
    """The owners of the best `k` of the vectors that the parts found for one query."""
    if not found:
        return np.zeros(0, np.int64)
    owners = np.concatenate([own for _, own in found])
    if len(found) > 1:
        products = np.concatenate([own for own, _ in found]).astype(np.float64)
        owners = owners[top(np.where(owners >= 0, products, -np.inf), k)]
    return distinct(owners[owners >= 0])
