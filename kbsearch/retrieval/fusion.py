"""Fusion: several scores, one.

The two legs are joined by a convex combination of normalised scores (Bruch, Gai and Ingber 2023,
*An Analysis of Fusion Functions for Hybrid Retrieval*, section 4), and so are the features of the
ranking: weights of at least zero, so that no article loses by being nearer to the query in
anything. README.md has the figures, and those of what was tried instead.
"""

import numpy as np
from numpy.typing import NDArray

from kbsearch.retrieval.features import Features
from kbsearch.settings import FusionSettings, RankingSettings

Floats = NDArray[np.float64]

_VERBATIM = 0.9999  # cosine of two texts of the same words
# From this cosine on a question is asked nearly word by word, and the nearer it is, the less the
# other features say: of 393 titles and questions short of a word 390 instead of 385 find their
# article, and no dev query loses its own.
_NEARLY = 0.85


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
        body_weight: As in the settings.
    """
    return np.clip(scores / (1 + body_weight), 0.0, 1.0)


def combine(lexical: Floats, dense: Floats, settings: FusionSettings) -> Floats:
    """The convex combination of both legs' normalised scores.

    >>> combine(np.array([0.5]), np.array([0.25]), FusionSettings(dense_weight=0.8)).tolist()
    [0.3]
    """
    return settings.dense_weight * dense + (1 - settings.dense_weight) * lexical


def feature_weights(settings: RankingSettings, with_questions: float) -> Floats:
    """(features,) weights whose sum is 1.

    Args:
        settings: Those of both kinds of articles.
        with_questions: Share of the articles that have similar questions.
    """
    both = [
        np.array([getattr(weights, name) for name in Features._fields])
        for weights in (settings.with_questions, settings.without_questions)
    ]
    asked, plain = (weights / weights.sum() for weights in both)
    mixed: Floats = with_questions * asked + (1 - with_questions) * plain
    return mixed


def weigh(features: Features, weights: Floats) -> Floats:
    """The convex combination of all features, raised to 1 where the question is nearly verbatim."""
    # Not `@`: BLAS adds up in an order that hangs on the place, but equal articles must tie.
    total = np.einsum("i,ij->j", weights, np.stack(features))
    nearly = np.maximum(features.question - _NEARLY, 0.0) / (1 - _NEARLY)
    total += (1 - total) * nearly
    return np.where(features.question >= _VERBATIM, 1.0, np.minimum(total, _VERBATIM))
