"""The tuner: are weights fitted to these judgments better than those in use?

Weights are judged by queries about articles that they were not fitted on (five folds of articles).
They are taken only if they win there over the weights in use, beyond chance (p < 0.05), and are not
below the best leg. Confidence and thresholds choose no article and are fitted in any case, unless
there are too few queries, or none to decline: without them everything found seems right.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from kbsearch.evaluation.query_set import QuerySet
from kbsearch.evaluation.significance import Estimate, mcnemar, share
from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.retrieval.candidates import Leg
from kbsearch.retrieval.features import Features
from kbsearch.retrieval.fusion import feature_weights
from kbsearch.settings import FeatureWeights, Settings
from kbsearch.tuning.calibration import first_candidates, fit_confidence, probabilities, thresholds
from kbsearch.tuning.examples import Example, collect
from kbsearch.tuning.weights import fit_weights, is_hit

FOLDS = 5
FEWEST = 50  # answerable queries; fewer say nothing about six weights
_LEVEL = 0.05
_SEED = 0


class Kept(StrEnum):
    """Why confidence and thresholds are those in use."""

    FEW = "few"  # fewer than `FEWEST` answerable queries; then the weights are kept, too
    NONE_TO_DECLINE = "none_to_decline"  # every query has an answer


@dataclass(frozen=True, slots=True)
class Tuning:
    """What the judgments say.

    Attributes:
        settings: Those of the knowledge base with the weights, confidence and thresholds to use.
        adopted: Whether the ranking's weights are new.
        queries: Number of answerable queries.
        legs: Leg → hit@1; ``final`` is the ranking in use.
        tuned: hit@1 by weights that were fitted on other articles; of nothing if none were.
        p_value: Exact McNemar test of the tuned weights against those in use.
        kept: Why confidence and thresholds were not fitted; None if they were.
    """

    settings: Settings
    adopted: bool
    queries: int
    legs: Mapping[Leg, Estimate]
    tuned: Estimate
    p_value: float
    kept: Kept | None = None


def tune(
    knowledge_base: KnowledgeBase,
    query_set: QuerySet,
    *,
    progress: Callable[[str, int, int], None] | None = None,
) -> Tuning:
    """Fits ranking, confidence and decision to the judgments of `query_set`, as far as they go."""
    examples = collect(knowledge_base, query_set.queries, progress)
    answerable = [example for example in examples if example.article]
    legs = {leg: _hit_rate([each.leg_hits[leg] for each in answerable]) for leg in Leg}
    settings = knowledge_base.settings
    if len(answerable) < FEWEST:
        return Tuning(settings, False, len(answerable), legs, _hit_rate([]), 1.0, Kept.FEW)
    folds = _folds(answerable)
    hits = np.zeros(len(answerable), np.bool_)
    for fold in range(FOLDS):
        weights = fit_weights([answerable[i] for i in np.flatnonzero(folds != fold)])
        for i in np.flatnonzero(folds == fold):
            hits[i] = is_hit(answerable[i], weights)
    before = np.array([example.leg_hits[Leg.FINAL] for example in answerable])
    best_leg = max(sum(e.leg_hits[leg] for e in answerable) for leg in Leg)
    won, lost = int((hits & ~before).sum()), int((before & ~hits).sum())
    p_value = mcnemar(won, lost)
    adopted = bool(won > lost and p_value < _LEVEL and hits.sum() >= best_leg)
    if adopted:
        fitted = fit_weights(answerable)
        ranking = settings.ranking.model_copy(
            update={"with_questions": fitted, "without_questions": fitted}
        )
        settings = settings.model_copy(update={"ranking": ranking})
        weights = fitted
    else:
        weights = _in_use(knowledge_base)
    kept = None if query_set.unanswerable else Kept.NONE_TO_DECLINE
    return Tuning(
        settings=settings if kept else _calibrated(settings, examples, weights),
        adopted=adopted,
        queries=len(answerable),
        legs=legs,
        tuned=_hit_rate(hits.tolist()),
        p_value=p_value,
        kept=kept,
    )


def _folds(examples: Sequence[Example]) -> NDArray[np.int64]:
    """The fold of each example: examples of one article are in the same."""
    # Unanswerable queries have no article to share.
    groups = [example.article or f"?{example.query_id}" for example in examples]
    known = sorted(set(groups))
    drawn = np.random.default_rng(_SEED).permutation(len(known)) % FOLDS
    fold_of = dict(zip(known, drawn.tolist(), strict=True))
    return np.array([fold_of[group] for group in groups])


def _in_use(knowledge_base: KnowledgeBase) -> FeatureWeights:
    """The weights by which the knowledge base ranks now, those of both kinds of articles mixed."""
    mixed = feature_weights(
        knowledge_base.settings.ranking, knowledge_base.searcher.index.vectors.with_questions
    )
    return FeatureWeights(**dict(zip(Features._fields, mixed.tolist(), strict=True)))


def _calibrated(
    settings: Settings, examples: Sequence[Example], weights: FeatureWeights
) -> Settings:
    """The settings with confidence and thresholds for first candidates ranked by `weights`."""
    examples = [example for example in examples if len(example.right)]
    inputs, right = first_candidates(examples, weights)
    answerable = np.array([bool(example.article) for example in examples])
    ones = np.ones(len(examples))
    folds = _folds(examples)
    unseen = np.zeros(len(examples))
    for fold in range(FOLDS):
        others = folds != fold
        seen = (given[others] for given in (inputs, right, ones, answerable))
        model = fit_confidence(*seen)
        unseen[~others] = probabilities(inputs[~others], model)
    return settings.model_copy(
        update={
            "confidence": fit_confidence(inputs, right, ones, answerable),
            "decision": thresholds(unseen, right, answerable, strict=settings.decision.strict),
        }
    )


def _hit_rate(hits: Sequence[bool]) -> Estimate:
    return share(sum(hits), len(hits))
