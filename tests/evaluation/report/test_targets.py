"""Tests of targets: what is proven, and what is missing."""

import pytest

from kbsearch.evaluation.report.targets import Target, state
from kbsearch.evaluation.significance import share

Z2 = 1.959964**2  # n of n right have the lower bound n / (n + z²)


def test_fewest_queries_prove_a_target_without_a_miss():
    """73 / (73 + 3.84) is 0.95003, 72 / (72 + 3.84) only 0.94935."""
    assert Target.of(0.95, share(5, 5)) == Target(0.95, "too_few", 5, 73, 73)
    assert 72 / (72 + Z2) < 0.95 <= 73 / (73 + Z2)
    assert Target.of(0.95, share(73, 73)).state == "met"


@pytest.mark.parametrize(("right", "found"), [(150, "missed"), (192, "unproven"), (200, "met")])
def test_state_is_that_of_the_interval(right, found):
    """192 of 200 are 96 %, but from 92.3 % on; 200 of 200 are from 98.1 % on."""
    assert Target.of(0.95, share(right, 200)).state == found


def test_needed_is_the_least_that_reaches_the_target():
    """One right answer less, and the lower bound would be below it."""
    needed = Target.of(0.95, share(150, 200)).needed
    assert share(needed, 200).low >= 0.95 > share(needed - 1, 200).low


@pytest.mark.parametrize(
    ("estimate", "expected"),
    [(share(10, 20), "missed"), (share(19, 20), "unsure"), (share(200, 200), "met")],
)
def test_slice_is_told_by_its_whole_interval(estimate, expected):
    """Where the target lies inside of it, nothing can be told; nor without queries."""
    assert state(estimate) == expected
    assert state(share(0, 0)) == "unsure"
