"""Late interaction: MaxSim by hand, and by brute force on random words."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models

from kbsearch.encoders.static import StaticWords
from kbsearch.index.word_index import WordIndex
from kbsearch.retrieval.late_interaction import QueryWords, late_interaction

# Word 0 is unknown. 1 and 3 are at right angles, 2 lies between them and weighs 2, 4 is opposite
# to 1.
UNKNOWN, COOLING, COLD_AIR, WATCH, OPPOSITE = range(5)
ROWS = np.array([[0, 0], [1, 0], [1.2, 1.6], [0, 1], [-1, 0]], np.float32)
# Five articles, one of them empty; COOLING stands in two, every other word in one.
ARTICLES = [[COOLING, WATCH, UNKNOWN], [COLD_AIR], [], [OPPOSITE], [COOLING]]
# ln(1 + (N - n + 0.5) / (n + 0.5)) of N = 5
IN_TWO, IN_ONE, IN_NONE = math.log(2.4), math.log(4), math.log(12)


def words_of(rows):
    """The words of a static model with these rows; none of the tests cuts a text."""
    return StaticWords(rows, Tokenizer(models.WordLevel({"?": 0}, unk_token="?")))


def scores(query, articles=None, rows=None, *, table=ROWS):
    """Late interaction of words with articles, all of ARTICLES if not said."""
    given = ARTICLES if articles is None else articles
    index = WordIndex.of([np.array(words, np.int32) for words in given])
    words = QueryWords.of(np.array(query, np.int32), words_of(table))
    wanted = range(len(given)) if rows is None else rows
    return late_interaction(words, index, np.array(wanted, np.int64))


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
    found = scores([COOLING], articles, rows)
    assert found.tolist() == [0] * len(rows)
    assert found.dtype == np.float64


word_lists = st.lists(st.integers(0, 11), max_size=6)


@given(st.integers(0, 2**32), word_lists, st.lists(word_lists, min_size=1, max_size=6))
def test_scores_equal_a_plain_loop(seed, query, articles):
    """With random vectors, word by word: best cosine, at least 0, by weight × count × idf."""
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(12, 3)).astype(np.float32)
    table[[0, 7]] = 0  # unknown
    expected = []
    for article in articles:
        total = reached = 0.0
        for word in query:  # a repeated word simply comes again
            length = float(np.linalg.norm(table[word]))
            if not length:
                continue
            n = sum(word in other for other in articles)
            weight = length * math.log(1 + (len(articles) - n + 0.5) / (n + 0.5))
            cosines = [
                float(table[word] @ table[other]) / length / float(np.linalg.norm(table[other]))
                for other in article
                if table[other].any()
            ]
            total += weight
            reached += weight * max([0.0, *cosines])
        expected.append(reached / total if total else 0.0)
    assert scores(query, articles, table=table) == pytest.approx(expected, abs=1e-5)
