"""Late interaction: MaxSim by hand, and by brute force on random words."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models

from kbsearch.encoders.static import StaticWords
from kbsearch.index.word_index import ArticleWords, WordIndex
from kbsearch.retrieval.late_interaction import QueryWords, late_interaction

# Word 0 is unknown. 1 and 3 are at right angles, 2 lies between them and weighs 2, 4 is opposite
# to 1.
UNKNOWN, COOLING, COLD_AIR, WATCH, OPPOSITE = range(5)
ROWS = np.array([[0, 0], [1, 0], [1.2, 1.6], [0, 1], [-1, 0]], np.float32)
# Five articles, one of them empty; COOLING stands in two, every other word in one.
ARTICLES = [[COOLING, WATCH, UNKNOWN], [COLD_AIR], [], [OPPOSITE], [COOLING]]
HEADINGS = [[WATCH], [], [], [OPPOSITE], [COOLING]]
# ln(1 + (N - n + 0.5) / (n + 0.5)) of N = 5
IN_TWO, IN_ONE, IN_NONE = math.log(2.4), math.log(4), math.log(12)


def words_of(rows):
    """The words of a static model with these rows; none of the tests cuts a text."""
    return StaticWords(rows, Tokenizer(models.WordLevel({"?": 0}, unk_token="?")))


def coverage(query, articles=ARTICLES, rows=None, *, headings=None, table=ROWS):
    """Late interaction of words with articles, whose headings are empty if not said."""
    headings = [[] for _ in articles] if headings is None else headings
    index = WordIndex.of(
        [
            ArticleWords(np.array(heading, np.int32), np.array(words, np.int32))
            for heading, words in zip(headings, articles, strict=True)
        ]
    )
    words = QueryWords.of(np.array(query, np.int32), words_of(table))
    wanted = range(len(articles)) if rows is None else rows
    return late_interaction(words, index, np.array(wanted, np.int64))


def scores(query, articles=ARTICLES, rows=None):
    """How well all words of the articles cover the query's."""
    return coverage(query, articles, rows).words


def test_query_words_are_distinct_and_weighted():
    """冷气 stands once and weighs 2, 空调 stands twice and weighs 1; the unknown word is gone."""
    query = QueryWords.of(np.array([COOLING, COLD_AIR, UNKNOWN, COOLING], np.int32), words_of(ROWS))
    assert query.ids.tolist() == [COOLING, COLD_AIR]
    assert query.counts == pytest.approx([2, 2])
    np.testing.assert_allclose(query.vectors, [[1, 0], [0.6, 0.8]], rtol=1e-6)


def test_maxsim_by_hand():
    """空调 has the cosines 1, 0.6, 0 and -1 with the words of the articles, 冷气 0.8 with 手表.

    Both words of the query weigh 1; a cosine below zero counts as zero.
    """
    both = IN_TWO + IN_ONE
    found = scores([COOLING, COOLING, COLD_AIR])
    assert found == pytest.approx(
        [
            (IN_TWO * 1 + IN_ONE * 0.8) / both,
            (IN_TWO * 0.6 + IN_ONE * 1) / both,
            0,
            0,
            (IN_TWO * 1 + IN_ONE * 0.6) / both,
        ],
        abs=1e-6,
    )
    assert found.dtype == np.float64


def test_maxsim_over_the_heading_by_hand():
    """The same query looks into headings alone: 手表 has 0 with 空调 and 0.8 with 冷气.

    The words that do not head an article count in `words` as before.
    """
    both = IN_TWO + IN_ONE
    found = coverage([COOLING, COOLING, COLD_AIR], headings=HEADINGS)
    in_all = (IN_TWO * 1 + IN_ONE * 0.6) / both
    assert found.heading_words == pytest.approx([IN_ONE * 0.8 / both, 0, 0, 0, in_all], abs=1e-6)
    assert found.words.tolist() == scores([COOLING, COOLING, COLD_AIR]).tolist()
    assert found.heading_words.dtype == np.float64


def test_word_of_heading_and_rest_counts_in_both():
    """空调 in title and body heads the article all the same."""
    found = coverage([COOLING], [[COOLING]], headings=[[COOLING]])
    assert [array.tolist() for array in found] == [[1], [1]]


def test_words_count_by_weight_and_repetition():
    """Once each, 冷气 counts twice as much as 空调: its row is twice as long."""
    found = scores([COOLING, COLD_AIR], rows=[0])
    assert found == pytest.approx([(IN_TWO + 2 * IN_ONE * 0.8) / (IN_TWO + 2 * IN_ONE)])


def test_a_rare_word_counts_more_than_a_common_one():
    """The article that has the rare word of the query beats the one that has the common word."""
    found = scores([COOLING, WATCH], [[COOLING], [WATCH], [COOLING]])
    common, rare = math.log(1.6), math.log(8 / 3)  # in two and in one of three
    assert found == pytest.approx(
        [common / (common + rare), rare / (common + rare), common / (common + rare)]
    )
    assert found[1] > found[0]


def test_a_word_that_no_article_has_still_counts():
    """It takes the greatest idf, so an article that misses it cannot score 1."""
    found = scores([COOLING, WATCH], [[COOLING], [COOLING], [], [], []])
    assert found[0] == pytest.approx(IN_TWO / (IN_TWO + IN_NONE))


def test_an_article_with_every_word_scores_one():
    """Whatever else it says."""
    assert scores([COOLING, WATCH], [[OPPOSITE, WATCH, COLD_AIR, COOLING]]) == pytest.approx([1])


def test_unknown_words_of_the_query_change_nothing():
    """Neither alone nor beside known ones: no article can be blamed for missing them."""
    assert scores([UNKNOWN]).tolist() == [0] * 5
    assert scores([]).tolist() == [0] * 5
    assert scores([UNKNOWN, COOLING]).tolist() == scores([COOLING]).tolist()


def test_rows_come_in_the_order_asked():
    """Any rows, also repeated, with the empty article first, in the middle and last."""
    every = scores([COOLING, COLD_AIR])
    rows = [2, 4, 2, 0, 0, 3, 1, 2]
    assert scores([COOLING, COLD_AIR], rows=rows).tolist() == every[rows].tolist()


@pytest.mark.parametrize(("articles", "rows"), [(ARTICLES, []), ([], []), ([[], []], [1, 0])])
def test_nothing_to_compare(articles, rows):
    """No rows, no articles, or articles without a word: a score of 0 for each row."""
    for found in coverage([COOLING], articles, rows):
        assert found.tolist() == [0] * len(rows)
        assert found.dtype == np.float64


word_lists = st.lists(st.integers(0, 11), max_size=6)


def plain_loop(query, frequencies, count, article, table):
    """Word by word: best cosine, at least 0, by weight × count × idf."""
    total = reached = 0.0
    for word in query:  # a repeated word simply comes again
        length = float(np.linalg.norm(table[word]))
        if not length:
            continue
        n = frequencies[word]
        weight = length * math.log(1 + (count - n + 0.5) / (n + 0.5))
        cosines = [
            float(table[word] @ table[other]) / length / float(np.linalg.norm(table[other]))
            for other in article
            if table[other].any()
        ]
        total += weight
        reached += weight * max([0.0, *cosines])
    return reached / total if total else 0.0


@given(
    st.integers(0, 2**32),
    word_lists,
    st.lists(st.tuples(word_lists, word_lists), min_size=1, max_size=6),
)
def test_coverage_equals_a_plain_loop(seed, query, articles):
    """With random vectors, over all words and over the heading; idf counts all words for both."""
    table = np.random.default_rng(seed).normal(size=(12, 3)).astype(np.float32)
    table[[0, 7]] = 0  # unknown
    headings, rests = zip(*articles, strict=True)
    whole = [heading + rest for heading, rest in articles]
    frequencies = [sum(word in words for words in whole) for word in range(12)]
    found = coverage(query, rests, headings=headings, table=table)
    for given_words, scores_of in ((whole, found.words), (headings, found.heading_words)):
        expected = [plain_loop(query, frequencies, len(whole), a, table) for a in given_words]
        assert scores_of == pytest.approx(expected, abs=1e-5)


@given(word_lists, st.lists(st.tuples(word_lists, word_lists), min_size=1, max_size=6))
def test_heading_never_covers_more_than_the_article(query, articles):
    """Its words are some of the article's, and both lie between 0 and 1."""
    table = np.random.default_rng(0).normal(size=(12, 3)).astype(np.float32)
    headings, rests = zip(*articles, strict=True)
    found = coverage(query, rests, headings=headings, table=table)
    assert (found.heading_words <= found.words).all()
    assert (found.heading_words >= 0).all()
    assert (found.words <= 1 + 1e-9).all()
