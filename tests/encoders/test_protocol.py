"""Tests of the row form that every encoder promises."""

import numpy as np

from kbsearch.encoders.protocol import unit_rows


def test_zero_rows_stay_zero_without_a_warning():
    """A row of zeros has no direction: it stays, and nothing is divided by zero."""
    np.testing.assert_array_equal(unit_rows(np.zeros((2, 3), dtype=np.float32)), np.zeros((2, 3)))


def test_no_rows_keep_their_width():
    """(0, 5) gives (0, 5)."""
    assert unit_rows(np.zeros((0, 5), dtype=np.float32)).shape == (0, 5)
