"""Fusion: two legs, one score.

A convex combination of normalised scores (Bruch, Gai and Ingber 2023, *An Analysis of Fusion
Functions for Hybrid Retrieval*, section 4): ``w × dense + (1 - w) × lexical``. The weight depends
on the query: the nearer the best dense match, the less do single words count. Where questions are
like those of the articles, words are mostly accidents; where the dense leg knows nothing of the
matter, as in long technical texts, they are all there is. README.md has the figures.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def normalize_lexical(scores: Floats, bound: float) -> Floats:
    """BM25 scores as shares of the best that any article could reach for the query, 0 to 1.

    Unlike division by the best score found, this keeps a query that nothing fits well apart from
    one that something fits.

    Args:
        scores: (candidates,) BM25.
        bound: Sum over the query's terms of their weight times their greatest impact. An article
            with a term and its synonym may pass it; that counts as 1.
    """
    return np.minimum(scores / bound, 1.0) if bound > 0 else np.zeros_like(scores)


def normalize_dense(scores: Floats, body_weight: float) -> Floats:
    """Dense scores as shares of the greatest possible, 0 to 1; below zero counts as zero.

    Args:
        scores: (candidates,) similarity of the best question plus `body_weight` × the body's.
        body_weight: As in the index.
    """
    return np.clip(scores / (1 + body_weight), 0.0, 1.0)


def dense_share(dense: Floats, dense_weight: float) -> float:
    """Share of the dense leg for one query: ``1 - (1 - dense_weight) × (1 - best)³``.

    >>> round(dense_share(np.array([0.2, 0.5]), 0.6), 3)  # 1 - 0.4 × 0.125
    0.95

    Args:
        dense: (candidates,) normalised dense scores.
        dense_weight: Share where nothing is near.
    """
    best = float(dense.max(initial=0.0))
    return 1 - (1 - dense_weight) * (1 - best) ** 3


def combine(lexical: Floats, dense: Floats, dense_weight: float) -> Floats:
    """The convex combination of normalised scores.

    >>> combine(np.array([0.5]), np.array([1.0]), 0.75).tolist()
    [0.875]
    """
    return dense_weight * dense + (1 - dense_weight) * lexical
