"""The word index: distinct words of each article, which head it, and how rare each word is."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbsearch.index.word_index import ArticleWords, WordIndex


def index_of(*articles):
    """The index of articles given as word numbers of heading and rest."""
    return WordIndex.of(
        [ArticleWords(*(np.array(words, np.int32) for words in both)) for both in articles]
    )


def content(index):
    """All there is to compare: types, shapes and bytes."""
    arrays = (index.words, index.runs.begins, index.runs.counts, index.in_heading)
    return [(a.dtype, a.shape, a.tobytes()) for a in arrays]


def test_words_of_an_article_are_distinct_and_ascending():
    """Repetitions and order of a text are of no account; an article may have no word."""
    index = index_of(([5], [2, 5, 9]), ([], []), ([2], []))
    assert index.words.tolist() == [2, 5, 9, 2]
    assert index.runs.counts.tolist() == [3, 0, 1]
    assert index.words.dtype == np.int32
    assert len(index.runs) == 3


def test_heading_words_are_told_apart():
    """5 stands in title and body of the first article; 2 heads the second, but not the first."""
    index = index_of(([9, 5, 9], [2, 5]), ([2], []), ([], [2, 9]))
    assert [tuple(array.tolist() for array in index.article(row)) for row in range(3)] == [
        ([2, 5, 9], [False, True, True]),
        ([2], [True]),
        ([2, 9], [False, False]),
    ]


def test_frequencies_count_articles():
    """Word 2 stands in two articles, 5 in one, though three times; 0, 1, 3 and 4 in none."""
    index = index_of(([5], [2, 5, 5]), ([], []), ([2], []))
    assert index.frequencies.tolist() == [0, 0, 2, 0, 0, 1]


def test_idf_by_hand():
    """Of three articles two have word 2, one has word 5, none has 3 or (beyond all) 1000.

    ln(1 + (3 - n + 0.5) / (n + 0.5)) is ln 1.6 for n = 2, ln (8 / 3) for 1, and ln 8 for 0.
    """
    index = index_of(([5], [2]), ([], []), ([], [2]))
    idf = index.idf(np.array([2, 5, 3, 1000], np.int32))
    assert idf == pytest.approx([math.log(1.6), math.log(8 / 3), math.log(8), math.log(8)])
    assert idf.dtype == np.float64


def test_a_word_of_every_article_still_counts():
    """With n = N = 3 it is ln(1 + 0.5 / 3.5), above zero."""
    index = index_of(([1], []), ([], [1]), ([1], [1]))
    assert index.idf(np.array([1], np.int32)) == pytest.approx([math.log(8 / 7)])


@pytest.mark.parametrize("articles", [[], [([], [])], [([], [])] * 2])
def test_articles_without_words(articles):
    """No articles, or articles of an encoder without words: every word is unseen."""
    index = index_of(*articles)
    count = len(articles)
    assert index.frequencies.tolist() == []
    # n = 0 gives ln(1 + (N + 0.5) / 0.5) = ln(2 N + 2)
    assert index.idf(np.array([0, 7], np.int32)) == pytest.approx([math.log(2 * count + 2)] * 2)
    assert index.idf(np.zeros(0, np.int32)).shape == (0,)


@pytest.mark.parametrize(
    "articles", [[([5], [2, 5]), ([], []), ([2], [])], [([], []), ([], [])], []]
)
def test_loaded_index_is_the_saved_one(tmp_path, articles):
    """What is read has the same types, shapes and bytes, an index without words included."""
    index = index_of(*articles)
    index.save(tmp_path)
    loaded = WordIndex.load(tmp_path)
    assert content(loaded) == content(index)
    assert loaded.frequencies.tolist() == index.frequencies.tolist()
    names = ("words", "word_offsets", "word_in_heading", "word_frequencies")
    assert {path.name for path in tmp_path.iterdir()} == {f"{name}.npy" for name in names}


numbers = st.lists(st.integers(0, 20), max_size=5).map(tuple)
names = st.dictionaries(st.sampled_from("abcdefgh"), st.tuples(numbers, numbers), max_size=8)


@given(names, names)
def test_joining_equals_indexing_anew(tmp_path_factory, merge_plan, files_of, before, after):
    """After any adds, changes and deletes: the words of a fresh index, byte for byte."""
    old, new = sorted(before.items()), sorted(after.items())
    kept, added, places = merge_plan(old, new)

    def fresh(pairs):
        return index_of(*(both for _, both in pairs))

    joined = WordIndex.joined([fresh(old), fresh(added)], [kept, places])
    folder = tmp_path_factory.mktemp("joined")
    for name, index in (("joined", joined), ("fresh", fresh(new))):
        (folder / name).mkdir()
        index.save(folder / name)
    assert files_of(folder / "joined") == files_of(folder / "fresh")
    ids = np.arange(22, dtype=np.int32)
    assert joined.idf(ids).tolist() == fresh(new).idf(ids).tolist()
    for row in range(len(new)):
        assert [a.tolist() for a in joined.article(row)] == [
            a.tolist() for a in fresh(new).article(row)
        ]
