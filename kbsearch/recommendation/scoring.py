"""Scoring: how probable it is that an article is wanted in a slot, as a sum of named reasons.

For each slot a logistic model over a few features; what each adds to the log-odds is what an agent
reads as a reason. The weights stand in ``weights.toml``, which `make fit-recommend` writes.
"""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib import resources

from pydantic import BaseModel, ConfigDict

from kbsearch.article import Relation
from kbsearch.recommendation.slots import Candidate, Reason, ReasonKind, Slot

# Log-odds that usage adds or takes away at most: odds change at most 4.5-fold. It can undo that
# search puts an article first, but not lift one that little speaks for. With 2.0, simulated use
# makes recommendations for other cases worse (`kbsearch eval-recommend --replay`).
USAGE_BOUND = 1.5
# Probability of a solution or a script that there must be, or nothing is recommended at all: chosen
# on the dev sets of `eval/`, by cross-validation, as are OPENS and FOLLOWS.
DECISIVE = 0.2
DECISIVE_IF_UPSET = 0.1  # the same for an upset customer: silence is worse than a near miss
OPENS = 0.15  # probability from which an article opens its slot
# Probability from which others follow it: a second solution must be as probable as a first.
FOLLOWS: Mapping[Slot, float] = {**dict.fromkeys(Slot, 0.03), Slot.SOLUTION: OPENS}
READING_OPENS = 0.1  # where an article is open, the links of its editor are reason enough
PUSH_OPENS = 0.08  # where nothing was asked, one good reason is enough
PUSH_FOLLOWS: Mapping[Slot, float] = dict.fromkeys(Slot, 0.06)

_Weights = Mapping[ReasonKind, float]

_COMMON: _Weights = {ReasonKind.SOLVED: 3.0, ReasonKind.USAGE: USAGE_BOUND}
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
    **_COMMON,
}


class Situation(StrEnum):
    """What a recommendation starts from."""

    PROBLEM = "problem"
    READING = "reading"  # an article is open
    PUSH = "push"  # nothing was asked


class SlotModel(BaseModel):
    """The logistic model of one slot.

    Attributes:
        intercept: Log-odds of an article that nothing speaks for.
        reading: What is added where an article is open: links are all there is then.
        weights: What one unit of a reason adds.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    intercept: float
    reading: float = 0.0
    weights: Mapping[ReasonKind, float]


class ScoringModel(BaseModel):
    """The models of all slots."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    slots: Mapping[Slot, SlotModel]

    @classmethod
    def bundled(cls) -> "ScoringModel":
        """The weights of the package, read once."""
        return _bundled()

    def of(self, slot: Slot, situation: Situation) -> tuple[float, _Weights]:
        """Intercept and weights."""
        if situation is Situation.PUSH:
            return _PUSH_INTERCEPT, _PUSH
        model = self.slots[slot]
        offset = model.reading if situation is Situation.READING else 0.0
        return model.intercept + offset, {**model.weights, **_COMMON}


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
        situation: What is recommended from.
        model: What each reason counts.
    """

    situation: Situation = Situation.PROBLEM
    model: ScoringModel = field(default_factory=ScoringModel.bundled)
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

    def consider(self, slot: Slot, row: int) -> None:
        """Makes an article a candidate that nothing speaks for yet."""
        self._values.setdefault((slot, row), {})

    def put(self, slot: Slot, row: int, kind: ReasonKind, value: float, *, via: str = "") -> None:
        """Notes a plain value, such as a cosine, in place of what was there."""
        self._values[slot, row][kind] = value
        if via:
            self._sources[slot, row, kind] = _Source(value, via, None)

    def places(self, slot: Slot | None = None) -> list[tuple[Slot, int]]:
        """Every slot, or this one, and row that something was noted of."""
        return [place for place in self._values if slot in {None, place[0]}]

    def values(self, slot: Slot, row: int) -> _Weights:
        """What was noted, without weights; empty for what is no candidate."""
        return self._values.get((slot, row), {})

    def candidates(self, slot: Slot | None = None) -> list[Candidate]:
        """Every slot, or this one, and row with its probability."""
        models = {each: self.model.of(each, self.situation) for each in Slot}
        found = []
        for each, row in self.places(slot):
            log_odds, weights = models[each]
            for kind, value in self._values[each, row].items():
                weight = weights.get(kind)
                if weight is not None:
                    log_odds += weight * value
            found.append(Candidate(each, row, 1 / (1 + math.exp(-log_odds))))
        return found

    def reasons(self, slot: Slot, row: int) -> tuple[Reason, ...]:
        """What the probability is made of, the strongest first; kinds without weight left out."""
        _, weights = self.model.of(slot, self.situation)
        found = []
        for kind, value in self._values[slot, row].items():
            weight = weights.get(kind, 0.0) * value
            if weight:
                source = self._sources.get((slot, row, kind)) or _Source(value, "", None)
                is_implied = kind is ReasonKind.LINK and source.relation is None
                shown = ReasonKind.INFERRED if is_implied else kind
                found.append(Reason(shown, round(weight, 3), source.via, source.relation))
        return tuple(sorted(found, key=lambda reason: -abs(reason.weight)))


@cache
def _bundled() -> ScoringModel:
    source = resources.files(__package__).joinpath("weights.toml")
    return ScoringModel.model_validate({"slots": tomllib.loads(source.read_text(encoding="utf-8"))})
