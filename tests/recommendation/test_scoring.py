"""Tests of probabilities and their reasons."""

import math

import pytest

from kbsearch.article import Relation
from kbsearch.recommendation.scoring import USAGE_BOUND, Evidence, ScoringModel, Situation
from kbsearch.recommendation.slots import ReasonKind, Slot


def log_odds(evidence):
    """Of the only candidate."""
    (candidate,) = evidence.candidates()
    return math.log(candidate.probability / (1 - candidate.probability))


def test_independent_causes_add_up_as_noisy_or():
    """Two links of 0.5 are worth one of 0.75."""
    twice, once = Evidence(), Evidence()
    for _ in range(2):
        twice.add(Slot.POLICY, 1, ReasonKind.LINK, 0.5)
    once.add(Slot.POLICY, 1, ReasonKind.LINK, 0.75)
    assert log_odds(twice) == pytest.approx(log_odds(once))


def test_reasons_are_what_the_probability_is_made_of():
    """Their weights and the intercept sum to the log-odds; the strongest stands first."""
    evidence = Evidence()
    evidence.add(Slot.SOLUTION, 1, ReasonKind.SEARCH, 0.5)
    before = log_odds(evidence)
    evidence.add(Slot.SOLUTION, 1, ReasonKind.LINK, 1.0, via="a", relation=Relation.SEE_ALSO)
    evidence.put(Slot.SOLUTION, 1, ReasonKind.OTHER_PRODUCT, 1.0)
    reasons = evidence.reasons(Slot.SOLUTION, 1)
    added = {reason.kind: reason.weight for reason in reasons}
    gained = added[ReasonKind.LINK] + added[ReasonKind.OTHER_PRODUCT]
    assert log_odds(evidence) - before == pytest.approx(gained)
    assert [abs(reason.weight) for reason in reasons] == sorted(
        (abs(reason.weight) for reason in reasons), reverse=True
    )


def test_strongest_link_is_the_one_that_is_named():
    """And a link that nobody made is called inferred."""
    evidence = Evidence()
    evidence.add(Slot.POLICY, 1, ReasonKind.LINK, 0.1, via="a")
    assert evidence.reasons(Slot.POLICY, 1)[0].kind is ReasonKind.INFERRED
    evidence.add(Slot.POLICY, 1, ReasonKind.LINK, 0.7, via="b", relation=Relation.POLICY)
    reason = evidence.reasons(Slot.POLICY, 1)[0]
    assert (reason.kind, reason.via, reason.relation) == (ReasonKind.LINK, "b", Relation.POLICY)


def test_every_slot_has_a_model():
    """The package's weights know each slot, and no reason that they name is without effect."""
    model = ScoringModel.bundled()
    assert {*model.slots} == {*Slot}
    for slot in Slot:
        intercept, weights = model.of(slot, Situation.PROBLEM)
        assert intercept < 0
        assert model.of(slot, Situation.READING)[1] == weights


def test_candidates_can_be_asked_for_by_slot():
    """Only those, also what nothing speaks for yet."""
    evidence = Evidence()
    evidence.add(Slot.SOLUTION, 1, ReasonKind.SEARCH, 0.5)
    evidence.consider(Slot.POLICY, 2)
    assert [each.row for each in evidence.candidates(Slot.POLICY)] == [2]
    assert evidence.values(Slot.POLICY, 2) == {}
    assert len(evidence.candidates()) == 2


@pytest.mark.parametrize("slot", Slot)
@pytest.mark.parametrize("balance", [-1.0, 1.0])
def test_usage_is_bounded(slot, balance):
    """The most extreme use moves the log-odds by its bound and no more."""
    evidence = Evidence()
    evidence.add(slot, 1, ReasonKind.SIMILAR, 0.5)
    before = log_odds(evidence)
    evidence.put(slot, 1, ReasonKind.USAGE, balance)
    assert log_odds(evidence) - before == pytest.approx(balance * USAGE_BOUND)
