"""Order: the one rule by which scores become ranks.

A higher score is better; equal scores are ordered by article id. Rows of an index are sorted by
article id, so a smaller row goes first.
"""

import numpy as np
from numpy.typing import NDArray

_BLOCK = 64

Rows = NDArray[np.int64]
Scores = NDArray[np.float64]


def top(scores: Scores, k: int) -> Rows:
    """Positions of the `k` best scores, best first; fewer if there are fewer scores.

    >>> top(np.array([1.0, 3.0, 3.0, 2.0]), 3).tolist()
    [1, 2, 3]
    """
    if k < len(scores):
        pool = _pool(scores, k)
        # Everything that ties with the k-th best takes part, so that ties are broken by row.
        threshold = np.partition(scores[pool], len(pool) - k)[len(pool) - k]
        pool = pool[scores[pool] >= threshold]
    else:
        pool = np.arange(len(scores))
    order = np.argsort(-scores[pool], kind="stable")
    return pool[order[:k]].astype(np.int64)


def top_positive(scores: Scores, k: int) -> Rows:
    """`top` of the scores above zero.

    >>> top_positive(np.array([0.0, 3.0, 0.0, 2.0]), 3).tolist()
    [1, 3]
    """
    pool = _pool(scores, k)
    pool = pool[scores[pool] > 0]
    return pool[top(scores[pool], k)]


def distinct(*rows: Rows) -> Rows:
    """All the rows, ascending, each once.

    >>> distinct(np.array([3, 1]), np.array([1, 2])).tolist()
    [1, 2, 3]
    """
    ordered = np.sort(np.concatenate(rows))
    return ordered[np.flatnonzero(np.diff(ordered, prepend=-1))]


def _pool(scores: Scores, k: int) -> Rows:
    """Positions, ascending, among which the `k` best are, and all that tie with them."""
    blocks = len(scores) // _BLOCK
    if blocks <= 2 * k:
        return np.arange(len(scores))
    # The k-th best of the greatest of each block, which has every so-manieth score: at least k
    # scores reach it.
    best = scores[: blocks * _BLOCK].reshape(_BLOCK, blocks).max(axis=0)
    return np.flatnonzero(scores >= np.partition(best, blocks - k)[blocks - k])
