"""The BM25 formula, against rank-bm25 and against arithmetic."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rank_bm25 import BM25Okapi

from kbsearch.index.bm25 import (
    inverse_document_frequency,
    lucene_idf,
    saturated_frequency,
)

texts = st.lists(st.text("手表空调风水", min_size=1, max_size=6), min_size=1, max_size=12)


def document_frequencies(corpus, terms):
    """In how many texts each term stands."""
    return np.array([sum(term in text for text in corpus) for term in terms], np.float64)


@given(texts)
def test_okapi_idf_is_that_of_rank_bm25(corpus):
    """With its floor, a quarter of the mean idf, for terms in more than half of the texts."""
    reference = BM25Okapi([list(text) for text in corpus]).idf
    frequencies = document_frequencies(corpus, reference)
    ours = inverse_document_frequency(frequencies, len(corpus), "okapi")
    assert ours == pytest.approx(list(reference.values()), abs=1e-12)


def test_okapi_idf_by_hand():
    """Of 4 articles, terms in 1, 2 and 3: log(3.5/1.5), log 1 = 0, and the floor.

    The mean of log(7/3), 0 and log(3/7) is 0, so the floor is 0, too; with a second term in one
    article the mean is log(7/3) / 4.
    """
    idf = inverse_document_frequency(np.array([1.0, 2, 3]), 4, "okapi")
    assert idf == pytest.approx([math.log(7 / 3), 0, 0])
    idf = inverse_document_frequency(np.array([1.0, 1, 2, 3]), 4, "okapi")
    assert idf[3] == pytest.approx(0.25 * math.log(7 / 3) / 4)


def test_lucene_idf_by_hand():
    """Of 3 articles, terms in 1 and 3: log(1 + 2.5/1.5) and log(1 + 0.5/3.5)."""
    idf = inverse_document_frequency(np.array([1.0, 3]), 3, "lucene")
    assert idf == pytest.approx([math.log(8 / 3), math.log(8 / 7)])


@given(st.integers(1, 10**7).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))))
def test_lucene_idf_is_always_above_zero(counts):
    """Also for a term that stands in every article."""
    count, frequency = counts
    assert lucene_idf(frequency, count) > 0


@given(st.integers(1, 1000))
def test_lucene_idf_falls_with_frequency(count):
    """The more articles a term stands in, the less it says; both functions agree on how much."""
    idf = inverse_document_frequency(np.arange(1.0, count + 1), count, "lucene")
    assert (np.diff(idf) < 0).all()
    assert idf == pytest.approx([lucene_idf(n, count) for n in range(1, count + 1)])


def test_no_terms_have_no_idf():
    """An empty vocabulary gives an empty array, without a warning about its mean."""
    for form in ("okapi", "lucene"):
        assert inverse_document_frequency(np.zeros(0), 0, form).shape == (0,)


def test_saturation_by_hand():
    """With k1 = 1.5 and b = 0.75 in articles of average, half and twice the average length.

    Average: 1 × 2.5 / (1 + 1.5) = 1; half: 2.5 / (1 + 1.5 × 0.625); twice: 2.5 / (1 + 1.5 × 1.75).
    """
    lengths = np.array([10.0, 5, 20])
    score = saturated_frequency(np.ones(3), lengths, 10.0, 1.5, 0.75)
    assert score == pytest.approx([1, 2.5 / 1.9375, 2.5 / 3.625])


def test_saturation_never_passes_its_bound():
    """A term that stands a million times counts less than k1 + 1 times."""
    score = saturated_frequency(np.array([1e6]), np.array([10.0]), 10.0, 1.5, 0.75)
    assert 2.49 < score[0] < 2.5


def test_without_normalisation_length_is_of_no_account():
    """With b = 0, an article of any length scores the same."""
    score = saturated_frequency(np.ones(2), np.array([1.0, 1000]), 10.0, 1.5, 0.0)
    assert score[0] == score[1]
