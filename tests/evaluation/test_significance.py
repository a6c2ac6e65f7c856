"""Tests of intervals and tests, against hand arithmetic and full enumeration."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbsearch.evaluation.significance import Estimate, mcnemar, mean, randomization, share

Z = 1.959963984540054  # of the normal distribution, at 97.5 %


@pytest.mark.parametrize(("successes", "count"), [(0, 10), (5, 10), (180, 188), (150, 150)])
def test_interval_of_a_share_is_wilsons(successes, count):
    """Centre (p + z²/2n) / (1 + z²/n), half width z √(p(1-p)/n + z²/4n²) / (1 + z²/n)."""
    p = successes / count
    scale = 1 + Z**2 / count
    centre = (p + Z**2 / (2 * count)) / scale
    half = Z * math.sqrt(p * (1 - p) / count + Z**2 / (4 * count**2)) / scale
    estimate = share(successes, count)
    assert (estimate.value, estimate.count) == (p, count)
    assert (estimate.low, estimate.high) == pytest.approx((centre - half, centre + half))


def test_share_of_nothing_may_be_anything():
    """0 of 0 proves nothing."""
    assert share(0, 0) == Estimate(0, 0, 1, 0)


def test_target_of_95_needs_more_than_95_of_100():
    """The lower bound for 95 of 100 is 0.888; 73 of 73 is the first flawless set above 0.95.

    n of n have the bound n / (n + z²), which reaches 0.95 at n = 19 z² = 72.99.
    """
    assert share(95, 100).low == pytest.approx(0.8882, abs=1e-4)
    assert share(72, 72).low < 0.95 <= share(73, 73).low


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_interval_holds_the_share(pair):
    """The figure lies in its interval, and the interval between 0 and 1."""
    estimate = share(*pair)
    assert 0 <= estimate.low <= estimate.value + 1e-12
    assert estimate.value - 1e-12 <= estimate.high <= 1


def test_mean_has_a_seeded_bootstrap_interval():
    """The same values give the same interval; it holds the mean and lies within the values."""
    values = [0.0, 0.5, 1.0, 1.0, 0.25, 0.75] * 10
    estimate = mean(values)
    assert estimate == mean(values)
    assert (estimate.value, estimate.count) == (sum(values) / 60, 60)
    assert 0 < estimate.low < estimate.value < estimate.high < 1


def test_interval_of_a_mean_is_near_the_normal_one():
    """For 400 values half 0 and half 1 it is about 0.5 ± 1.96 × 0.5 / √400."""
    estimate = mean([0.0, 1.0] * 200)
    assert (estimate.low, estimate.high) == pytest.approx((0.451, 0.549), abs=0.006)


def test_equal_values_leave_no_doubt():
    """A single value, or all the same, have an interval of no width; none have the widest."""
    assert mean([0.5, 0.5]) == Estimate(0.5, 0.5, 0.5, 2)
    assert mean([0.25]) == Estimate(0.25, 0.25, 0.25, 1)
    assert mean([]) == Estimate(0, 0, 1, 0)


@pytest.mark.parametrize(
    ("wins", "losses", "p_value"),
    [
        (0, 0, 1),
        (1, 0, 1),
        (5, 5, 1),
        (0, 5, 2 / 2**5),
        (8, 2, 2 * (1 + 10 + 45) / 2**10),
        (12, 3, 2 * (1 + 15 + 105 + 455) / 2**15),
    ],
)
def test_mcnemar_is_a_binomial_test_on_the_changes(wins, losses, p_value):
    """Twice the tail of a fair coin; which side wins does not matter."""
    assert mcnemar(wins, losses) == pytest.approx(p_value)
    assert mcnemar(losses, wins) == pytest.approx(p_value)


@pytest.mark.parametrize(
    "differences",
    [[1, 1, 1, 1], [0.5, 0.2, -0.1, 0.3, 0.0], [0.5, -0.25, 0.125, 1, -1, 0.75, 0.2, 0.1]],
)
def test_randomization_equals_full_enumeration(differences):
    """The share of all sign flips whose mean lies as far from zero as the one seen, doubled tail.

    Four queries that all gain 1: 2 of the 16 flips are as extreme, p = 0.125.
    """
    total = sum(differences)
    flips = [
        sum(sign * d for sign, d in zip(signs, differences, strict=True))
        for signs in itertools.product((1, -1), repeat=len(differences))
    ]
    above = sum(flip >= total - 1e-9 for flip in flips) / len(flips)
    below = sum(flip <= total + 1e-9 for flip in flips) / len(flips)
    assert randomization(differences) == pytest.approx(min(1, 2 * min(above, below)))


def test_no_difference_is_no_evidence():
    """Identical results, or no queries, have a p-value of 1."""
    assert randomization([0.0, 0.0]) == 1
    assert randomization([]) == 1
