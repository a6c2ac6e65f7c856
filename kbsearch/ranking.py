"""Order: the one rule by which scores become ranks.

A higher score is better; equal scores are ordered by article id. Rows of an index are sorted by
article id, so a smaller row goes first.
"""

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
Scores = NDArray[np.float64]


def top(scores: Scores, k: int) -> Rows:
    """Positions of the `k` best scores, best first; fewer if there are fewer scores.

    >>> top(np.array([1.0, 3.0, 3.0, 2.0]), 3).tolist()
    [1, 2, 3]
    """
    if k < len(scores):
        # Everything that ties with the k-th best takes part, so that ties are broken by row.
        threshold = np.partition(scores, len(scores) - k)[len(scores) - k]
        pool = np.flatnonzero(scores >= threshold)
    else:
        pool = np.arange(len(scores))
    order = np.argsort(-scores[pool], kind="stable")
    return pool[order[:k]].astype(np.int64)
