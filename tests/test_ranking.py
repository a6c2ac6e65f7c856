"""The one rule by which scores become ranks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbsearch.ranking import top

# Few distinct values, so that ties are the rule.
scores = st.lists(st.sampled_from([-1.0, 0.0, 0.5, 1.0, 1e9]) | st.floats(-1, 1), max_size=40)


@given(scores, st.integers(1, 50))
def test_top_is_sorting_by_score_then_row(values, k):
    """The best k are the first k of all, sorted by falling score and, where equal, by row."""
    expected = sorted(range(len(values)), key=lambda row: (-values[row], row))[:k]
    assert top(np.array(values), k).tolist() == expected


@given(scores)
def test_more_asked_for_changes_nothing_above(values):
    """The best three are the first three of the best ten."""
    array = np.array(values)
    assert top(array, 3).tolist() == top(array, 10).tolist()[:3]


def test_ties_at_the_cut_are_broken_by_row():
    """Of five equal articles the first two are taken, not any two."""
    assert top(np.ones(5), 2).tolist() == [0, 1]


@pytest.mark.parametrize("k", [1, 5])
def test_nothing_to_rank(k):
    """No scores give no rows, as integers that can index."""
    rows = top(np.zeros(0), k)
    assert rows.shape == (0,)
    assert rows.dtype == np.int64
