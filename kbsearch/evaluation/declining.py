"""Declining: how well the decision knows what the knowledge base does not know."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kbsearch.evaluation.outcome import Outcome
from kbsearch.evaluation.significance import Estimate, share
from kbsearch.retrieval.response import Decision


@dataclass(frozen=True, slots=True)
class Declining:
    """How well the decision knows what it does not know.

    Attributes:
        declined: Share of unanswerable queries with the decision ``abstain``.
        not_answered: Share of unanswerable queries with any decision but ``answer``.
        wrongly_declined: Share of answerable queries with the decision ``abstain``.
        right_when_answered: Share of queries with the decision ``answer`` whose first article is
            relevant: the precision of that band.
        not_answered_by_type: Type of unanswerable query → `not_answered`.
    """

    declined: Estimate
    not_answered: Estimate
    wrongly_declined: Estimate
    right_when_answered: Estimate
    not_answered_by_type: Mapping[str, Estimate]

    @classmethod
    def of(cls, outcomes: Sequence[Outcome]) -> "Declining":
        """Counts decisions."""
        good = [outcome for outcome in outcomes if outcome.answerable]
        bad = [outcome for outcome in outcomes if not outcome.answerable]
        answered = [each for each in outcomes if each.decision == Decision.ANSWER]
        right = sum(outcome.right for outcome in answered)
        by_type: dict[str, list[Outcome]] = {}
        for outcome in sorted(bad, key=lambda outcome: outcome.type):
            by_type.setdefault(outcome.type, []).append(outcome)
        return cls(
            declined=share(_count(bad, Decision.ABSTAIN), len(bad)),
            not_answered=_not_answered(bad),
            wrongly_declined=share(_count(good, Decision.ABSTAIN), len(good)),
            right_when_answered=share(right, len(answered)),
            not_answered_by_type={name: _not_answered(own) for name, own in by_type.items()},
        )


def _count(outcomes: Iterable[Outcome], decision: Decision) -> int:
    return sum(outcome.decision == decision for outcome in outcomes)


def _not_answered(outcomes: Sequence[Outcome]) -> Estimate:
    return share(len(outcomes) - _count(outcomes, Decision.ANSWER), len(outcomes))
