"""Tests of feelings read from words."""

import pytest

from kbsearch.recommendation.emotion import Lexicon

WORDS = """
raise_from = 1.0
hand_over_from = 2.5
[anger]
"投诉" = 1.0
[anxiety]
"着急" = 1.0
[urgency]
"马上" = 0.5
[hand_over]
"转人工" = 2.5
[intensifiers]
"非常" = 1.5
[negations]
words = ["不", "不是来"]
reach = 2
"""


@pytest.fixture
def lexicon(tmp_path):
    """A word list that an editor wrote."""
    path = tmp_path / "words.toml"
    path.write_text(WORDS, encoding="utf-8")
    return Lexicon.read(path)


@pytest.mark.parametrize(
    ("text", "anxiety"),
    [
        ("我着急", 1.0),
        ("我不着急", 0.0),
        ("我不是很着急", 0.0),
        ("不知道为什么着急", 1.0),  # five characters between are too many
        ("我非常着急", 1.5),
        ("我着急！", 1.3),
        ("不，我着急", 1.0),  # a negation ends with its clause
        ("着急着急", 2.0),
        ("是不是着急", 1.0),  # only asked
        ("", 0.0),
    ],
)
def test_strength_is_the_sum_of_what_matched(lexicon, text, anxiety):
    """Weight 1, times 1.5 for the intensifier, 1.3 for the exclamation mark, 0 for a negation."""
    assert lexicon.emotion([text]).anxiety == pytest.approx(anxiety)


def test_negated_complaint_is_none(lexicon):
    """「我不是来投诉的」 raises nothing, and the match says why."""
    emotion = lexicon.emotion(["我不是来投诉的，也不着急"])
    assert not emotion.is_raised
    assert [match.phrase for match in emotion.matches] == ["不是来投诉", "不着急"]


def test_older_words_fade(lexicon):
    """A turn before counts 0.6, the one before that 0.36."""
    assert lexicon.emotion(["投诉", "好", "好"]).anger == pytest.approx(0.36)
    assert lexicon.emotion(["投诉", "投诉"]).anger == pytest.approx(1.6)


def test_raised_and_hand_over_have_thresholds(lexicon):
    """From 1 scripts come first; from 2.5, or on demand, somebody else takes over."""
    assert lexicon.emotion(["投诉"]).is_raised
    assert not lexicon.emotion(["投诉"]).hand_over
    assert lexicon.emotion(["投诉投诉投诉"]).hand_over
    assert lexicon.emotion(["转人工"]).hand_over
    assert not lexicon.emotion(["马上"]).is_raised


@pytest.mark.parametrize("text", ["[anger]", "raise_from = 'x'", "= ", WORDS + "\n[joy]\n'好'=1\n"])
def test_wrong_word_list_is_refused(tmp_path, text):
    """A ValueError names the file."""
    path = tmp_path / "words.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"words\.toml"):
        Lexicon.read(path)


@pytest.mark.parametrize(
    ("text", "raised"),
    [
        ("我要投诉你们，太过分了！", True),
        ("救命啊，我被骗了", True),
        ("我不是来投诉的，也不着急，就问一下", False),
        ("请你们给个说法", True),
        ("我需要一个合理的解释", True),
        ("这就是贵公司的服务？", True),
        ("请给我们一个交代，并书面道歉", True),
        ("是不是有人在看我家的摄像头", True),
        ("有个说法是充满再拔，对吗", False),
        ("我需要解释一下怎么退货吗", False),
        ("贵公司的服务热线是多少", False),
        ("这就是你们说的那款吗", False),
        ("没有合理的解释也行", False),
        ("滚筒洗衣机怎么操作", False),
        ("扫地机器人坏了，上门费是120元吗，维修怎么赔付", False),
        ("空调不制冷", False),
        ("请问积分怎么兑换", False),
    ],
)
def test_bundled_words_tell_upset_customers_from_calm_ones(text, raised):
    """Cold anger is heard; plain questions are calm, and so is who says that he is."""
    assert Lexicon.bundled().emotion([text]).is_raised is raised
