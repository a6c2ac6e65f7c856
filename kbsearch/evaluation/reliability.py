"""Reliability: whether confidence means what it says, and what answering less would give."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kbsearch.evaluation.significance import Share

_POINTS = 50
_BINS = 10


@dataclass(frozen=True, slots=True)
class CoveragePoint:
    """What comes of answering only queries whose confidence reaches a threshold.

    Attributes:
        threshold: The lowest confidence that is answered.
        coverage: Share of all queries that are answered.
        precision: Share of those whose first article is right.
    """

    threshold: float
    coverage: float
    precision: float


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Queries of similar confidence.

    Attributes:
        low: Lower end of the bin.
        high: Upper end; belongs to the next bin, but 1 to the last.
        count: Number of queries.
        confidence: Their mean confidence; 0 for an empty bin.
        right: Share of those whose first article is right; 0 for an empty bin.
    """

    low: float
    high: float
    count: int
    confidence: Share
    right: Share


def coverage_curve(confidence: Sequence[float], right: Sequence[bool]) -> tuple[CoveragePoint, ...]:
    """Precision against coverage (El-Yaniv and Wiener 2010), highest threshold first.

    One point for each confidence that occurs, or 50 of them evenly spread over coverage.

    >>> [(p.coverage, p.precision) for p in coverage_curve([0.9, 0.5], [True, False])]
    [(0.5, 1.0), (1.0, 0.5)]
    """
    order = np.argsort(-np.asarray(confidence, float), kind="stable")
    thresholds = np.asarray(confidence, float)[order]
    hits = np.cumsum(np.asarray(right, bool)[order])
    # Queries of equal confidence are answered together: a point stands after the last of them.
    ends = np.flatnonzero(np.diff(thresholds, append=-np.inf))
    if len(ends) > _POINTS:
        wanted = np.linspace(ends[0], ends[-1], _POINTS)
        ends = np.unique(ends[np.searchsorted(ends, wanted)])
    return tuple(
        CoveragePoint(float(thresholds[end]), (end + 1) / len(order), float(hits[end] / (end + 1)))
        for end in ends.tolist()
    )


def reliability(confidence: Sequence[float], right: Sequence[bool]) -> tuple[ReliabilityBin, ...]:
    """Ten bins of equal width over the confidence of the first article, 0 to 1."""
    values = np.asarray(confidence, float)
    places = np.minimum((values * _BINS).astype(int), _BINS - 1)
    counts = np.bincount(places, minlength=_BINS)
    sums = np.bincount(places, values, minlength=_BINS)
    hits = np.bincount(places, np.asarray(right, float), minlength=_BINS)
    filled = np.maximum(counts, 1)
    return tuple(
        ReliabilityBin(place / _BINS, (place + 1) / _BINS, count, mean, share)
        for place, (count, mean, share) in enumerate(
            zip(counts.tolist(), (sums / filled).tolist(), (hits / filled).tolist(), strict=True)
        )
    )


def calibration_error(bins: Sequence[ReliabilityBin]) -> float:
    """Expected calibration error: Σ countᵢ / n · |rightᵢ - confidenceᵢ|; 0 without queries.

    Naeini, Cooper and Hauskrecht 2015; Guo et al. 2017, equation 3. Theirs is over the predicted
    class; here the event is that the first article answers the query.
    """
    total = sum(each.count for each in bins)
    gaps = (each.count * abs(each.right - each.confidence) for each in bins)
    return sum(gaps) / total if total else 0.0
