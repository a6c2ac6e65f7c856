"""Tests of the normalisation of scores and their convex combination."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbsearch.retrieval.fusion import combine, normalize_dense, normalize_lexical

SHARE = st.floats(0, 1)


def test_lexical_scores_become_shares_of_the_bound():
    """3 and 6 of at most 12 are a quarter and a half."""
    assert normalize_lexical(np.array([3.0, 6.0]), 12.0).tolist() == [0.25, 0.5]


def test_lexical_scores_without_a_known_term_are_zero():
    """A bound of 0, where no term of the query is known, gives zeros and divides by nothing."""
    assert normalize_lexical(np.array([0.0, 0.0]), 0.0).tolist() == [0.0, 0.0]


def test_dense_scores_become_shares_of_the_greatest_possible():
    """Question 1 and body 1 at weight 0.5 reach 1.5, which is 1; half of it is a half."""
    assert normalize_dense(np.array([1.5, 0.75]), 0.5).tolist() == [1.0, 0.5]


def test_dense_scores_stay_between_zero_and_one():
    """Opposite meaning counts as none, and rounding cannot lift a score above 1."""
    assert normalize_dense(np.array([-0.3, 1.0000001]), 0.0).tolist() == [0.0, 1.0]


@pytest.mark.parametrize(("weight", "expected"), [(0.0, 0.2), (1.0, 0.6), (0.75, 0.5)])
def test_weight_is_the_share_of_the_dense_leg(weight, expected):
    """0.75 × 0.6 + 0.25 × 0.2 = 0.5; at 0 and 1 one leg decides alone."""
    assert combine(np.array([0.2]), np.array([0.6]), weight) == pytest.approx([expected])


@given(SHARE, SHARE, SHARE)
def test_combination_lies_between_the_legs(lexical, dense, weight):
    """No weight lifts a score above both legs or sinks it below both."""
    (score,) = combine(np.array([lexical]), np.array([dense]), weight)
    assert min(lexical, dense) - 1e-12 <= score <= max(lexical, dense) + 1e-12
