"""Tests of the normalisation of scores and their convex combination."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbsearch.retrieval.fusion import combine, normalize_dense, normalize_lexical
from kbsearch.settings import FusionSettings

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


@pytest.mark.parametrize(
    ("dense_weight", "late_weight", "expected"),
    [(0.0, 0.0, 0.2), (1.0, 0.5, 0.6), (0.75, 0.0, 0.5), (0.5, 0.25, 0.45), (0.0, 1.0, 0.6)],
)
def test_weights_are_shares(dense_weight, late_weight, expected):
    """0.5 × 0.6 + 0.5 × (0.25 × 0.6 + 0.75 × 0.2) = 0.45; at 0 and 1 one score decides alone."""
    weights = FusionSettings(dense_weight=dense_weight, late_weight=late_weight)
    fused = combine(np.array([0.2]), np.array([0.6]), np.array([0.6]), weights)
    assert fused == pytest.approx([expected])


def test_without_late_interaction_bm25_has_its_share():
    """An encoder that has no words leaves 0.25 × 0.2 beside 0.75 × 0.6, whatever the setting."""
    weights = FusionSettings(dense_weight=0.75, late_weight=0.9)
    fused = combine(np.array([0.2]), None, np.array([0.6]), weights)
    assert fused == pytest.approx([0.5])


@given(SHARE, SHARE, SHARE, SHARE, SHARE)
def test_combination_lies_between_its_parts(lexical, late, dense, dense_weight, late_weight):
    """No weights lift a score above all of its parts or sink it below all."""
    weights = FusionSettings(dense_weight=dense_weight, late_weight=late_weight)
    (score,) = combine(np.array([lexical]), np.array([late]), np.array([dense]), weights)
    parts = (lexical, late, dense)
    assert min(parts) - 1e-12 <= score <= max(parts) + 1e-12
