"""Tests of what a conversation is about."""

import pytest

from kbsearch.recommendation.conversation import Turn, current_problem


def test_last_words_of_the_customer_are_the_problem():
    """What the customer said before is context, oldest first; the agent's words are neither."""
    conversation = [
        {"role": "customer", "text": "你好"},
        {"role": "agent", "text": "您好，请问什么问题"},
        {"role": "customer", "text": "我买了空调"},
        {"role": "customer", "text": "不制冷"},
        {"role": "agent", "text": "我看一下手表的资料"},
    ]
    assert current_problem(conversation) == ("不制冷", ("你好", "我买了空调"))


def test_turns_and_mappings_are_the_same():
    """A service may pass either."""
    assert current_problem([Turn(role="customer", text="不制冷")]) == ("不制冷", ())


def test_silent_turns_are_passed_over():
    """A turn of blanks, such as a picture without words, is no problem."""
    conversation = [{"role": "customer", "text": text} for text in ("不制冷", "  ", "")]
    assert current_problem(conversation) == ("不制冷", ())


@pytest.mark.parametrize(
    "conversation",
    [[], [{"role": "agent", "text": "您好"}], [{"role": "customer", "text": " "}]],
)
def test_customer_must_have_spoken(conversation):
    """Without a word of the customer there is no problem yet: ValueError."""
    with pytest.raises(ValueError, match="customer"):
        current_problem(conversation)


@pytest.mark.parametrize(
    ("turn", "named"),
    [
        ({"role": "robot", "text": "您好"}, "role"),
        ({"role": "customer"}, "text"),
        ({"role": "customer", "text": "不制冷", "time": "9:00"}, "time"),
    ],
)
def test_wrong_turn_is_refused(turn, named):
    """An unknown role, a missing text or an unknown field is a ValueError that names it."""
    with pytest.raises(ValueError, match=named):
        current_problem([turn])
