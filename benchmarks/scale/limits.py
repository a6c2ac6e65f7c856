"""What the machine and the interface allow: nothing that reads all vectors beats a bare scan."""

from collections.abc import Iterator
from itertools import cycle

import numpy as np
from numpy.typing import NDArray

from benchmarks.scale.documents import Reader
from benchmarks.scale.queries import Asked
from benchmarks.scale.results import Limits
from benchmarks.scale.timing import median_ms
from kbsearch.knowledge_base import KnowledgeBase

_REPEATS = 50
_GRAPH_UP_TO = 100_000  # vectors; a graph over more takes minutes to build
_K = 100


def measure_limits(
    knowledge_base: KnowledgeBase,
    reader: Reader,
    asked: list[Asked],
    vectors: NDArray[np.float32],
) -> Limits:
    """Times of the parts that cannot be left out, on one thread.

    Args:
        knowledge_base: For the call through the interface.
        reader: Reads the queries.
        asked: The queries.
        vectors: (n, dim) float32, as many as the knowledge base has.
    """
    import faiss

    queries = cycle([reader.read(query.text)[1][None] for query in asked[:_REPEATS]])
    flat = faiss.IndexFlatIP(vectors.shape[1])
    flat.add(vectors)
    scan_ms = median_ms(lambda: vectors @ next(queries)[0], _REPEATS)
    texts = cycle(query.text for query in asked)
    return Limits(
        vectors=len(vectors),
        scan_ms=scan_ms,
        scan_gb_per_s=vectors.nbytes / 1e6 / scan_ms,
        flat_ms=median_ms(lambda: flat.search(next(queries), _K), _REPEATS),
        graph_ms=_graph_ms(vectors, queries) if len(vectors) <= _GRAPH_UP_TO else None,
        reading_ms=median_ms(lambda: reader.read(next(texts)), len(asked) - 1),
        empty_ms=median_ms(lambda: knowledge_base.search(""), _REPEATS),
    )


def _graph_ms(vectors: NDArray[np.float32], queries: Iterator[NDArray[np.float32]]) -> float:
    import faiss

    graph = faiss.IndexHNSWFlat(vectors.shape[1], 16, faiss.METRIC_INNER_PRODUCT)
    graph.add(vectors)
    graph.hnsw.efSearch = 64
    return median_ms(lambda: graph.search(next(queries), _K), _REPEATS)
