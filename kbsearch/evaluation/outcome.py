"""Outcomes: what became of each query, from which every figure, slice and miss is counted."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kbsearch.retrieval.candidates import Leg
from kbsearch.retrieval.response import Decision


@dataclass(frozen=True, slots=True)
class Outcome:
    """One query, its judgments, and what the knowledge base made of it.

    Attributes:
        id: Id of the query.
        text: As the customer or agent put it.
        type: How it is put.
        industry: Name of its query set's folder.
        context: Earlier turns, oldest first.
        relevant: Article id to grade; 0 is judged and wrong.
        known_failure: Why it is known to miss; "" if it is not.
        values: Leg → measure → value; nothing for an unanswerable query.
        rankings: Leg → the first 50 articles.
        decision: What search would do.
        confidence: Of the first article; 0 without one.
        milliseconds: How long the search took.
    """

    id: str
    text: str
    type: str
    industry: str
    context: tuple[str, ...]
    relevant: Mapping[str, int]
    known_failure: str
    values: Mapping[str, Mapping[str, float]]
    rankings: Mapping[str, tuple[str, ...]]
    decision: Decision
    confidence: float
    milliseconds: float

    @property
    def answers(self) -> tuple[str, ...]:
        """The articles that answer the query, best first."""
        return answers(self.relevant)

    @property
    def answerable(self) -> bool:
        """Whether some article answers it."""
        return bool(self.values)

    @property
    def right(self) -> bool:
        """Whether the first article shown answers it."""
        return self.answerable and self.values[Leg.FINAL]["hit@1"] == 1


def answers(relevant: Mapping[str, int]) -> tuple[str, ...]:
    """The articles of grade 1 and more, best first, equal ones as they are given."""
    return tuple(sorted((a for a, grade in relevant.items() if grade), key=lambda a: -relevant[a]))


def answerable(outcomes: Iterable[Outcome]) -> tuple[Outcome, ...]:
    """The outcomes of answerable queries."""
    return tuple(outcome for outcome in outcomes if outcome.answerable)
