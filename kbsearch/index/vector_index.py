"""The vector index: nearest questions and bodies, through faiss.

An article has one vector for its title, one for each similar question, and one for its body: a mean
over the whole article would blur colloquial questions.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from kbsearch.index.arrays import load_array, save_array
from kbsearch.index.ragged import Ragged, Scalar
from kbsearch.ranking import top
from kbsearch.settings import VectorSettings

# HNSW after Malkov and Yashunin (2016): links a node, and effort while building and searching.
# 16/200/128 gave recall@10 of .97 and above at 100k vectors of 256 dimensions.
_GRAPH = "vectors_hnsw.npy"
_LINKS, _BUILD_EFFORT, _SEARCH_EFFORT = 16, 200, 128


@dataclass(frozen=True)
class Vectors:
    """All vectors, grouped by article.

    Attributes:
        matrix: (vectors, dim) float32 unit rows; zero rows for texts without a known word.
        offsets: (articles + 1,) int64; vectors of row r are ``offsets[r]:offsets[r + 1]``: title,
            questions in their order, then the body if there is one.
        is_body: (vectors,) bool.
    """

    matrix: NDArray[np.float32]
    offsets: NDArray[np.int64]
    is_body: NDArray[np.bool_]

    @classmethod
    def empty(cls, dim: int) -> Self:
        """No articles."""
        return cls(np.zeros((0, dim), np.float32), np.zeros(1, np.int64), np.zeros(0, np.bool_))

    def merge(self, kept: NDArray[np.int64], added: Self, places: NDArray[np.int64]) -> Self:
        """These vectors with some articles left out and others added; see `Postings.merge`."""
        matrix = self._ragged(self.matrix).merge(kept, added._ragged(added.matrix), places)
        is_body = self._ragged(self.is_body).merge(kept, added._ragged(added.is_body), places)
        return type(self)(matrix.values, matrix.offsets, is_body.values)

    def _ragged(self, values: NDArray[Scalar]) -> Ragged[Scalar]:
        return Ragged(values, self.offsets)

    def save(self, folder: Path) -> None:
        """Writes the vectors into `folder`."""
        save_array(folder / "vectors.npy", self.matrix)
        save_array(folder / "vector_offsets.npy", self.offsets)
        save_array(folder / "vector_is_body.npy", self.is_body)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Vectors that `save` wrote, mapped into memory."""
        return cls(
            matrix=load_array(folder / "vectors.npy"),
            offsets=load_array(folder / "vector_offsets.npy"),
            is_body=load_array(folder / "vector_is_body.npy"),
        )

    @cached_property
    def owners(self) -> NDArray[np.int64]:
        """(vectors,) the row that each vector belongs to."""
        return np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))


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


class _Faiss(Protocol):
    """The part of a faiss index used here; faiss ships no types."""

    def search(
        self, queries: NDArray[np.float32], k: int, *, params: object | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]: ...


class VectorIndex:
    """Nearest vectors, and exact scores for chosen articles.

    Args:
        vectors: All vectors.
        settings: Exact or HNSW, and the weight of the body.
        graph: Serialised HNSW index; without it, it is built at the first search.
    """

    def __init__(
        self, vectors: Vectors, settings: VectorSettings, graph: NDArray[np.uint8] | None = None
    ) -> None:
        self.vectors = vectors
        self._settings = settings
        self._graph = graph

    @property
    def is_exact(self) -> bool:
        """Whether every vector is compared."""
        return len(self.vectors.matrix) <= self._settings.exact_up_to

    @cached_property
    def with_questions(self) -> float:
        """Share of the articles that have a similar question beside their title."""
        if len(self.vectors.offsets) < 2:
            return 0.0
        bodies = np.add.reduceat(self.vectors.is_body.astype(np.int64), self.vectors.offsets[:-1])
        return float((np.diff(self.vectors.offsets) - bodies > 1).mean())

    def save(self, folder: Path) -> None:
        """Writes the vectors, and the HNSW graph where there is one, into `folder`."""
        self.vectors.save(folder)
        if not self.is_exact:
            import faiss

            save_array(folder / _GRAPH, faiss.serialize_index(self._faiss))

    @classmethod
    def load(cls, folder: Path, settings: VectorSettings) -> Self:
        """The index that `save` wrote."""
        graph = folder / _GRAPH
        return cls(Vectors.load(folder), settings, load_array(graph) if graph.exists() else None)

    def nearest(
        self, query: NDArray[np.float32], k: int, allowed: NDArray[np.bool_] | None = None
    ) -> NDArray[np.int64]:
        """Rows of the articles that own the `k` vectors nearest to `query`, without repetition.

        Args:
            query: (dim,) float32 unit vector; a zero vector is near nothing.
            k: Vectors to look at.
            allowed: (articles,) bool; others are passed over.
        """
        if not query.any() or not len(self.vectors.matrix):
            return np.zeros(0, np.int64)
        params = None
        if allowed is not None:
            members = np.flatnonzero(allowed[self.vectors.owners])
            if not self.is_exact and len(members) <= self._settings.exact_up_to:
                # A graph search that may keep few of its nodes loses most of them (recall@10 .18
                # at 0.2 % of 31,000): so few are compared one by one.
                similarity = (self.vectors.matrix[members] @ query).astype(np.float64)
                return np.unique(self.vectors.owners[members[top(similarity, k)]])
            params = self._parameters(allowed[self.vectors.owners])
        count = min(k, len(self.vectors.matrix))
        _, found = self._faiss.search(query[None, :], count, params=params)
        return np.unique(self.vectors.owners[found[0][found[0] >= 0]])

    def similarities(self, query: NDArray[np.float32], rows: NDArray[np.int64]) -> Similarities:
        """Exact similarities of the articles `rows` to `query`, a (dim,) unit vector."""
        members, counts = Ragged(self.vectors.is_body, self.vectors.offsets).members(rows)
        starts = np.cumsum(counts) - counts
        # Not `@`: BLAS adds up in an order that hangs on the place, but equal vectors must tie.
        similarity = np.einsum("ij,j->i", self.vectors.matrix[members], query).astype(np.float64)
        if not len(rows):
            return Similarities(similarity, similarity, similarity, np.zeros(0, np.int64))
        is_body = self.vectors.is_body[members]
        body = np.add.reduceat(np.where(is_body, similarity, 0.0), starts)
        question = np.where(is_body, -np.inf, similarity)
        best = np.maximum.reduceat(question, starts)
        position = np.arange(len(members))
        at_best = np.where(question == np.repeat(best, counts), position, len(members))
        first = np.minimum.reduceat(at_best, starts)
        question[first] = -np.inf
        second = np.maximum.reduceat(question, starts)
        second = np.where(np.isfinite(second), second, best)
        return Similarities(best, second, body, first - starts)

    def _parameters(self, allowed: NDArray[np.bool_]) -> object:
        """Search parameters that pass over the vectors that are not `allowed`."""
        import faiss

        selector = faiss.IDSelectorBitmap(np.packbits(allowed, bitorder="little"))
        if self.is_exact:
            return faiss.SearchParameters(sel=selector)
        return faiss.SearchParametersHNSW(sel=selector, efSearch=_SEARCH_EFFORT)

    @cached_property
    def _faiss(self) -> _Faiss:
        import faiss

        if self._graph is not None:
            loaded: _Faiss = faiss.deserialize_index(self._graph)
            return loaded
        matrix = np.ascontiguousarray(self.vectors.matrix)
        if self.is_exact:
            index = faiss.IndexFlatIP(matrix.shape[1])
        else:
            index = faiss.IndexHNSWFlat(matrix.shape[1], _LINKS, faiss.METRIC_INNER_PRODUCT)
            index.hnsw.efConstruction = _BUILD_EFFORT
            index.hnsw.efSearch = _SEARCH_EFFORT
        # Several threads would link the graph in an order of their own: same input, same bytes.
        threads = faiss.omp_get_max_threads()
        faiss.omp_set_num_threads(1)
        try:
            index.add(matrix)
        finally:
            faiss.omp_set_num_threads(threads)
        built: _Faiss = index
        return built
