"""Scoring: how probable it is that an article is wanted in a slot, as a sum of named reasons.

For each slot a logistic model over a few features; what each adds to the log-odds is what an agent
reads as a reason. The weights are fitted on `eval/*/recommend_dev.jsonl` (logistic regression with
an L2 penalty) and rounded; the thresholds are chosen there, too, by cross-validation.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from kbsearch.article import Relation
from kbsearch.recommendation.slots import Candidate, Reason, ReasonKind, Slot

# Log-odds that usage adds or takes away at most: odds change at most 4.5-fold. It can undo that
# search puts an article first, but not lift one that little speaks for.
USAGE_BOUND = 1.5
DECISIVE = 0.4  # probability that some article must have, or nothing is recommended at all
DECISIVE_IF_UPSET = 0.2  # the same for an upset customer: silence is worse than a near miss

# Probability from which an article opens its slot, and from which others follow it.
OPENS: Mapping[Slot, float] = {
    Slot.SOLUTION: 0.15,
    Slot.NEXT_STEP: 0.15,
    Slot.POLICY: 0.2,
    Slot.SCRIPT: 0.2,
    Slot.RELATED: 0.15,
}
FOLLOWS: Mapping[Slot, float] = {
    Slot.SOLUTION: 0.15,
    Slot.NEXT_STEP: 0.08,
    Slot.POLICY: 0.08,
    Slot.SCRIPT: 0.08,
    Slot.RELATED: 0.06,
}
# Where an article is open, the links of its editor are reason enough.
READING_OPENS: Mapping[Slot, float] = dict.fromkeys(Slot, 0.04)
# Where nothing was asked, one good reason is enough.
PUSH_OPENS: Mapping[Slot, float] = dict.fromkeys(Slot, 0.08)

_Weights = Mapping[ReasonKind, float]

# Of a problem, or an article that is open. `similar` is the cosine of the nearest question.
_INTERCEPTS: Mapping[Slot, float] = {
    Slot.SOLUTION: -6.1,
    Slot.NEXT_STEP: -4.7,
    Slot.POLICY: -4.9,
    Slot.SCRIPT: -6.5,
    Slot.RELATED: -5.8,
}
_COMMON: _Weights = {ReasonKind.SOLVED: 3.0, ReasonKind.USAGE: USAGE_BOUND}
_WEIGHTS: Mapping[Slot, _Weights] = {
    Slot.SOLUTION: {
        ReasonKind.SEARCH: 5.7,
        ReasonKind.LEADING: 1.2,
        ReasonKind.LINK: 3.2,
        ReasonKind.SIMILAR: 1.6,
        ReasonKind.BODY: 3.5,
        ReasonKind.PRODUCT: 1.2,
        ReasonKind.OTHER_PRODUCT: -2.0,
    },
    Slot.NEXT_STEP: {ReasonKind.LINK: 8.9, ReasonKind.BODY: 0.7},
    Slot.POLICY: {
        ReasonKind.LINK: 6.6,
        ReasonKind.SEARCH: 5.0,
        ReasonKind.SIMILAR: 2.6,
        ReasonKind.BODY: 0.9,
        ReasonKind.PRODUCT: 1.0,
        ReasonKind.OTHER_PRODUCT: -0.6,
    },
    Slot.SCRIPT: {
        ReasonKind.LINK: 5.8,
        ReasonKind.SEARCH: 3.0,
        ReasonKind.SIMILAR: 3.0,
        ReasonKind.BODY: 3.0,
        ReasonKind.EMOTION: 1.0,
    },
    Slot.RELATED: {
        ReasonKind.LINK: 8.1,
        ReasonKind.SIMILAR: 1.4,
        ReasonKind.BODY: 2.7,
        ReasonKind.PRODUCT: 0.4,
        ReasonKind.OTHER_PRODUCT: -1.2,
    },
}
# Of a customer who has not asked anything: everything is related.
_PUSH_INTERCEPT = -4.4
_PUSH: _Weights = {
    ReasonKind.SEARCH: 3.0,
    ReasonKind.LINK: 4.0,
    ReasonKind.SIMILAR: 1.5,
    ReasonKind.BODY: 2.0,
    ReasonKind.PRODUCT: 1.6,
    ReasonKind.OTHER_PRODUCT: -0.8,
    ReasonKind.SEGMENT: 2.2,
    ReasonKind.SEASON: 2.2,
    ReasonKind.VIEWED: 3.0,
    ReasonKind.DEFAULT: 2.0,
}


@dataclass(slots=True)
class _Source:
    """The strongest single source of a feature."""

    value: float
    via: str
    relation: Relation | None


@dataclass(slots=True)
class Evidence:
    """All that speaks for articles, gathered slot by slot.

    Attributes:
        is_push: Whether nothing was asked.
    """

    is_push: bool = False
    _values: dict[tuple[Slot, int], dict[ReasonKind, float]] = field(default_factory=dict)
    _sources: dict[tuple[Slot, int, ReasonKind], _Source] = field(default_factory=dict)

    def add(
        self,
        slot: Slot,
        row: int,
        kind: ReasonKind,
        value: float,
        *,
        via: str = "",
        relation: Relation | None = None,
    ) -> None:
        """Notes a value; several of one kind from 0 to 1 count as independent causes (noisy or)."""
        values = self._values.setdefault((slot, row), {})
        before = values.get(kind)
        values[kind] = value if before is None else 1 - (1 - before) * (1 - value)
        source = self._sources.get((slot, row, kind))
        if source is None or value > source.value:
            self._sources[slot, row, kind] = _Source(value, via, relation)

    def rows(self) -> set[int]:
        """Rows of all candidates."""
        return {row for _, row in self._values}

    def places(self) -> list[tuple[Slot, int]]:
        """Every slot and row that something was noted of."""
        return [*self._values]

    def put(self, slot: Slot, row: int, kind: ReasonKind, value: float, *, via: str = "") -> None:
        """Notes a plain value, such as a cosine, in place of what was there."""
        self._values[slot, row][kind] = value
        if via:
            self._sources[slot, row, kind] = _Source(value, via, None)

    def candidates(self) -> list[Candidate]:
        """Every slot and row with its probability."""
        models = {slot: self._model(slot) for slot in Slot}
        found = []
        for (slot, row), values in self._values.items():
            log_odds, weights = models[slot]
            for kind, value in values.items():
                weight = weights.get(kind)
                if weight is not None:
                    log_odds += weight * value
            found.append(Candidate(slot, row, 1 / (1 + math.exp(-log_odds))))
        return found

    def reasons(self, slot: Slot, row: int) -> tuple[Reason, ...]:
        """What the probability is made of, the strongest first; kinds without weight left out."""
        _, weights = self._model(slot)
        found = []
        for kind, value in self._values[slot, row].items():
            weight = weights.get(kind, 0.0) * value
            if weight:
                source = self._sources.get((slot, row, kind)) or _Source(value, "", None)
                is_implied = kind is ReasonKind.LINK and source.relation is None
                shown = ReasonKind.INFERRED if is_implied else kind
                found.append(Reason(shown, round(weight, 3), source.via, source.relation))
        return tuple(sorted(found, key=lambda reason: -abs(reason.weight)))

    def _model(self, slot: Slot) -> tuple[float, _Weights]:
        if self.is_push:
            return _PUSH_INTERCEPT, {**_PUSH, **_COMMON}
        return _INTERCEPTS[slot], {**_WEIGHTS[slot], **_COMMON}
