"""Tests of declining: shares that can be counted by hand."""

from kbsearch.evaluation.declining import Declining
from kbsearch.evaluation.significance import share


def test_decisions_are_counted(outcome):
    """Of three unanswerable one is declined and one answered; of two answerable one is declined."""
    declining = Declining.of(
        [
            outcome(True, decision="answer"),
            outcome(True, decision="abstain"),
            outcome(decision="abstain", type="off_topic"),
            outcome(decision="suggest", type="near_miss"),
            outcome(decision="answer", type="near_miss"),
        ]
    )
    assert declining.declined == share(1, 3)
    assert declining.not_answered == share(2, 3)
    assert declining.not_answered_by_type == {"near_miss": share(1, 2), "off_topic": share(1, 1)}
    assert declining.wrongly_declined == share(1, 2)
    assert declining.right_when_answered == share(1, 2)
