"""Tests of what a conversation is about."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbsearch.recommendation.conversation import Conversation, Turn

SAID = [
    *("你好", "在吗", "谢谢", "好的", "可以了，连上了", "收到啦。还有个事儿，流量怎么查", "对"),
    *("还是不行", "那要多久", "空调不制冷", "算了不退了，能不能换一台", "", "😀", "等等，手表没电"),
]
TURNS = st.lists(
    st.builds(
        Turn,
        role=st.sampled_from(["customer", "agent"]),
        text=st.sampled_from([*SAID, "还有什么可以帮您吗？", "是空调的问题，对吗？"]) | st.text(),
    ),
    max_size=9,
)


def talk(*said):
    """Turns that customer and agent take, the customer first."""
    roles = ("customer", "agent")
    return [{"role": roles[place % 2], "text": text} for place, text in enumerate(said)]


def test_all_that_the_customer_said_of_it_is_the_problem():
    """Oldest first, without greetings and without the agent's words."""
    conversation = talk("你好", "您好", "我家的空调", "是手表吗", "不制冷")
    assert Conversation(conversation).problem.text == "我家的空调，不制冷"


def test_solved_problem_is_left_behind():
    """What was settled before counts no more, even if both stand in one turn."""
    for last in ("收到了，谢谢。对了，流量怎么查", "还有，流量怎么查"):
        conversation = talk("发票没收到", "重发了，还有别的需要吗？", last)
        problem = Conversation(conversation).problem
        assert problem.text.endswith("流量怎么查")
        assert "发票" not in problem.text
        assert problem.settled == ("发票没收到",)


@pytest.mark.parametrize("last", ["还是不行", "那要多久", "一样"])
def test_short_answer_belongs_to_the_problem_before(last):
    """It is understood together with what was said before, even after the agent said goodbye."""
    conversation = talk("空调不制冷", "洗一下滤网，祝您生活愉快", last)
    assert Conversation(conversation).problem.text == f"空调不制冷，{last}"


def test_assent_takes_over_the_question_of_the_agent():
    """「对」 alone says what the agent asked."""
    conversation = talk("家里跳闸", "一开空调就跳，对吗？", "对")
    assert Conversation(conversation).problem.text == "家里跳闸，一开空调就跳，对吗"


def test_advice_is_what_the_agent_said_of_the_problem():
    """Not what belongs to a problem that is settled."""
    conversation = talk("空调不制冷", "洗一下滤网")
    assert Conversation(conversation).problem.advice == ("洗一下滤网",)
    more = talk(
        *("发票没收到", "重发了，还有别的需要吗？", "收到了。对了，流量怎么查", "发短信"),
        "没收到短信",
    )
    assert Conversation(more).problem.advice == ("发短信",)


def test_what_is_taken_back_counts_less():
    """Who changes his mind is asked about the new wish, with the old one as context."""
    problem = Conversation(talk("我要退货", "好的", "算了，那不退了，能换一个颜色吗")).problem
    assert problem.text == "能换一个颜色吗"
    assert problem.earlier == ("我要退货",)


def test_name_of_a_product_is_not_torn():
    """A blank inside of a name ends no clause."""
    assert Conversation(talk("您好，腕伴 S2 充不进电")).problem.text == "腕伴 S2 充不进电"


def test_conversation_of_courtesies_is_about_the_last_of_them():
    """There is always something to search for."""
    assert Conversation(talk("你好", "您好", "在吗")).problem.text == "在吗"


def test_turns_and_mappings_are_the_same():
    """A service may pass either."""
    assert Conversation([Turn(role="customer", text="不制冷")]).problem.text == "不制冷"


def test_topic_that_goes_on_is_not_a_new_problem(knowledge_base):
    """With an encoder, a turn near what seemed settled is part of it."""
    conversation = talk("空调不制冷怎么办", "祝您生活愉快", "空调吹出来的风还是不制冷")
    encoder = knowledge_base.searcher.encoder
    assert Conversation(conversation).problem.settled
    assert not Conversation(conversation, encoder=encoder).problem.settled


@given(TURNS)
def test_growing_is_the_same_as_reading_anew(turns):
    """After every turn the problem is that of the whole conversation so far."""
    growing = Conversation()
    for number, turn in enumerate(turns, start=1):
        growing.add(turn)
        whole = Conversation(turns[:number])
        assert growing.customer == whole.customer
        if growing.customer:
            assert growing.problem == whole.problem
            assert growing.problem.text.strip()


def test_turn_is_read_in_a_millisecond():
    """The hundredth turn costs no more than the first."""
    conversation = Conversation(talk(*["空调不制冷", "洗滤网"] * 50))
    begin = time.perf_counter()
    for turn in talk(*["还是不行", "再洗一次"] * 50):
        conversation.add(turn)
    assert (time.perf_counter() - begin) / 100 < 0.001


@pytest.mark.parametrize(
    "conversation",
    [[], [{"role": "agent", "text": "您好"}], [{"role": "customer", "text": " "}]],
)
def test_customer_must_have_spoken(conversation):
    """Without a word of the customer there is no problem yet: ValueError."""
    with pytest.raises(ValueError, match="customer"):
        _ = Conversation(conversation).problem


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
        Conversation([turn])
