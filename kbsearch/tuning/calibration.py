"""Calibration: what a score is worth, and from where on to answer.

Confidence is a logistic regression by maximum likelihood over the first candidate of each query
(Platt 1999), unanswerable queries included: there the first candidate is always wrong. What earlier
turns count is learned from the answerable ones alone: no query set of ours has follow-ups that
nothing answers, so all queries together would say that whoever follows up can be answered.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kbsearch.retrieval.confidence import FEATURES
from kbsearch.retrieval.features import Features
from kbsearch.settings import ConfidenceSettings, DecisionSettings, FeatureWeights
from kbsearch.tuning.examples import Example
from kbsearch.tuning.weights import scores

PRECISION, STRICT_PRECISION = 0.95, 0.98
_DECLINED = 0.04  # of the answerable queries: the issue of declining them is worse than a bad hint
_PENALTY = 1e-4

_QUESTION = Features._fields.index("question")
_CONTEXT = FEATURES.index("context")


def first_candidates(
    examples: Sequence[Example], weights: FeatureWeights
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """(queries, features) of each first candidate as in `confidence`, and whether it is right.

    Queries without candidates are left out: they are declined whatever the model says.
    """
    inputs, right = [], []
    for example in examples:
        if not len(example.right):
            continue
        own = scores(example, weights)
        first = int(own.argmax())
        other = np.delete(own, first).max(initial=0.0)
        inputs.append(
            [
                own[first],
                own[first] - other,
                example.features[first, _QUESTION],
                example.in_context,
            ]
        )
        right.append(example.right[first])
    return np.array(inputs, np.float64).reshape(-1, len(FEATURES)), np.array(right, np.bool_)


def fit_confidence(
    inputs: NDArray[np.float64],
    right: NDArray[np.bool_],
    weights: NDArray[np.float64],
    answerable: NDArray[np.bool_],
) -> ConfidenceSettings:
    """The logistic model of `right` given `inputs`, each query counting its share of `weights`."""
    context = 0.0
    if answerable.any():
        seen = inputs[answerable], right[answerable], weights[answerable]
        context = _logistic(*seen, np.zeros(len(seen[0])))[1 + _CONTEXT]
    others = np.delete(inputs, _CONTEXT, axis=1)
    found = _logistic(others, right, weights, context * inputs[:, _CONTEXT])
    model = np.insert(found, 1 + _CONTEXT, context)
    names = ("intercept", *FEATURES)
    return ConfidenceSettings(**dict(zip(names, np.round(model, 3).tolist(), strict=True)))


def _logistic(
    inputs: NDArray[np.float64],
    right: NDArray[np.bool_],
    weights: NDArray[np.float64],
    offset: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Intercept and coefficients under which `right` is likeliest, `offset` added to each logit."""
    from scipy.optimize import minimize
    from scipy.special import expit

    design = np.column_stack([np.ones(len(inputs)), inputs])
    share = weights / weights.sum()

    def loss(model: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logits = design @ model + offset
        value = share @ (np.logaddexp(0, logits) - right * logits) + _PENALTY * model @ model
        gradient = design.T @ (share * (expit(logits) - right)) + 2 * _PENALTY * model
        return float(value), gradient

    found: NDArray[np.float64] = minimize(
        loss, np.zeros(design.shape[1]), jac=True, method="L-BFGS-B"
    ).x
    return found


def probabilities(inputs: NDArray[np.float64], model: ConfidenceSettings) -> NDArray[np.float64]:
    """(queries,) the confidence of each first candidate."""
    from scipy.special import expit

    weights = np.array([getattr(model, name) for name in FEATURES])
    result: NDArray[np.float64] = expit(model.intercept + inputs @ weights)
    return result


def thresholds(
    confidence: NDArray[np.float64],
    right: NDArray[np.bool_],
    answerable: NDArray[np.bool_],
    *,
    strict: bool = False,
) -> DecisionSettings:
    """Where to answer for the stated precisions, and where to decline.

    Args:
        confidence: (queries,) of first candidates that the model was not fitted on.
        right: (queries,) whether they are right.
        answerable: (queries,) whether the query has an answer at all.
        strict: Which of the two precisions is wanted.
    """
    answer = _threshold(confidence, right, PRECISION)
    answer_strict = _threshold(confidence, right, STRICT_PRECISION)
    suggest = float(np.quantile(confidence[answerable], _DECLINED)) if answerable.any() else 0.0
    return DecisionSettings(
        answer=answer,
        answer_strict=max(answer_strict, answer),
        strict=strict,
        suggest=round(min(suggest, answer), 3),
    )


def _threshold(confidence: NDArray[np.float64], right: NDArray[np.bool_], wanted: float) -> float:
    """The lowest confidence from which on the share of right ones is at least `wanted`; else 1."""
    order = np.argsort(-confidence, kind="stable")
    precision = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    falling = confidence[order]
    ends = np.append(falling[1:] < falling[:-1], True)  # equal ones are answered together
    reached = np.flatnonzero((precision >= wanted) & ends)
    return round(float(falling[reached[-1]]), 3) if len(reached) else 1.0
