"""Tests of coverage and calibration, on data that can be counted by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbsearch.evaluation.reliability import calibration_error, coverage_curve, reliability

ANSWERS = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=200)


def test_curve_has_a_point_for_each_confidence():
    """Answering above 0.8 gives 1 of 1, above 0.5 gives 2 of 3, all 2 of 4."""
    curve = coverage_curve([0.5, 0.8, 0.1, 0.5], [True, True, False, False])
    assert [(point.threshold, point.coverage) for point in curve] == [
        (0.8, 1 / 4),
        (0.5, 3 / 4),
        (0.1, 1),
    ]
    assert [point.precision for point in curve] == pytest.approx([1, 2 / 3, 1 / 2])


@given(ANSWERS)
def test_every_point_is_what_its_threshold_gives(answers):
    """At most 50 points, falling thresholds, the last answering everything."""
    confidence, right = zip(*answers, strict=True)
    curve = coverage_curve(confidence, right)
    assert len(curve) <= 50
    assert [p.threshold for p in curve] == sorted({p.threshold for p in curve}, reverse=True)
    assert curve[-1].coverage == 1
    for point in curve:
        answered = [hit for value, hit in answers if value >= point.threshold]
        assert point.coverage == pytest.approx(len(answered) / len(answers))
        assert point.precision == pytest.approx(sum(answered) / len(answered))


def test_bins_and_error_by_hand():
    """Bin 0.1–0.2: 0 of 1 right at 0.1. Bin 0.9–1: 2 of 4 at 0.95 on average.

    ECE = 1/5 · |0 - 0.1| + 4/5 · |0.5 - 0.95| = 0.38.
    """
    bins = reliability([0.1, 0.9, 1.0, 0.95, 0.95], [False, True, True, False, False])
    filled = [each for each in bins if each.count]
    assert [(each.low, each.high, each.count) for each in filled] == [(0.1, 0.2, 1), (0.9, 1, 4)]
    assert [each.confidence for each in filled] == pytest.approx([0.1, 0.95])
    assert [each.right for each in filled] == [0, 0.5]
    assert calibration_error(bins) == pytest.approx(0.38)


def test_honest_confidence_has_no_error():
    """0.25 that is right one time in four."""
    assert calibration_error(reliability([0.25] * 4, [True, False, False, False])) == 0


@given(ANSWERS)
def test_every_query_is_in_one_of_ten_bins(answers):
    """None is lost at an edge, and the error is a share."""
    bins = reliability(*zip(*answers, strict=True))
    assert len(bins) == 10
    assert sum(each.count for each in bins) == len(answers)
    assert 0 <= calibration_error(bins) <= 1


def test_nothing_asked_is_no_error():
    """Ten empty bins, no curve."""
    assert (calibration_error(reliability([], [])), coverage_curve([], [])) == (0, ())
