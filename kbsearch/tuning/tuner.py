"""The tuner: are weights fitted to these judgments better than those in use?

Weights are judged by queries about articles that they were not fitted on (five folds of articles).
They are taken only if they win there over the weights in use, beyond chance (p < 0.05), and are not
below the best leg; confidence and thresholds are fitted in any case, since they choose no article.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

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
_FEWEST = 50  # answerable queries; fewer say nothing about six weights
_LEVEL = 0.05
_SEED = 0


@dataclass(frozen=True, slots=True)
class Tuning:
    """What the judgments say.

    Attributes:
        settings: Those of the knowledge base with the weights, confidence and thresholds to use.
        adopted: Whether the ranking's weights are new.
        queries: Number of answerable queries.
        legs: Leg → hit@1; ``final`` is the ranking in use.
        tuned: hit@1 by weights that were fitted on other articles.
        p_value: Exact McNemar test of the tuned weights against those in use.
    """

    settings: Settings
    adopted: bool
    queries: int
    legs: Mapping[Leg, Estimate]
    tuned: Estimate
    p_value: float


def tune(
    knowledge_base: KnowledgeBase,
    query_set: QuerySet,
    *,
    progress: Callable[[str, int, int], None] | None = None,
) -> Tuning:
    """Fits ranking, confidence and decision to the judgments of `query_set`.

    Raises:
        ValueError: Fewer than 50 answerable queries.
    """
    if len(query_set.answerable) < _FEWEST:
        raise ValueError(
            f"{len(query_set.answerable)} answerable queries; tuning takes {_FEWEST} or more"
        )
    examples = collect(knowledge_base, query_set.queries, progress)
    answerable = [example for example in examples if example.article]
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
    settings = knowledge_base.settings
    if adopted:
        fitted = fit_weights(answerable)
        ranking = settings.ranking.model_copy(
            update={"with_questions": fitted, "without_questions": fitted}
        )
        settings = settings.model_copy(update={"ranking": ranking})
        weights = fitted
    else:
        weights = _in_use(knowledge_base)
    return Tuning(
        settings=_calibrated(settings, examples, weights),
        adopted=adopted,
        queries=len(answerable),
        legs={leg: _hit_rate([e.leg_hits[leg] for e in answerable]) for leg in Leg},
        tuned=_hit_rate(hits.tolist()),
        p_value=p_value,
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
    folds = _folds(examples)
    unseen = np.zeros(len(examples))
    for fold in range(FOLDS):
        others = folds != fold
        model = fit_confidence(inputs[others], right[others], np.ones(int(others.sum())))
        unseen[~others] = probabilities(inputs[~others], model)
    answerable = np.array([bool(example.article) for example in examples])
    return settings.model_copy(
        update={
            "confidence": fit_confidence(inputs, right, np.ones(len(inputs))),
            "decision": thresholds(unseen, right, answerable, strict=settings.decision.strict),
        }
    )


def _hit_rate(hits: Sequence[bool]) -> Estimate:
    return share(sum(hits), len(hits))
