"""The vector index: what it finds equals brute force, exact and compressed, in several parts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kbsearch.encoders.protocol import unit_rows
from kbsearch.index.nearest import CompressedVectors, ExactVectors
from kbsearch.index.runs import Runs
from kbsearch.index.vector_index import Part, VectorIndex
from kbsearch.index.vectors import Vectors

DIM = 16


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
    matrix = unit_rows(rng.normal(size=(len(is_body), dim)).astype(np.float32))
    return Vectors(Runs.of(questions + has_body), matrix, np.array(is_body, np.bool_))


def vectors_by_hand(matrix, counts, is_body):
    """Vectors that are given as lists."""
    return Vectors(Runs.of(counts), np.array(matrix, np.float32), np.array(is_body, np.bool_))


def index_of(vectors, rows=None):
    """An exact index of vectors that lie in one part, some of whose articles may be gone."""
    rows = np.arange(len(vectors.runs)) if rows is None else rows
    part = Part.of(ExactVectors(vectors.matrix), vectors.runs, rows)
    return VectorIndex(Vectors.joined([vectors], [rows]), [part])


def index_of_parts(parts, rows):
    """An exact index of vectors that lie in several parts."""
    searched = [
        Part.of(ExactVectors(part.matrix), part.runs, row)
        for part, row in zip(parts, rows, strict=True)
    ]
    return VectorIndex(Vectors.joined(parts, rows), searched)


def random_query(seed, dim=DIM):
    """A unit vector."""
    return unit_rows(np.random.default_rng(seed).normal(size=(1, dim)).astype(np.float32))[0]


def brute_force_nearest(vectors, query, k, allowed):
    """Owners of the k nearest vectors among those of allowed articles."""
    owner = vectors.runs.owners.tolist()
    similarity = vectors.matrix @ query
    order = [place for place in np.argsort(-similarity) if allowed[owner[place]]]
    return sorted({owner[place] for place in order[:k]})


@given(st.integers(0, 2**32), st.integers(1, 20))
def test_similarities_equal_brute_force(seed, articles):
    """Nearest question, next one and body of each article."""
    vectors, query = random_vectors(seed, articles), random_query(seed)
    rows = np.random.default_rng(seed).permutation(articles)[: articles // 2 + 1]
    found = index_of(vectors).similarities(query, rows)
    for row, *values, nearest in zip(rows, *found, strict=True):
        own, is_body = vectors.article(row)
        asked = [float(np.dot(vector, query)) for vector in own]
        body = asked.pop() if is_body[-1] else 0.0
        best, second = sorted(asked, reverse=True)[:2] if len(asked) > 1 else asked * 2
        assert values == pytest.approx([best, second, body], abs=1e-5)
        assert asked[nearest] == pytest.approx(best, abs=1e-6)


def test_similarities_by_hand():
    """Questions along (1, 0), (0.6, 0.8) and (0, -1), body along (0, 1), query (0.6, 0.8).

    The second question is the nearest with 1, the title is next with 0.6, the body has 0.8. The
    other article has a title alone, which is both nearest and next.
    """
    matrix = [[1, 0], [0.6, 0.8], [0, -1], [0, 1], [1, 0]]
    index = index_of(vectors_by_hand(matrix, [4, 1], [False, False, False, True, False]))
    found = index.similarities(np.array([0.6, 0.8], np.float32), np.array([1, 0]))
    assert found.question == pytest.approx([0.6, 1])
    assert found.second == pytest.approx([0.6, 0.6])
    assert found.body == pytest.approx([0, 0.8])
    assert found.nearest.tolist() == [0, 1]
    assert [array.dtype for array in found] == [np.float64] * 3 + [np.int64]


def test_first_of_equal_questions_is_the_match():
    """A question that repeats the title does not take its place, and is the next nearest."""
    vectors = vectors_by_hand([[1, 0], [1, 0]], [2], [False, False])
    found = index_of(vectors).similarities(np.array([1, 0], np.float32), np.array([0]))
    assert found.nearest.tolist() == [0]
    assert found.second.tolist() == [1]


def test_opposite_question_is_the_second_all_the_same():
    """A body is no question: with title and one question alone, the farther one is the next."""
    vectors = vectors_by_hand([[1, 0], [-1, 0], [1, 0]], [3], [False, False, True])
    found = index_of(vectors).similarities(np.array([1, 0], np.float32), np.array([0]))
    assert [array.tolist() for array in found] == [[1], [-1], [1], [0]]


@pytest.mark.parametrize("articles", [0, 3])
def test_no_rows_have_no_similarities(articles):
    """No candidates give empty arrays."""
    found = index_of(random_vectors(0, articles)).similarities(
        random_query(0), np.zeros(0, np.int64)
    )
    assert [array.shape for array in found] == [(0,)] * 4


@pytest.mark.parametrize(
    ("is_body", "counts", "share"),
    [
        ([False, True, False, False, True, False], [2, 3, 1], 1 / 3),
        ([False, False], [1, 1], 0),
        ([False, False, True, False, False], [3, 2], 1),
        ([], [], 0),
    ],
)
def test_share_of_articles_with_questions(is_body, counts, share):
    """A body is no similar question: of title and body, title, question and body, and title, one.

    Without articles it is none.
    """
    vectors = vectors_by_hand(np.ones((len(is_body), 1)), counts, is_body)
    assert index_of(vectors).with_questions == pytest.approx(share)


def nearest_to(index, query, k, allowed=None):
    """The nearest articles of a single query."""
    (rows,) = index.nearest(query[None], k, allowed)
    return rows


masks = st.lists(st.booleans(), min_size=20, max_size=20).map(np.array)


@given(st.integers(0, 2**32), st.integers(1, 80), st.none() | masks)
def test_exact_nearest_equals_brute_force(seed, k, allowed):
    """The owners of the k nearest vectors, each once; a filter is applied before counting to k."""
    vectors, query = random_vectors(seed, 20), random_query(seed)
    found = nearest_to(index_of(vectors), query, k, allowed)
    mask = np.ones(20, bool) if allowed is None else allowed
    assert found.tolist() == brute_force_nearest(vectors, query, k, mask)


@pytest.fixture(scope="module")
def compressed(tmp_path_factory):
    """Six hundred articles, more than a thousand vectors, compressed."""
    folder = tmp_path_factory.mktemp("compressed")
    vectors = random_vectors(1, 600)
    assert len(vectors.matrix) > 1_000
    CompressedVectors.write(folder, vectors.matrix)
    return vectors, CompressedVectors(folder, vectors.matrix)


@pytest.mark.parametrize("share", [1.0, 0.5, 0.05])
def test_compressed_vectors_lead_to_what_brute_force_finds(compressed, share, monkeypatch):
    """Of the articles of the 20 nearest vectors 95 % are among those of 100, as candidates are.

    With any share of the articles allowed, though scanning is by codes: random vectors, of which
    none is like another, are the worst case for them. What is not allowed is never found.
    """
    monkeypatch.setattr("kbsearch.index.nearest._COMPARED_ONE_BY_ONE", 0)
    vectors, nearest_vectors = compressed
    allowed = np.random.default_rng(2).random(600) < share
    part = Part.of(nearest_vectors, vectors.runs, np.arange(600))
    index = VectorIndex(vectors, [part])
    found = wanted = 0
    for seed in range(40):
        query = random_query(seed)
        nearest = set(nearest_to(index, query, 100, None if share == 1 else allowed).tolist())
        expected = set(brute_force_nearest(vectors, query, 20, allowed))
        assert all(allowed[row] for row in nearest)
        found += len(nearest & expected)
        wanted += len(expected)
    assert found >= 0.95 * wanted


def test_compressed_vectors_find_all_of_the_few_that_are_allowed(compressed):
    """With one article in two hundred allowed, nothing of it is lost: it is searched exactly."""
    vectors, nearest_vectors = compressed
    allowed = np.arange(600) % 200 == 7
    index = VectorIndex(vectors, [Part.of(nearest_vectors, vectors.runs, np.arange(600))])
    for seed in range(20):
        query = random_query(seed)
        expected = brute_force_nearest(vectors, query, 5, allowed)
        assert nearest_to(index, query, 5, allowed).tolist() == expected


@pytest.mark.parametrize("one_by_one", [0, 10_000])
@pytest.mark.parametrize("filtered", [False, True])
def test_gone_articles_are_never_found_among_compressed_vectors(
    compressed, one_by_one, filtered, monkeypatch
):
    """Nor does their place in the order go to one that is left: a third is gone, and -1 no row."""
    monkeypatch.setattr("kbsearch.index.nearest._COMPARED_ONE_BY_ONE", one_by_one)
    vectors, nearest_vectors = compressed
    there = np.arange(600) % 3 > 0
    rows = np.where(there, np.cumsum(there) - 1, -1)
    index = VectorIndex(
        Vectors.joined([vectors], [rows]), [Part.of(nearest_vectors, vectors.runs, rows)]
    )
    allowed = np.arange(400) % 2 == 0 if filtered else None
    for place in np.flatnonzero(~there)[:20]:
        found = nearest_to(index, vectors.article(place).matrix[0], 2_000, allowed)
        expected = np.flatnonzero(allowed) if filtered else np.arange(400)
        assert found.tolist() == expected.tolist()
        assert len(nearest_to(index, vectors.article(place).matrix[0], 1, allowed)) == 1


def test_similarities_are_exact_though_vectors_are_compressed(compressed):
    """Scores come from the vectors themselves."""
    vectors, nearest_vectors = compressed
    index = VectorIndex(vectors, [Part.of(nearest_vectors, vectors.runs, np.arange(600))])
    query, rows = random_query(0), np.arange(600)
    for one, other in zip(
        index.similarities(query, rows), index_of(vectors).similarities(query, rows), strict=True
    ):
        assert one.tolist() == other.tolist()


@given(st.integers(0, 2**32), st.integers(0, 40))
def test_many_queries_find_what_each_finds_alone(seed, count):
    """Whether they share the work or not."""
    index = index_of(random_vectors(seed, 20))
    queries = np.array([random_query(seed + n) for n in range(count)], np.float32).reshape(-1, DIM)
    together = index.nearest(queries, 5)
    assert [rows.tolist() for rows in together] == [
        nearest_to(index, query, 5).tolist() for query in queries
    ]


def test_nothing_is_near():
    """A query without a known word, an index without vectors, and a filter that allows nothing."""
    vectors, nobody = random_vectors(0, 20), np.zeros(20, bool)
    assert nearest_to(index_of(vectors), np.zeros(DIM, np.float32), 5).size == 0
    assert nearest_to(index_of(Vectors.empty(DIM)), random_query(0), 5).size == 0
    assert nearest_to(VectorIndex(Vectors.empty(DIM), []), random_query(0), 5).size == 0
    assert nearest_to(index_of(vectors), random_query(0), 5, nobody).size == 0
    everybody_gone = index_of(vectors, np.full(20, -1))
    assert nearest_to(everybody_gone, random_query(0), 5).size == 0


names = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 5), max_size=8)


def vectors_of(pairs):
    """The vectors of articles whose content is their name and a number."""
    each = [random_vectors(ord(name) * 10 + number, 1) for name, number in pairs]
    return Vectors(
        Runs.of([len(vectors.matrix) for vectors in each]),
        np.concatenate([np.zeros((0, DIM), np.float32), *(v.matrix for v in each)]),
        np.concatenate([np.zeros(0, np.bool_), *(v.is_body for v in each)]),
    )


@settings(max_examples=200)
@given(names, names, st.integers(0, 2**32), st.integers(1, 30), st.data())
def test_several_parts_answer_as_one(merge_plan, before, after, seed, k, data):
    """Vectors in two parts, some of them gone, are found and scored as those of a fresh index."""
    old, new = sorted(before.items()), sorted(after.items())
    kept, added, places = merge_plan(old, new)
    index = index_of_parts([vectors_of(old), vectors_of(added)], [kept, places])
    fresh = index_of(vectors_of(new))
    query, rows = random_query(seed), np.arange(len(new))
    masks = st.none() | st.lists(st.booleans(), min_size=len(new), max_size=len(new)).map(
        lambda mask: np.array(mask, np.bool_)
    )
    allowed = data.draw(masks)
    assert (
        nearest_to(index, query, k, allowed).tolist()
        == nearest_to(fresh, query, k, allowed).tolist()
    )
    assert index.with_questions == fresh.with_questions
    for one, other in zip(
        index.similarities(query, rows), fresh.similarities(query, rows), strict=True
    ):
        assert one.tolist() == other.tolist()


@given(names, names)
def test_joining_equals_indexing_anew(tmp_path_factory, merge_plan, files_of, before, after):
    """After any adds, changes and deletes: the vectors of a fresh index, byte for byte."""
    old, new = sorted(before.items()), sorted(after.items())
    kept, added, places = merge_plan(old, new)
    joined = Vectors.joined([vectors_of(old), vectors_of(added)], [kept, places])
    folder = tmp_path_factory.mktemp("joined")
    for name, vectors in (("joined", joined), ("fresh", vectors_of(new))):
        (folder / name).mkdir()
        vectors.save(folder / name)
    assert files_of(folder / "joined") == files_of(folder / "fresh")
    loaded = Vectors.load(folder / "joined")
    assert loaded.sums().tobytes() == joined.sums().tobytes() == vectors_of(new).sums().tobytes()


def test_a_search_multiplies_only_what_it_is_asked_for(monkeypatch):
    """Similarities of three articles cost as many inner products as these have vectors."""
    from kbsearch.index import vector_index

    counted = []
    products = vector_index.inner_products

    def counting(matrix, places, query):
        counted.append(len(places))
        return products(matrix, places, query)

    monkeypatch.setattr(vector_index, "inner_products", counting)
    vectors = random_vectors(0, 100)
    rows = np.array([3, 70, 4])
    index_of(vectors).similarities(random_query(0), rows)
    assert sum(counted) == vectors.runs.counts[rows].sum()
