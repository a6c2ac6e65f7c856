"""Weights of recommendation: one logistic model a slot, fitted to judged cases.

What is fitted is exactly what the desk gathers. Links are followed from the probable solutions, so
the models of the other slots hang on that of the solution: everything is gathered and fitted again
until that no longer changes much.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kbsearch.evaluation.recommending import CaseOutcome, RecommendationCase
from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.recommendation.conversation import Conversation, Problem
from kbsearch.recommendation.customer import CustomerContext
from kbsearch.recommendation.desk import Desk
from kbsearch.recommendation.emotion import Emotion, Lexicon
from kbsearch.recommendation.recommender import recommend
from kbsearch.recommendation.scoring import Evidence, ScoringModel, Situation, SlotModel
from kbsearch.recommendation.slots import ReasonKind, Slot

_ROUNDS = 3
_PENALTY = 5.0  # of a squared weight times its feature's variance, against the sum of log-losses

_WORDING = (ReasonKind.SEARCH, ReasonKind.SIMILAR, ReasonKind.BODY)
_PRODUCTS = (ReasonKind.PRODUCT, ReasonKind.OTHER_PRODUCT)
_HEARD = (ReasonKind.LEADING, ReasonKind.ADVICE, ReasonKind.SETTLED)
_LINKS = (ReasonKind.LINK, ReasonKind.ASIDE, ReasonKind.HUB, ReasonKind.ANSWER, ReasonKind.RULE)
FEATURES: Mapping[Slot, tuple[ReasonKind, ...]] = {
    Slot.SOLUTION: (*_WORDING, *_HEARD, ReasonKind.LINK, *_PRODUCTS),
    Slot.NEXT_STEP: (*_LINKS, *_WORDING, *_PRODUCTS),
    Slot.POLICY: (*_LINKS, *_WORDING, *_PRODUCTS),
    Slot.SCRIPT: (ReasonKind.LINK, ReasonKind.HUB, ReasonKind.EMOTION, *_WORDING),
    Slot.RELATED: (*_LINKS, *_WORDING, *_PRODUCTS),
}
# What these speak for, or against, is known; a weight of the other sign would be chance.
_FREE = {ReasonKind.ASIDE, ReasonKind.HUB, ReasonKind.ANSWER, ReasonKind.RULE}
_AGAINST = {ReasonKind.SETTLED, ReasonKind.OTHER_PRODUCT}


class Examples(NamedTuple):
    """The candidates of one slot.

    Attributes:
        features: (candidates, features) as in `FEATURES`, and whether an article is being read.
        wanted: (candidates,) bool.
    """

    features: NDArray[np.float64]
    wanted: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Ask:
    """What is known of a case."""

    problem: Problem | None
    emotion: Emotion | None
    customer: CustomerContext


def fit(sets: Iterable[tuple[KnowledgeBase, Sequence[RecommendationCase]]]) -> ScoringModel:
    """The models under which what is wanted is most probable.

    Cases without a problem or an open article are left out.

    Raises:
        ValueError: No case wants anything.
    """
    known = [*sets]
    model = ScoringModel.bundled()
    for _ in range(_ROUNDS):
        gathered = [
            (_desk(knowledge_base, case, model).evidence, case, knowledge_base.searcher.index.store)
            for knowledge_base, cases in known
            for case in cases
            if case.type != "context"
        ]
        model = ScoringModel(
            slots={
                slot: _fitted(
                    slot,
                    _stacked(
                        _examples(slot, evidence, case, s.ids) for evidence, case, s in gathered
                    ),
                )
                for slot in Slot
            }
        )
    return model


def outcome(
    knowledge_base: KnowledgeBase, case: RecommendationCase, model: ScoringModel
) -> CaseOutcome:
    """What is recommended under a model, without what events taught."""
    ask = _ask(knowledge_base, case)
    recommendation = recommend(
        knowledge_base.searcher,
        problem=ask.problem,
        article_id=case.article_id,
        customer=ask.customer,
        filters=None,
        emotion=ask.emotion,
        model=model,
    )
    shown = {
        slot: tuple(entry.article_id for entry in entries)
        for slot, entries in recommendation.slots.items()
    }
    return CaseOutcome(case, shown)


def _ask(knowledge_base: KnowledgeBase, case: RecommendationCase) -> _Ask:
    problem: Problem | None = None
    said: Sequence[str] = ()
    if case.text is not None:
        problem, said = Problem(case.text), (case.text,)
    elif case.conversation is not None:
        heard = Conversation(case.conversation, encoder=knowledge_base.searcher.encoder)
        problem, said = heard.problem, heard.customer
    emotion = Lexicon.bundled().emotion(said) if said else None
    return _Ask(problem, emotion, case.context or CustomerContext())


def _desk(knowledge_base: KnowledgeBase, case: RecommendationCase, model: ScoringModel) -> Desk:
    searcher, ask = knowledge_base.searcher, _ask(knowledge_base, case)
    allowed = searcher.allowed(ask.customer.filters())
    desk = Desk(searcher, allowed, ask.customer, None, model)
    desk.gather(ask.problem, case.article_id, ask.emotion)
    return desk


def _examples(
    slot: Slot, evidence: Evidence, case: RecommendationCase, ids: Sequence[str]
) -> Examples:
    is_reading = evidence.situation is Situation.READING
    rows = [row for _, row in evidence.places(slot)]
    features = [
        [*(evidence.values(slot, row).get(kind, 0.0) for kind in FEATURES[slot]), float(is_reading)]
        for row in rows
    ]
    wanted = [ids[row] in case.wanted.get(slot, ()) for row in rows]
    width = len(FEATURES[slot]) + 1
    return Examples(np.array(features).reshape(-1, width), np.array(wanted, np.bool_))


def _stacked(examples: Iterable[Examples]) -> Examples:
    features, wanted = zip(*examples, strict=True)
    return Examples(np.concatenate(features), np.concatenate(wanted))


def _fitted(slot: Slot, examples: Examples) -> SlotModel:
    low_high = [_bounds(kind) for kind in FEATURES[slot]]
    intercept, *weights, reading = fit_logistic(examples, [*low_high, (None, None)])
    named = zip(FEATURES[slot], weights, strict=True)
    return SlotModel(
        intercept=intercept,
        reading=reading,
        weights={kind: weight for kind, weight in named if weight},
    )


def _bounds(kind: ReasonKind) -> tuple[float | None, float | None]:
    if kind in _FREE:
        return None, None
    return (None, 0.0) if kind in _AGAINST else (0.0, None)


def fit_logistic(
    examples: Examples, bounds: Sequence[tuple[float | None, float | None]]
) -> list[float]:
    """Intercept and weights of the most probable logistic model, each weight within its bounds.

    Weights are penalised by the variance of their feature, so that its scale does not matter.

    Raises:
        ValueError: Nothing is wanted.
    """
    from scipy.optimize import minimize
    from scipy.special import expit

    if not examples.wanted.any():
        raise ValueError("no case wants anything here")
    design = np.column_stack([np.ones(len(examples.features)), examples.features])
    penalty = _PENALTY * design.var(axis=0)

    def loss(model: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logits = design @ model
        value = (np.logaddexp(0, logits) - examples.wanted * logits).sum()
        gradient = design.T @ (expit(logits) - examples.wanted)
        return float(value + penalty @ model**2), gradient + 2 * penalty * model

    found = minimize(
        loss,
        np.zeros(design.shape[1]),
        jac=True,
        bounds=[(None, None), *bounds],
        method="L-BFGS-B",
        options={"maxiter": 2_000},
    ).x
    return [round(weight, 2) for weight in found.tolist()]
