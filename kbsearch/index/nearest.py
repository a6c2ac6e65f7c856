"""Nearest vectors, through faiss: exactly while they are few, compressed where they are many."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from kbsearch.ranking import top
from kbsearch.settings import VectorSettings

_FILE = "vectors.faiss"
# Fewer are always compared exactly: a quantiser has nothing to learn from.
_LEAST = 1_000
# Product quantisation in 4 bits for every two dimensions, scanned in registers (André, Kermarrec
# and Le Scouarnec 2017, *Accelerated Nearest Neighbor Search with Quick ADC*): 64 bytes a vector of
# 256 dimensions. 50,000 are scanned in 0.2 ms with recall .998 of the 100 nearest. More than
# _SCANNED_WHOLE are grouped into lists of about _LIST, of which the nearest _PROBES are scanned.
_BITS, _DIMENSIONS_A_CODE = 4, 2
_SCANNED_WHOLE, _LIST, _PROBES = 100_000, 400, 128
_TRAINED_ON, _TRAINED_ON_A_LIST, _ITERATIONS, _SEED = 20_000, 40, 6, 0
_MANY = 16  # queries that are worth several threads
_BLOCK = 65_536  # vectors added at once
# A search that may keep few vectors finds few of them in the lists that it looks into: so few are
# compared one by one.
_COMPARED_ONE_BY_ONE = 10_000

Floats = NDArray[np.float32]


class Nearest(NamedTuple):
    """Vectors near some queries, best first.

    Attributes:
        products: (queries, n) float32 inner products; estimates where vectors are compressed.
        places: (queries, n) int64 where the vectors stand; -1 where there is none.
    """

    products: Floats
    places: NDArray[np.int64]


class NearestVectors(Protocol):
    """Finds the vectors of one matrix that are nearest to queries."""

    def search(self, queries: Floats, k: int, allowed: NDArray[np.bool_] | None = None) -> Nearest:
        """For each query at most `k` vectors with the greatest inner products.

        Args:
            queries: (queries, dim) what to look for; many at once share the work.
            k: How many, at least 1 and at most as many as there are vectors.
            allowed: (vectors,) bool; others are passed over.
        """


class ExactVectors:
    """Compares every vector.

    Args:
        matrix: (vectors, dim) float32, contiguous.
    """

    def __init__(self, matrix: Floats) -> None:
        self._matrix = matrix

    def search(self, queries: Floats, k: int, allowed: NDArray[np.bool_] | None = None) -> Nearest:
        """See `NearestVectors`."""
        import faiss

        found = Nearest(
            np.empty((len(queries), k), np.float32), np.empty((len(queries), k), np.int64)
        )
        with _threads_for(queries):
            faiss.knn_inner_product(
                faiss.swig_ptr(np.ascontiguousarray(queries)),
                faiss.swig_ptr(self._matrix),
                self._matrix.shape[1],
                len(queries),
                len(self._matrix),
                k,
                faiss.swig_ptr(found.products),
                faiss.swig_ptr(found.places),
                None if allowed is None else _selector(allowed),
            )
        return found


class CompressedVectors:
    """Compares vectors of which only a short code is kept.

    Args:
        folder: Where `write` put them.
        matrix: (vectors, dim) float32, contiguous, what they were before.
    """

    def __init__(self, folder: Path, matrix: Floats) -> None:
        import faiss

        # Mapped now: when it is first asked, the folder may have been collected.
        self._faiss: _Faiss = faiss.read_index(str(folder / _FILE), faiss.IO_FLAG_MMAP_IFC)
        self._matrix = matrix

    @classmethod
    def write(cls, folder: Path, matrix: Floats) -> None:
        """Compresses the vectors of `matrix`: same vectors, same bytes."""
        import faiss

        count, dim = matrix.shape
        lists = 1 if count <= _SCANNED_WHOLE else round(count / _LIST)
        codes = dim // _DIMENSIONS_A_CODE if dim % _DIMENSIONS_A_CODE == 0 else dim
        index = faiss.IndexIVFPQFastScan(
            faiss.IndexFlatIP(dim), dim, lists, codes, _BITS, faiss.METRIC_INNER_PRODUCT
        )
        index.cp.niter, index.cp.seed, index.cp.min_points_per_centroid = _ITERATIONS, _SEED, 1
        index.nprobe = min(lists, _PROBES)
        wanted = max(_TRAINED_ON, _TRAINED_ON_A_LIST * lists)
        sample = np.random.default_rng(_SEED).permutation(count)[:wanted]
        with _one_thread():
            index.train(np.ascontiguousarray(matrix[np.sort(sample)]))
        for begin in range(0, count, _BLOCK):
            index.add(np.ascontiguousarray(matrix[begin : begin + _BLOCK]))
        faiss.write_index(index, str(folder / _FILE))

    def search(self, queries: Floats, k: int, allowed: NDArray[np.bool_] | None = None) -> Nearest:
        """See `NearestVectors`."""
        import faiss

        params = None
        if allowed is not None:
            members = np.flatnonzero(allowed)
            if len(members) <= _COMPARED_ONE_BY_ONE:
                return self._compared(queries, k, members)
            params = faiss.SearchParametersIVF(sel=_selector(allowed), nprobe=self._faiss.nprobe)
        with _threads_for(queries):
            return Nearest(*self._faiss.search(queries, k, params=params))

    def _compared(self, queries: Floats, k: int, members: NDArray[np.int64]) -> Nearest:
        """The nearest of a few vectors, exactly."""
        found = Nearest(
            np.full((len(queries), k), -np.inf, np.float32),
            np.full((len(queries), k), -1, np.int64),
        )
        for query, products, places in zip(queries, *found, strict=True):
            own = inner_products(self._matrix, members, query)
            best = top(own.astype(np.float64), k)
            products[: len(best)], places[: len(best)] = own[best], members[best]
        return found


class _Faiss(Protocol):
    """The part of a faiss index used here; faiss ships no types."""

    nprobe: int

    def search(
        self, queries: Floats, k: int, *, params: object | None = None
    ) -> tuple[Floats, NDArray[np.int64]]: ...


def is_exact(count: int, settings: VectorSettings) -> bool:
    """Whether so many vectors are all compared."""
    return count <= max(settings.exact_up_to, _LEAST)


def nearest_vectors(folder: Path, matrix: Floats, settings: VectorSettings) -> NearestVectors:
    """Searches the vectors of a segment that lies in `folder`."""
    if is_exact(len(matrix), settings):
        return ExactVectors(matrix)
    return CompressedVectors(folder, matrix)


def inner_products(matrix: Floats, places: NDArray[np.int64], query: Floats) -> Floats:
    """(places,) float32 inner products of some rows of `matrix` with a (dim,) query.

    Each is added up in the same order, so that equal vectors tie; BLAS would not do so. None of the
    vectors is copied.
    """
    import faiss

    products = np.empty(len(places), np.float32)
    faiss.fvec_inner_products_by_idx(
        faiss.swig_ptr(products),
        faiss.swig_ptr(np.ascontiguousarray(query)),
        faiss.swig_ptr(matrix),
        faiss.swig_ptr(np.ascontiguousarray(places)),
        matrix.shape[1],
        1,
        len(places),
    )
    return products


def _threads_for(queries: Floats) -> AbstractContextManager[None]:
    """All threads for many queries, the calling one for few."""
    return _one_thread() if len(queries) < _MANY else nullcontext()


@contextmanager
def _one_thread() -> Iterator[None]:
    """Keeps faiss to the calling thread: short work that waits for other threads takes longer."""
    import faiss

    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(threads)


def _selector(allowed: NDArray[np.bool_]) -> object:
    import faiss

    selector: object = faiss.IDSelectorBitmap(np.packbits(allowed, bitorder="little"))
    return selector
