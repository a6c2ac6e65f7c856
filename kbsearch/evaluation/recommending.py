"""Recommendation sets: what should lie on the agent's desk, and how much of it is recommended.

A case is a text, a conversation, a customer context or an open article, with the articles wanted in
each slot, best first, and those that would be right as the very first. An article that is wanted in
two slots is right in either. Cases in which nothing is wanted are right if nothing is shown.
"""

import random
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from kbsearch.evaluation.judged import Judged, read_judged
from kbsearch.evaluation.significance import Estimate, mean, share
from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.recommendation.conversation import Turn
from kbsearch.recommendation.customer import CustomerContext
from kbsearch.recommendation.events import Action, Event, EventStore
from kbsearch.recommendation.recommender import Recommendation
from kbsearch.recommendation.slots import Slot

DEPTH = 3  # articles of a slot that an agent reads
TARGET = 0.8  # of `RecommendationEvaluation.found`
_WAVED_AWAY = 0.5  # of what simulated agents see and cannot use


class RecommendationCase(Judged):
    """One situation at an agent's desk, with judgments.

    Attributes:
        type: Which of the next four fields is given.
        text: The problem as it was typed.
        conversation: Turns so far.
        context: A customer who has not asked anything.
        article_id: The article that the agent has open.
        wanted: Slot to every article that is right there, best first.
        first: Articles that would be right as the very first.
    """

    type: Literal["text", "conversation", "context", "article"]
    text: str | None = None
    conversation: tuple[Turn, ...] | None = None
    context: CustomerContext | None = None
    article_id: str | None = None
    wanted: Mapping[Slot, tuple[str, ...]]
    first: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _has_what_its_type_says(self) -> "RecommendationCase":
        given = {
            "text": self.text,
            "conversation": self.conversation,
            "context": self.context,
            "article": self.article_id,
        }
        if [name for name, value in given.items() if value is not None] != [self.type]:
            raise PydanticCustomError("case_type", "give exactly what the type says")
        return self

    @property
    def is_out_of_reach(self) -> bool:
        """Whether nothing in the knowledge base fits."""
        return not any(self.wanted.values())


@dataclass(frozen=True, slots=True)
class CaseOutcome:
    """What was recommended in one case.

    Attributes:
        case: The case.
        shown: Slot to article ids, in the order in which the slots are shown.
    """

    case: RecommendationCase
    shown: Mapping[Slot, tuple[str, ...]]

    @property
    def first(self) -> str | None:
        """The first article of all; None if nothing is shown."""
        return next((entry for entries in self.shown.values() for entry in entries), None)

    @property
    def is_first_right(self) -> bool | None:
        """Whether the first action is right; None where nobody judged it (an open article)."""
        if self.case.is_out_of_reach:
            return self.first is None
        return self.first in self.case.first if self.case.first else None

    def found(self, slot: Slot) -> tuple[int, int]:
        """How many of the articles wanted in `slot` are found, and of how many that can be.

        An article wanted in two slots is found in either.
        """
        wanted = self.case.wanted.get(slot, ())
        right = {
            article
            for other, articles in self.case.wanted.items()
            for article in self.shown.get(other, ())[:DEPTH]
            if article in articles
        }
        room = min(DEPTH, len(wanted))
        return min(room, len(right & set(wanted))), room


@dataclass(frozen=True, slots=True)
class SlotFigures:
    """Measures of one slot.

    Attributes:
        precision: Precision@1: share of the cases with something in the slot whose first is wanted.
        recall: Recall@3: mean over the cases that want something; 1 if as many as there is room
            for are found.
        found: Share of the wanted articles, at most 3 a case, that are found.
    """

    precision: Estimate
    recall: Estimate
    found: Estimate


@dataclass(frozen=True, slots=True)
class RecommendationEvaluation:
    """Measures of a recommendation set.

    Attributes:
        slots: Figures of each slot.
        first: Right first action.
        found: Share of all wanted articles, at most 3 a slot, that are among the first 3 of a slot
            that wants them.
        reached: Share of the wanted slots in which at least one wanted article is found.
        right: Share of all that is shown that is wanted in its slot: the price of finding more.
        quiet: Share of the cases out of reach in which nothing is shown.
        by_type: Type of case to right first action and share found.
        by_industry: The same by industry.
        outcomes: Every case.
    """

    slots: Mapping[Slot, SlotFigures]
    first: Estimate
    found: Estimate
    reached: Estimate
    right: Estimate
    quiet: Estimate
    by_type: Mapping[str, tuple[Estimate, Estimate]]
    by_industry: Mapping[str, tuple[Estimate, Estimate]]
    outcomes: tuple[CaseOutcome, ...]


def read_cases(paths: Iterable[str | Path]) -> tuple[RecommendationCase, ...]:
    """Reads JSONL files, one case a line.

    Raises:
        QuerySetError: A file cannot be read or is empty, or a line is wrong; names every one.
    """
    found = read_judged(map(Path, paths), RecommendationCase)
    return tuple(case for cases in found.values() for case in cases)


def evaluate_recommendations(
    knowledge_base: KnowledgeBase,
    cases: Iterable[RecommendationCase],
    *,
    use_events: bool = False,
) -> RecommendationEvaluation:
    """Recommends for every case, and measures; what events taught counts only if asked for."""
    shown = ((case, _shown(knowledge_base, case, use_events=use_events)) for case in cases)
    return measure([CaseOutcome(case, slots) for case, slots in shown])


@dataclass(frozen=True, slots=True)
class Replay:
    """What learning from simulated agents changes.

    Attributes:
        events: How many events were simulated.
        seen: Measures before and after of the cases that were learned from.
        unseen: The same of the others.
    """

    events: int
    seen: tuple[RecommendationEvaluation, RecommendationEvaluation]
    unseen: tuple[RecommendationEvaluation, RecommendationEvaluation]


def replay(
    knowledge_base: KnowledgeBase,
    cases: Sequence[RecommendationCase],
    *,
    rounds: int = 10,
    seed: int = 0,
) -> Replay:
    """Lets simulated agents work through every other case, then measures all again.

    An agent looks at rank r with probability 1 / r. Of what he looks at, he uses what is wanted
    (a solution solves, the rest is attached) and waves away half of the rest. The events go to a
    store of their own; those of the knowledge base are neither read nor changed.

    Args:
        knowledge_base: What recommends.
        cases: The cases; those at even places are learned from.
        rounds: How often each case comes up.
        seed: Of the simulated agents.
    """
    learned, others = cases[::2], cases[1::2]
    chance = random.Random(seed)
    before = {True: evaluate_recommendations(knowledge_base, learned)}
    before[False] = evaluate_recommendations(knowledge_base, others)
    with tempfile.TemporaryDirectory() as folder:
        pupil = KnowledgeBase(knowledge_base.index_dir, knowledge_base.searcher)
        pupil.events = EventStore(Path(folder) / "events.sqlite")
        for number in range(rounds):
            pupil.events.record_many(
                event
                for case in learned
                for event in _simulated(
                    case, _shown(pupil, case, use_events=True), f"{case.id}-{number}", chance
                )
            )
        count = sum(1 for _ in pupil.events.events())
        after = [evaluate_recommendations(pupil, own, use_events=True) for own in (learned, others)]
        pupil.events.close()
    return Replay(count, (before[True], after[0]), (before[False], after[1]))


def _simulated(
    case: RecommendationCase,
    shown: Mapping[Slot, Sequence[str]],
    case_id: str,
    chance: random.Random,
) -> Iterator[Event]:
    """What an agent does with what he is shown."""
    for slot, articles in shown.items():
        for rank, article in enumerate(articles, start=1):
            done = [Action.SHOWN]
            if chance.random() < 1 / rank:
                if article in case.wanted.get(slot, ()):
                    done.append(Action.SOLVED if slot is Slot.SOLUTION else Action.ATTACHED)
                elif chance.random() < _WAVED_AWAY:
                    done.append(Action.DISMISSED)
            for action in done:
                yield Event(
                    action=action, article_id=article, slot=slot, rank=rank, case_id=case_id
                )


def measure(outcomes: Sequence[CaseOutcome]) -> RecommendationEvaluation:
    """Measures of outcomes."""

    def sliced(attribute: str) -> dict[str, tuple[Estimate, Estimate]]:
        groups: dict[str, list[CaseOutcome]] = {}
        for outcome in outcomes:
            groups.setdefault(getattr(outcome.case, attribute), []).append(outcome)
        return {name: (_first(own), _found(own, Slot)) for name, own in sorted(groups.items())}

    counts = [outcome.found(slot) for outcome in outcomes for slot in outcome.case.wanted]
    out_of_reach = [outcome for outcome in outcomes if outcome.case.is_out_of_reach]
    return RecommendationEvaluation(
        slots={slot: _figures(outcomes, slot) for slot in Slot},
        first=_first(outcomes),
        found=_found(outcomes, Slot),
        reached=share(sum(found > 0 for found, _ in counts), len(counts)),
        right=_right(outcomes),
        quiet=share(sum(outcome.first is None for outcome in out_of_reach), len(out_of_reach)),
        by_type=sliced("type"),
        by_industry=sliced("industry"),
        outcomes=tuple(outcomes),
    )


def _shown(
    knowledge_base: KnowledgeBase, case: RecommendationCase, *, use_events: bool
) -> dict[Slot, tuple[str, ...]]:
    recommendation: Recommendation = knowledge_base.recommend(
        case.text,
        conversation=case.conversation,
        article_id=case.article_id,
        context=case.context,
        use_events=use_events,
    )
    return {
        slot: tuple(entry.article_id for entry in entries)
        for slot, entries in recommendation.slots.items()
    }


def _first(outcomes: Iterable[CaseOutcome]) -> Estimate:
    judged = [right for each in outcomes if (right := each.is_first_right) is not None]
    return share(sum(judged), len(judged))


def _found(outcomes: Iterable[CaseOutcome], slots: Iterable[Slot]) -> Estimate:
    counts = [outcome.found(slot) for outcome in outcomes for slot in [*slots]]
    return share(sum(found for found, _ in counts), sum(room for _, room in counts))


def _right(outcomes: Iterable[CaseOutcome]) -> Estimate:
    shown = [
        article in outcome.case.wanted.get(slot, ())
        for outcome in outcomes
        for slot, articles in outcome.shown.items()
        for article in articles
    ]
    return share(sum(shown), len(shown))


def _figures(outcomes: Sequence[CaseOutcome], slot: Slot) -> SlotFigures:
    filled = [outcome for outcome in outcomes if outcome.shown.get(slot)]
    right = [each for each in filled if each.shown[slot][0] in each.case.wanted.get(slot, ())]
    counts = [outcome.found(slot) for outcome in outcomes if outcome.case.wanted.get(slot)]
    return SlotFigures(
        precision=share(len(right), len(filled)),
        recall=mean([found / room for found, room in counts]),
        found=_found(outcomes, [slot]),
    )
