"""Nearest vectors: exactly while they are few; compressed, most of the nearest are found."""

import numpy as np
import pytest

from kbsearch.encoders.protocol import unit_rows
from kbsearch.index.nearest import (
    CompressedVectors,
    ExactVectors,
    Nearest,
    inner_products,
    is_exact,
    nearest_vectors,
)
from kbsearch.settings import VectorSettings

DIM, COUNT, CLUSTERS = 32, 2_000, 20
BY_CODES, ONE_BY_ONE = 0, 10_000


def search(vectors, query, k, allowed=None):
    """What is found for a single query."""
    products, places = (found[0] for found in vectors.search(query[None], k, allowed))
    return Nearest(products[places >= 0], places[places >= 0])


def clustered(seed=0):
    """Twenty clusters of about a hundred unit vectors each, as far from one another as chance."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(CLUSTERS, DIM))
    noise = rng.normal(size=(COUNT, DIM))
    return unit_rows((centres[np.arange(COUNT) % CLUSTERS] + 0.2 * noise).astype(np.float32))


@pytest.fixture(scope="module")
def matrix():
    """Clustered vectors; tests must not write to them."""
    return clustered()


@pytest.fixture(scope="module")
def compressed(matrix, tmp_path_factory):
    """The same, compressed."""
    folder = tmp_path_factory.mktemp("compressed")
    CompressedVectors.write(folder, matrix)
    return CompressedVectors(folder, matrix)


def expected(matrix, query, k, allowed=None):
    """Places of the nearest vectors by brute force, and their inner products."""
    products = matrix.astype(np.float64) @ query
    if allowed is not None:
        products[~allowed] = -np.inf
    order = np.argsort(-products)[:k]
    return order[np.isfinite(products[order])]


@pytest.mark.parametrize("share", [1.0, 0.5, 0.01, 0.0])
def test_exact_search_is_brute_force(matrix, share):
    """Best first, with the inner products, whatever share is allowed."""
    allowed = np.random.default_rng(1).random(COUNT) < share
    for query in matrix[::200]:
        found = search(ExactVectors(matrix), query, 30, None if share == 1 else allowed)
        places = expected(matrix, query, 30, allowed)
        assert found.places.tolist() == places.tolist()
        assert found.products == pytest.approx(matrix[places] @ query, abs=1e-5)


@pytest.mark.parametrize("one_by_one", [BY_CODES, ONE_BY_ONE])
@pytest.mark.parametrize("share", [1.0, 0.5, 0.1])
def test_compressed_search_finds_the_nearest(matrix, compressed, share, one_by_one, monkeypatch):
    """Recall of the hundred nearest, which are a cluster, is .95 at least.

    Where only a share is allowed, the nearest cut through a cluster, within which codes order less
    well than vectors do: they are among twice as many. Only what is allowed is found.
    """
    monkeypatch.setattr("kbsearch.index.nearest._COMPARED_ONE_BY_ONE", one_by_one)
    allowed = np.random.default_rng(2).random(COUNT) < share
    found, wanted, k = 0, 0, 100 if share == 1 else round(200 * share)
    for query in matrix[::40]:
        places = search(compressed, query, k, None if share == 1 else allowed).places.tolist()
        best = expected(matrix, query, round(100 * share), allowed).tolist()
        assert len(set(places)) == len(places) == k
        assert allowed[places].all()
        found += len(set(places) & set(best))
        wanted += len(best)
    assert found >= 0.95 * wanted


@pytest.mark.parametrize("one_by_one", [BY_CODES, ONE_BY_ONE])
@pytest.mark.parametrize("members", [0, 1, 7])
def test_fewer_are_allowed_than_are_wanted(compressed, matrix, members, one_by_one, monkeypatch):
    """All of them are found, and nothing else."""
    monkeypatch.setattr("kbsearch.index.nearest._COMPARED_ONE_BY_ONE", one_by_one)
    allowed = np.zeros(COUNT, bool)
    allowed[np.arange(members) * 100] = True
    places = search(compressed, matrix[5], 20, allowed).places
    assert sorted(places.tolist()) == np.flatnonzero(allowed).tolist()


def test_few_allowed_are_compared_exactly(matrix, compressed):
    """The order, and the inner products, are those of the vectors themselves."""
    allowed = np.arange(COUNT) % 7 == 0
    for query in matrix[::400]:
        found = search(compressed, query, 50, allowed)
        best = search(ExactVectors(matrix), query, 50, allowed)
        assert found.places.tolist() == best.places.tolist()
        assert found.products == pytest.approx(best.products, abs=1e-6)


def test_same_vectors_give_the_same_bytes(matrix, tmp_path):
    """Whatever the number of threads, and wherever the vectors lie."""
    import faiss

    threads = faiss.omp_get_max_threads()
    written = []
    try:
        for number in (1, 2, 1):
            faiss.omp_set_num_threads(number)
            folder = tmp_path / str(len(written))
            folder.mkdir()
            CompressedVectors.write(folder, matrix.copy())
            written.append((folder / "vectors.faiss").read_bytes())
    finally:
        faiss.omp_set_num_threads(threads)
    assert written[0] == written[1] == written[2]


def test_blocks_are_added_one_after_the_other(matrix, compressed, tmp_path, monkeypatch):
    """Blocks of 300 give what one block gives."""
    monkeypatch.setattr("kbsearch.index.nearest._BLOCK", 300)
    CompressedVectors.write(tmp_path, matrix)
    again = CompressedVectors(tmp_path, matrix)
    for query in matrix[::500]:
        assert search(again, query, 50).places.tolist() == (
            search(compressed, query, 50).places.tolist()
        )


def test_many_vectors_are_grouped_into_lists(matrix, tmp_path, monkeypatch):
    """Of the lists of about a hundred only the nearest four are scanned: the cluster is found."""
    for name, value in (("_SCANNED_WHOLE", 1_000), ("_LIST", 100), ("_PROBES", 4)):
        monkeypatch.setattr(f"kbsearch.index.nearest.{name}", value)
    CompressedVectors.write(tmp_path, matrix)
    grouped = CompressedVectors(tmp_path, matrix)
    found = 0
    for query in matrix[::40]:
        found += len(
            set(search(grouped, query, 20).places.tolist())
            & set(expected(matrix, query, 100).tolist())
        )
    assert found >= 0.95 * 20 * 50
    assert len(search(grouped, matrix[0], COUNT).places) < COUNT / 2


@pytest.mark.parametrize(
    ("count", "exact_up_to", "exact"),
    [(1_000, 0, True), (1_001, 0, False), (1_001, 1_001, True), (1_002, 1_001, False)],
)
def test_search_is_exact_up_to_a_number_of_vectors(tmp_path, count, exact_up_to, exact):
    """A thousand are always searched exactly, more if the settings say so."""
    settings = VectorSettings(exact_up_to=exact_up_to)
    assert is_exact(count, settings) is exact
    vectors = np.random.default_rng(0).random((count, 2), np.float32)
    CompressedVectors.write(tmp_path, vectors)
    found = nearest_vectors(tmp_path, vectors, settings)
    assert isinstance(found, ExactVectors if exact else CompressedVectors)


def test_opened_vectors_outlive_their_folder(tmp_path):
    """A reader goes on when its snapshot is collected, whether it has searched before or not."""
    vectors = np.random.default_rng(0).random((2_000, 4), np.float32)
    CompressedVectors.write(tmp_path, vectors)
    opened = CompressedVectors(tmp_path, vectors)
    for path in tmp_path.iterdir():
        path.unlink()
    assert len(search(opened, vectors[0], 5).places) == 5


def test_inner_products_of_equal_vectors_tie(matrix):
    """To the bit, wherever they stand; and they are those of the rows asked for."""
    doubled = np.ascontiguousarray(np.concatenate([matrix[:50], matrix[:50]]))
    places = np.arange(100)[::-1].copy()
    products = inner_products(doubled, places, matrix[3])
    assert products == pytest.approx(doubled[::-1] @ matrix[3], abs=1e-6)
    assert products[:50].tolist() == products[50:].tolist()
    assert inner_products(matrix, np.zeros(0, np.int64), matrix[3]).shape == (0,)
