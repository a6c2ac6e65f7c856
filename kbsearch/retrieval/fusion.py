"""Fusion: two legs and late interaction, one score.

A convex combination of normalised scores (Bruch, Gai and Ingber 2023, *An Analysis of Fusion
Functions for Hybrid Retrieval*, section 4) with constant weights:
``d × dense + (1 - d) × (m × late + (1 - m) × lexical)``. README.md has the figures, and those of
what was tried instead.
"""

import numpy as np
from numpy.typing import NDArray

from kbsearch.settings import FusionSettings

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


def combine(
    lexical: Floats, late: Floats | None, dense: Floats, settings: FusionSettings
) -> Floats:
    """The convex combination of normalised scores.

    >>> weights = FusionSettings(dense_weight=0.5, late_weight=0.5)
    >>> combine(np.array([0.5]), np.array([1.0]), np.array([0.25]), weights).tolist()
    [0.5]

    Args:
        lexical: (candidates,) normalised BM25.
        late: (candidates,) late interaction; None where there is none, and BM25 has its share.
        dense: (candidates,) normalised dense scores.
        settings: The weights.
    """
    share = settings.late_weight
    words = lexical if late is None else share * late + (1 - share) * lexical
    return settings.dense_weight * dense + (1 - settings.dense_weight) * words
