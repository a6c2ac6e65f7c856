"""Tests of filling slots."""

from hypothesis import given
from hypothesis import strategies as st

from kbsearch.recommendation.slots import Candidate, Slot, fill

CANDIDATES = st.lists(
    st.builds(
        Candidate,
        slot=st.sampled_from(Slot),
        row=st.integers(0, 5),
        probability=st.floats(0, 1),
    )
)


def filled(*candidates, opens=0.2, follows=0.1, same=()):
    """Slot → rows, without empty slots; rows in `same` say the same as each other."""
    slots = fill(
        [Candidate(*each) for each in candidates],
        opens=opens,
        follows=dict.fromkeys(Slot, follows),
        is_duplicate=lambda row, placed: row in same and bool({*placed} & {*same}),
    )
    return {str(slot): [each.row for each in chosen] for slot, chosen in slots.items() if chosen}


def test_most_probable_comes_first_three_at_most():
    """Whatever the order in which candidates are found."""
    given = [
        (Slot.POLICY, row, probability) for row, probability in enumerate((0.3, 0.9, 0.5, 0.4))
    ]
    assert filled(*given) == {"policy": [1, 2, 3]}


def test_article_stands_where_it_is_most_probable():
    """And nowhere else."""
    assert filled((Slot.POLICY, 1, 0.4), (Slot.RELATED, 1, 0.6)) == {"related": [1]}


def test_best_solution_stands_as_the_solution():
    """Also where it would be the more probable policy; the next best is placed like all others."""
    given = [(Slot.SOLUTION, 1, 0.7), (Slot.POLICY, 1, 0.9)]
    assert filled(*given) == {"solution": [1]}
    second = [(Slot.SOLUTION, 2, 0.6), (Slot.POLICY, 2, 0.8)]
    assert filled(*given, *second) == {"solution": [1], "policy": [2]}


def test_slot_opens_for_more_than_it_takes_to_follow():
    """0.15 does not open a slot, but may stand second."""
    assert filled((Slot.POLICY, 1, 0.15)) == {}
    assert filled((Slot.POLICY, 1, 0.15), (Slot.POLICY, 2, 0.2)) == {"policy": [2, 1]}


def test_what_says_the_same_is_shown_once():
    """The better one stays, in whatever slot."""
    given = [(Slot.POLICY, 1, 0.5), (Slot.RELATED, 2, 0.6), (Slot.POLICY, 3, 0.4)]
    assert filled(*given, same=(1, 2)) == {"policy": [3], "related": [2]}


@given(CANDIDATES)
def test_nothing_is_placed_twice_or_below_its_threshold(candidates):
    """Of any candidates."""
    slots = fill(
        candidates,
        opens=0.5,
        follows=dict.fromkeys(Slot, 0.3),
        is_duplicate=lambda row, placed: False,
    )
    placed = [each for chosen in slots.values() for each in chosen]
    assert len({each.row for each in placed}) == len(placed)
    assert all(each.probability >= 0.3 for each in placed)
    assert all(not chosen or chosen[0].probability >= 0.5 for chosen in slots.values())
    assert [*slots] == [*Slot]
