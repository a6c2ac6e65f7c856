"""The page of a recommendation evaluation: its measures, slot by slot, and every miss."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from kbsearch import messages
from kbsearch.evaluation.recommending import (
    DEPTH,
    TARGET,
    CaseOutcome,
    RecommendationCase,
    RecommendationEvaluation,
)
from kbsearch.evaluation.report.template import Wording, fill
from kbsearch.recommendation.slots import Slot

MEASURES = ("found", "first", "reached", "right", "quiet")


class _Entry(NamedTuple):
    """An article of a miss.

    Attributes:
        id: Its id.
        title: Its title; the id where the knowledge base does not have it.
        is_right: Whether it is wanted and shown.
    """

    id: str
    title: str
    is_right: bool


@dataclass(frozen=True, slots=True)
class _Miss:
    """A case in which something is wrong.

    Attributes:
        cause: ``quiet`` if anything is shown where nothing fits, ``first`` if the first action is
            wrong, ``found`` if something wanted is not among the first.
        case: The case.
        turns: What was said, as (role, text); () unless it is a conversation.
        heading: The problem, the open article, or what is known of the customer.
        first: What is shown first; None if nothing is.
        wanted_first: What would be right as the very first.
        slots: (slot, wanted, shown) where anything is wanted or shown.
    """

    cause: str
    case: RecommendationCase
    turns: tuple[tuple[str, str], ...]
    heading: str
    first: _Entry | None
    wanted_first: tuple[_Entry, ...]
    slots: tuple[tuple[Slot, tuple[_Entry, ...], tuple[_Entry, ...]], ...]


def render_recommendations(
    evaluation: RecommendationEvaluation, titles: Mapping[str, str], lang: messages.Language
) -> str:
    """The report as HTML; it loads nothing from anywhere.

    Args:
        evaluation: What to show.
        titles: Article id to title.
        lang: The language.
    """
    misses = [
        _miss(outcome, cause, titles)
        for outcome in evaluation.outcomes
        if (cause := _cause(outcome))
    ]
    return fill(
        "recommending.html",
        Wording(lang),
        result=evaluation,
        measures=MEASURES,
        target=TARGET,
        depth=DEPTH,
        misses=misses,
        choices={
            "cause": [*dict.fromkeys(miss.cause for miss in misses)],
            "type": [*dict.fromkeys(miss.case.type for miss in misses)],
            "industry": [*dict.fromkeys(miss.case.industry for miss in misses)],
        },
    )


def _cause(outcome: CaseOutcome) -> str | None:
    """The gravest thing that is wrong; None if nothing is."""
    if outcome.case.is_out_of_reach:
        return None if outcome.is_first_right else "quiet"
    if outcome.is_first_right is False:
        return "first"
    counts = [outcome.found(slot) for slot in outcome.case.wanted]
    return "found" if any(found < room for found, room in counts) else None


def _miss(outcome: CaseOutcome, cause: str, titles: Mapping[str, str]) -> _Miss:
    case = outcome.case

    def entries(articles: tuple[str, ...], right: tuple[str, ...]) -> tuple[_Entry, ...]:
        return tuple(_Entry(name, titles.get(name, name), name in right) for name in articles)

    both = {slot: (case.wanted.get(slot, ()), outcome.shown.get(slot, ())) for slot in Slot}
    first = (outcome.first,) if outcome.first else ()
    turns = case.conversation or ()
    about = case.context.model_dump_json(exclude_defaults=True) if case.context else ""
    opened = titles.get(case.article_id, case.article_id) if case.article_id else ""
    return _Miss(
        cause=cause,
        case=case,
        turns=tuple((turn.role, turn.text) for turn in turns),
        heading=case.text or opened or about,
        first=next(iter(entries(first, case.first)), None),
        wanted_first=entries(case.first, first),
        slots=tuple(
            (slot, entries(wanted, shown), entries(shown, wanted))
            for slot, (wanted, shown) in both.items()
            if wanted or shown
        ),
    )
