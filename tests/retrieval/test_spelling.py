"""Tests of the correction of words that sound like words of the index."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbsearch.analysis.pinyin import syllables
from kbsearch.retrieval.spelling import _GRAMMAR, Correction, Speller

# Homophones (pai, shui, xi, yi, ji; 不 and 的 are grammar), so that most texts nearly fit.
CHARACTERS = "排牌派水睡洗喜西衣依机鸡不的"
WASHER = Speller({"洗衣机": 3, "排水": 2, "这时": 1})

words = st.text(CHARACTERS, min_size=1, max_size=5)
spellers = st.dictionaries(words, st.integers(1, 3), max_size=8).map(Speller)
texts = st.text([*CHARACTERS, "，"], max_size=12)
mixed = st.lists(st.sampled_from([*CHARACTERS, "paishui", "xiyiji", "wifi", " "]), max_size=8).map(
    "".join
)


@pytest.mark.parametrize(
    ("text", "meant", "corrections"),
    [
        ("洗衣机不牌水", "洗衣机不排水", [("牌水", "排水")]),
        ("xiyiji不排水", "洗衣机不排水", [("xiyiji", "洗衣机")]),
        ("喜衣机不牌水", "洗衣机不排水", [("喜衣机", "洗衣机"), ("牌水", "排水")]),
        ("xiyiji不牌水", "洗衣机不排水", [("xiyiji", "洗衣机"), ("牌水", "排水")]),
    ],
)
def test_right_syllables_with_wrong_characters(text, meant, corrections):
    """The examples of the module: a wrong character, and syllables left as they were typed."""
    assert WASHER.correct(text) == (meant, tuple(Correction(*each) for each in corrections))


@pytest.mark.parametrize(
    "text", ["", "洗衣机排水", "这是什么", "水牌", "电饭煲", "？！", "paishuei"]
)
def test_text_without_a_slip_stays(text):
    """Known words, grammar (这是 sounds like 这时), other sounds and other scripts."""
    assert WASHER.correct(text) == (text, ())


def test_two_wrong_characters_are_another_word():
    """派睡 sounds like 排水, but shares no character with it."""
    assert WASHER.correct("派睡") == ("派睡", ())


def test_commoner_word_is_meant():
    """Of two words that sound the same and differ in one character, that of more articles."""
    assert Speller({"排水": 1, "牌睡": 2}).correct("牌水")[0] == "牌睡"
    assert Speller({"排水": 2, "牌睡": 1}).correct("牌水")[0] == "排水"


def test_word_of_the_index_that_sounds_like_another_stays():
    """牌水 is a word here, so nobody meant 排水; nor does a word inside a longer one change."""
    assert Speller({"排水": 5, "牌水": 1}).correct("牌水") == ("牌水", ())
    assert Speller({"排水": 5, "洗牌水机": 1}).correct("洗牌水机") == ("洗牌水机", ())


def test_word_of_the_language_stays():
    """水牌 is a word that no article has, so nobody meant 水排; any other stretch is corrected."""
    speller = Speller({"水排": 1, "洗衣机": 1}, is_word=lambda text: text == "水牌")
    assert speller.correct("水牌") == ("水牌", ())
    assert speller.correct("喜衣机")[0] == "洗衣机"


def test_longer_word_goes_first():
    """喜衣机 is 洗衣机, though 喜衣 alone would be 洗衣."""
    assert Speller({"洗衣机": 1, "细衣": 5}).correct("喜衣机")[0] == "洗衣机"


@pytest.mark.parametrize("text", ["wo", "xiyijiqi", "axiyiji", "xi yi ji", "xiyi-ji", "xiyi"])
def test_letters_must_be_all_of_a_word(text):
    """Neither a part of longer letters, nor with marks between, nor too short."""
    assert WASHER.correct(text) == (text, ())


def test_letters_stand_alone_among_digits_and_characters():
    """What is no letter ends a word of letters."""
    assert WASHER.correct("2xiyiji3的paishui")[0] == "2洗衣机3的排水"


def test_word_of_the_index_in_letters_is_itself():
    """A brand that reads like syllables stays."""
    assert Speller({"排水": 5, "paishui": 1}).correct("paishui") == ("paishui", ())


def test_letters_that_can_be_cut_in_two_ways_are_the_commoner_word():
    """The letters fangan are 方案 (fang an) and 反感 (fan gan)."""
    assert Speller({"方案": 5, "反感": 1}).correct("fangan")[0] == "方案"
    assert Speller({"方案": 1, "反感": 5}).correct("fangan")[0] == "反感"


def test_long_word_of_the_index_is_never_changed():
    """A name from the user dictionary may be longer than any word of jieba's."""
    assert Speller({"牌水管道清洗机": 1, "排水": 2}).correct("牌水管道清洗机")[1] == ()


def test_index_without_words_corrects_nothing():
    """There is nothing that could be meant."""
    assert Speller({}).correct("洗衣机不牌水 xiyiji") == ("洗衣机不牌水 xiyiji", ())


@given(spellers, mixed)
def test_corrected_text_needs_no_correction(speller, text):
    """Correcting twice is correcting once."""
    corrected, _ = speller.correct(text)
    assert speller.correct(corrected) == (corrected, ())


@given(st.dictionaries(words, st.integers(1, 3), max_size=8), texts)
def test_words_of_the_index_are_never_changed(frequencies, text):
    """Wherever a word of two characters or more stands, it stands afterwards."""
    corrected, _ = Speller(frequencies).correct(text)
    assert len(corrected) == len(text)
    for word in frequencies:
        for start in range(len(text) - len(word) + 1):
            if len(word) > 1 and text.startswith(word, start):
                assert corrected.startswith(word, start)


@given(spellers, texts)
def test_grammar_is_never_changed(speller, text):
    """不 and 的 stand beside any character, so nothing is made of them."""
    corrected, _ = speller.correct(text)
    for before, after in zip(text, corrected, strict=True):
        assert before not in _GRAMMAR or after == before


@given(st.dictionaries(words, st.integers(1, 3), max_size=8), texts)
def test_correction_is_a_word_of_the_index_that_sounds_the_same(frequencies, text):
    """It differs from what was typed in one character, and stands in the text corrected."""
    corrected, found = Speller(frequencies).correct(text)
    assert bool(found) == (corrected != text)
    for typed, term in found:
        assert term in frequencies
        assert term in corrected
        assert typed in text
        assert syllables(typed) == syllables(term)
        assert sum(a != b for a, b in zip(typed, term, strict=True)) == 1
