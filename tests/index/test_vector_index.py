"""The vector index: what it finds equals brute force, exact and HNSW; merging equals indexing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbsearch.encoders.protocol import unit_rows
from kbsearch.index.vector_index import VectorIndex, Vectors
from kbsearch.settings import VectorSettings

DIM = 16
EXACT, GRAPH = VectorSettings(), VectorSettings(exact_up_to=0)


def random_vectors(seed, articles, dim=DIM):
    """Articles with a title, up to three questions and, two times in three, a body."""
    rng = np.random.default_rng(seed)
    questions = rng.integers(1, 5, articles)
    has_body = (rng.random(articles) < 2 / 3).astype(int)
    is_body = [
        flag
        for count, body in zip(questions, has_body, strict=True)
        for flag in [False] * count + [True] * body
    ]
    offsets = np.concatenate([[0], np.cumsum(questions + has_body)]).astype(np.int64)
    matrix = unit_rows(rng.normal(size=(len(is_body), dim)).astype(np.float32))
    return Vectors(matrix, offsets, np.array(is_body, np.bool_))


def random_query(seed, dim=DIM):
    """A unit vector."""
    return unit_rows(np.random.default_rng(seed).normal(size=(1, dim)).astype(np.float32))[0]


def brute_force_nearest(vectors, query, k, allowed):
    """Owners of the k nearest vectors among those of allowed articles."""
    owner = [row for row, n in enumerate(np.diff(vectors.offsets)) for _ in range(n)]
    similarity = vectors.matrix @ query
    order = [place for place in np.argsort(-similarity) if allowed[owner[place]]]
    return sorted({owner[place] for place in order[:k]})


@given(st.integers(0, 2**32), st.integers(1, 20), st.sampled_from([EXACT, GRAPH]))
def test_similarities_equal_brute_force(seed, articles, kind):
    """Nearest question, next one and body of each article, whichever index finds it."""
    vectors, query = random_vectors(seed, articles), random_query(seed)
    rows = np.random.default_rng(seed).permutation(articles)[: articles // 2 + 1]
    found = VectorIndex(vectors, kind).similarities(query, rows)
    for row, *values, nearest in zip(rows, *found, strict=True):
        begin, end = vectors.offsets[row : row + 2]
        asked = [float(np.dot(vectors.matrix[place], query)) for place in range(begin, end)]
        body = asked.pop() if vectors.is_body[end - 1] else 0.0
        best, second = sorted(asked, reverse=True)[:2] if len(asked) > 1 else asked * 2
        assert values == pytest.approx([best, second, body], abs=1e-5)
        assert asked[nearest] == pytest.approx(best, abs=1e-6)


def test_similarities_by_hand():
    """Questions along (1, 0), (0.6, 0.8) and (0, -1), body along (0, 1), query (0.6, 0.8).

    The second question is the nearest with 1, the title is next with 0.6, the body has 0.8. The
    other article has a title alone, which is both nearest and next.
    """
    matrix = np.array([[1, 0], [0.6, 0.8], [0, -1], [0, 1], [1, 0]], np.float32)
    is_body = np.array([False, False, False, True, False])
    index = VectorIndex(Vectors(matrix, np.array([0, 4, 5]), is_body), EXACT)
    found = index.similarities(np.array([0.6, 0.8], np.float32), np.array([1, 0]))
    assert found.question == pytest.approx([0.6, 1])
    assert found.second == pytest.approx([0.6, 0.6])
    assert found.body == pytest.approx([0, 0.8])
    assert found.nearest.tolist() == [0, 1]
    assert [array.dtype for array in found] == [np.float64] * 3 + [np.int64]


def test_first_of_equal_questions_is_the_match():
    """A question that repeats the title does not take its place, and is the next nearest."""
    vectors = Vectors(np.array([[1, 0], [1, 0]], np.float32), np.array([0, 2]), np.zeros(2, bool))
    found = VectorIndex(vectors, EXACT).similarities(np.array([1, 0], np.float32), np.array([0]))
    assert found.nearest.tolist() == [0]
    assert found.second.tolist() == [1]


def test_opposite_question_is_the_second_all_the_same():
    """A body is no question: with title and one question alone, the farther one is the next."""
    matrix = np.array([[1, 0], [-1, 0], [1, 0]], np.float32)
    vectors = Vectors(matrix, np.array([0, 3]), np.array([False, False, True]))
    found = VectorIndex(vectors, EXACT).similarities(np.array([1, 0], np.float32), np.array([0]))
    assert [array.tolist() for array in found] == [[1], [-1], [1], [0]]


@pytest.mark.parametrize("articles", [0, 3])
def test_no_rows_have_no_similarities(articles):
    """No candidates give empty arrays."""
    found = VectorIndex(random_vectors(0, articles), EXACT).similarities(
        random_query(0), np.zeros(0, np.int64)
    )
    assert [array.shape for array in found] == [(0,)] * 4


@pytest.mark.parametrize(
    ("is_body", "offsets", "share"),
    [
        ([False, True, False, False, True, False], [0, 2, 5, 6], 1 / 3),
        ([False, False], [0, 1, 2], 0),
        ([False, False, True, False, False], [0, 3, 5], 1),
        ([], [0], 0),
    ],
)
def test_share_of_articles_with_questions(is_body, offsets, share):
    """A body is no similar question: of title and body, title, question and body, and title, one.

    Without articles it is none.
    """
    matrix = np.ones((len(is_body), 1), np.float32)
    vectors = Vectors(matrix, np.array(offsets), np.array(is_body, np.bool_))
    assert VectorIndex(vectors, EXACT).with_questions == pytest.approx(share)


masks = st.lists(st.booleans(), min_size=20, max_size=20).map(np.array)


@given(st.integers(0, 2**32), st.integers(1, 80), st.none() | masks)
def test_exact_nearest_equals_brute_force(seed, k, allowed):
    """The owners of the k nearest vectors, each once; a filter is applied before counting to k."""
    vectors, query = random_vectors(seed, 20), random_query(seed)
    found = VectorIndex(vectors, EXACT).nearest(query, k, allowed)
    mask = np.ones(20, bool) if allowed is None else allowed
    assert found.tolist() == brute_force_nearest(vectors, query, k, mask)


@pytest.mark.parametrize("share", [1.0, 0.5, 0.05])
def test_graph_finds_what_brute_force_finds(share):
    """With any share of the articles allowed, HNSW finds 95 % of what brute force finds.

    What is not allowed is never found.
    """
    vectors = random_vectors(1, 600)
    allowed = np.random.default_rng(2).random(600) < share
    index = VectorIndex(vectors, GRAPH)
    assert not index.is_exact
    found = wanted = 0
    for seed in range(40):
        query = random_query(seed)
        nearest = set(index.nearest(query, 20, None if share == 1 else allowed).tolist())
        expected = set(brute_force_nearest(vectors, query, 20, allowed))
        assert all(allowed[row] for row in nearest)
        found += len(nearest & expected)
        wanted += len(expected)
    assert found >= 0.95 * wanted


@pytest.mark.parametrize("kind", [EXACT, GRAPH])
def test_nothing_is_near(kind):
    """A query without a known word, an index without vectors, and a filter that allows nothing."""
    vectors, nobody = random_vectors(0, 20), np.zeros(20, bool)
    assert VectorIndex(vectors, kind).nearest(np.zeros(DIM, np.float32), 5).size == 0
    assert VectorIndex(Vectors.empty(DIM), kind).nearest(random_query(0), 5).size == 0
    assert VectorIndex(vectors, kind).nearest(random_query(0), 5, nobody).size == 0


@pytest.mark.parametrize(("vectors", "exact"), [(10, True), (9, False)])
def test_search_is_exact_up_to_a_number_of_vectors(vectors, exact):
    """Ten vectors are searched exactly if up to ten may be, not if up to nine may."""
    matrix = unit_rows(np.random.default_rng(0).normal(size=(10, 4)).astype(np.float32))
    ten = Vectors(matrix, np.arange(11), np.zeros(10, bool))
    assert VectorIndex(ten, VectorSettings(exact_up_to=vectors)).is_exact is exact


@pytest.mark.parametrize("kind", [EXACT, GRAPH])
def test_loaded_index_finds_the_same(kind, tmp_path):
    """What is loaded finds what the saved index found; a graph is read, not built again."""
    vectors = random_vectors(3, 200)
    index = VectorIndex(vectors, kind)
    index.save(tmp_path)
    assert (tmp_path / "vectors_hnsw.npy").exists() is (kind is GRAPH)
    loaded = VectorIndex.load(tmp_path, kind)
    assert loaded.vectors.matrix.tobytes() == vectors.matrix.tobytes()
    for seed in range(10):
        query = random_query(seed)
        assert loaded.nearest(query, 20).tolist() == index.nearest(query, 20).tolist()


def test_same_vectors_give_the_same_graph(tmp_path, files_of):
    """Same input, same bytes, the graph included."""
    vectors = random_vectors(4, 400)
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        VectorIndex(vectors, GRAPH).save(tmp_path / name)
    assert files_of(tmp_path / "one") == files_of(tmp_path / "other")


names = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 5), max_size=8)


def vectors_of(pairs):
    """The vectors of articles whose content is their name and a number."""
    each = [random_vectors(ord(name) * 10 + number, 1) for name, number in pairs]
    sizes = [len(vectors.matrix) for vectors in each]
    return Vectors(
        np.concatenate([np.zeros((0, DIM), np.float32), *(v.matrix for v in each)]),
        np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        np.concatenate([np.zeros(0, np.bool_), *(v.is_body for v in each)]),
    )


@given(names, names)
def test_merging_equals_indexing_anew(merge_plan, before, after):
    """After any adds, changes and deletes: the vectors of a fresh index, byte for byte."""
    old, new = sorted(before.items()), sorted(after.items())
    kept, added, places = merge_plan(old, new)
    merged, fresh = vectors_of(old).merge(kept, vectors_of(added), places), vectors_of(new)
    for name in ("matrix", "offsets", "is_body"):
        one, other = getattr(merged, name), getattr(fresh, name)
        assert (one.dtype, one.shape, one.tobytes()) == (other.dtype, other.shape, other.tobytes())


def test_graph_finds_all_of_the_few_that_are_allowed():
    """With one article in two hundred allowed, nothing of it is lost: it is searched exactly."""
    vectors = random_vectors(1, 600)
    allowed = np.arange(600) % 200 == 7
    index = VectorIndex(vectors, VectorSettings(exact_up_to=40))
    assert not index.is_exact
    for seed in range(20):
        query = random_query(seed)
        expected = brute_force_nearest(vectors, query, 5, allowed)
        assert index.nearest(query, 5, allowed).tolist() == expected
