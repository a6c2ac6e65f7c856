"""How sure a figure is, and whether two differ: intervals and tests, all from SciPy."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import BeforeValidator

LEVEL = 0.95
_RESAMPLES = 2_000
_PERMUTATIONS = 10_000
_SEED = 0
_SHARES = {"value", "confidence", "right"}  # of an `Estimate`, of a bin of reliability


Share = Annotated[float, BeforeValidator(lambda value: 0.0 if value is None else value)]
"""A share, 0 to 1; one of nothing is 0 here and null in JSON (`json_object`)."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over queries with its interval at `LEVEL`.

    Attributes:
        value: The mean, 0 to 1; 0 of nothing.
        low: Lower bound.
        high: Upper bound.
        count: Number of queries.
    """

    value: Share
    low: float
    high: float
    count: int


def json_object(fields: Iterable[tuple[str, object]]) -> dict[str, object]:
    """The fields of a dataclass for JSON, where a share of nothing is null, not 0.

    >>> json_object([("value", 0.0), ("count", 0)])
    {'value': None, 'count': 0}
    """
    found = dict(fields)
    if found.get("count") == 0:
        found |= dict.fromkeys(found.keys() & _SHARES)
    return found


def share(successes: int, count: int) -> Estimate:
    """A share with its Wilson score interval (Wilson 1927); 0 of 0 is anything from 0 to 1.

    95 of 100 lie between 88.8 % and 97.8 %:

    >>> estimate = share(95, 100)
    >>> f"{estimate.low:.3f} {estimate.high:.3f}"
    '0.888 0.978'
    """
    if not count:
        return Estimate(0.0, 0.0, 1.0, 0)
    from scipy.stats import binomtest

    interval = binomtest(successes, count).proportion_ci(LEVEL, method="wilson")
    return Estimate(successes / count, float(interval.low), float(interval.high), count)


def mean(values: Sequence[float]) -> Estimate:
    """A mean with its percentile bootstrap interval (Efron 1979), seeded."""
    if not values:
        return Estimate(0.0, 0.0, 1.0, 0)
    average = sum(values) / len(values)
    if min(values) == max(values):
        return Estimate(average, average, average, len(values))
    import numpy as np
    from scipy.stats import bootstrap

    interval = bootstrap(
        (np.asarray(values),),
        np.mean,
        n_resamples=_RESAMPLES,
        confidence_level=LEVEL,
        method="percentile",
        rng=np.random.default_rng(_SEED),
    ).confidence_interval
    return Estimate(average, float(interval.low), float(interval.high), len(values))


def mcnemar(wins: int, losses: int) -> float:
    """Two-sided exact McNemar test (1947): p-value that wins and losses are equally likely.

    >>> mcnemar(8, 2) == 2 * (1 + 10 + 45) / 2**10
    True
    """
    if not wins + losses:
        return 1.0
    from scipy.stats import binomtest

    return float(binomtest(wins, wins + losses, 0.5).pvalue)


def randomization(differences: Sequence[float]) -> float:
    """Paired randomisation test (Fisher 1935): p-value that the mean difference is zero.

    Exact if at most 13 differ, else over 10,000 random signs, seeded.
    """
    differing = [difference for difference in differences if difference]  # 0 has no sign to flip
    if len(differing) < 2:  # a single one is as extreme with either sign
        return 1.0
    import numpy as np
    from scipy.stats import permutation_test

    result = permutation_test(
        (np.asarray(differing),),
        np.sum,
        permutation_type="samples",
        n_resamples=_PERMUTATIONS,
        rng=np.random.default_rng(_SEED),
    )
    return float(result.pvalue)
