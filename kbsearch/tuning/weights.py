"""Weights of the ranking: a softmax over the candidates, by maximum likelihood.

ListNet's top-one loss (Cao et al. 2007, *Learning to Rank: From Pairwise Approach to Listwise
Approach*, section 4) with several right articles counted together, weights of at least zero, and a
small quadratic penalty: six numbers from a few hundred queries.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kbsearch.retrieval.features import Features
from kbsearch.retrieval.fusion import weigh
from kbsearch.settings import FeatureWeights
from kbsearch.tuning.examples import CANDIDATES, Example

_PENALTY = 1e-4
_START = 5.0  # each weight before fitting; scores then differ by a few units, as logits should


def fit_weights(examples: Sequence[Example]) -> FeatureWeights:
    """The weights under which the right candidates come first, their sum 1.

    Raises:
        ValueError: No example has a right candidate.
    """
    from scipy.optimize import minimize

    features, missing, right = _padded([e for e in examples if e.right.any()])
    if not len(features):
        raise ValueError("no query has its article among the candidates")

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logits = features @ weights + missing
        logits -= logits.max(axis=1, keepdims=True)
        odds = np.exp(logits)
        chosen = odds / odds.sum(axis=1, keepdims=True)
        wanted = odds * right
        mass = wanted.sum(axis=1, keepdims=True)
        wanted /= mass
        value = -np.log(mass[:, 0] / odds.sum(axis=1)).mean() + _PENALTY * weights @ weights
        gradient = np.einsum("qc,qcf->f", chosen - wanted, features) / len(features)
        return float(value), gradient + 2 * _PENALTY * weights

    start = np.full(features.shape[2], _START)
    bounds = [(0.0, None)] * len(start)
    found = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B").x
    if not found.any():  # the judgments contradict every feature
        found = start
    shares = np.round(found / found.sum(), 3)
    return FeatureWeights(**dict(zip(Features._fields, shares.tolist(), strict=True)))


def scores(example: Example, weights: FeatureWeights) -> NDArray[np.float64]:
    """(candidates,) the final score of each candidate."""
    values = np.array([getattr(weights, name) for name in Features._fields])
    return weigh(Features(*example.features.T), values / values.sum())


def is_hit(example: Example, weights: FeatureWeights) -> bool:
    """Whether a right candidate comes first."""
    return bool(len(example.right)) and bool(example.right[scores(example, weights).argmax()])


def _padded(
    examples: Sequence[Example],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Features, -inf where there is no candidate (else 0), and 1 where it is right."""
    count = len(examples)
    features = np.zeros((count, CANDIDATES, len(Features._fields)))
    missing = np.full((count, CANDIDATES), -np.inf)
    right = np.zeros((count, CANDIDATES))
    for number, example in enumerate(examples):
        own = len(example.right)
        features[number, :own] = example.features
        missing[number, :own] = 0.0
        right[number, :own] = example.right
    return features, missing, right
