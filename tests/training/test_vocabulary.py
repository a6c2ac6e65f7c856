"""Tests of the choice of words and of the tokenizer."""

import re

import pytest

from kbsearch.training.vocabulary import (
    UNKNOWN,
    VocabularyLimits,
    build_tokenizer,
    choose_words,
    jieba_frequencies,
    words_by_id,
)

FREQUENCIES = {
    "空调": 50,
    "制冷": 20,
    "空": 30,
    "调": 30,
    "不": 100,
    "不制": 1,
    "退款": 10,
    "的": 200,
}


def _choose(chinese, english_texts=(), **limits):
    return choose_words(
        chinese,
        english_texts,
        frequencies=FREQUENCIES,
        glosses={"空调", "制冷", "的"},
        limits=VocabularyLimits(**{"common": 0, "glossed": 1, **limits}),
    )


def test_words_must_occur_often_enough():
    """A word with a gloss needs one occurrence here, one without (退款) needs two."""
    limits = {"glossed": 1, "unglossed": 2}
    assert "空调" in _choose(["空调"], **limits)
    assert "退款" not in _choose(["退款"], **limits)
    assert "退款" in _choose(["退款", "退款"], **limits)


def test_characters_of_all_words_are_words():
    """Every character of a chosen word is a word too, so that rarer words can be cut into it."""
    assert _choose(["空调"]) == ["空", "空调", "调"]


def test_common_words_need_not_occur():
    """The most frequent words with a gloss get in: 的 (200), then 空调 (50)."""
    assert _choose([], common=1) == ["的"]
    assert _choose([], common=2) == ["的", "空", "空调", "调"]


def test_latin_words_are_counted_by_language():
    """Runs of letters or digits count whole, by one limit in Chinese text, another in English."""
    words = _choose(["esim卡", "esim 5000"], ["reset", "reset reset", "e"], latin=2, english=3)
    assert [word for word in words if word.isascii()] == ["esim", "reset"]


def test_tokenizer_folds_width_and_case_and_drops_the_rest():
    """Full width and capitals are folded; punctuation, emoji and other scripts give no token."""
    tokenizer = build_tokenizer(["空调", "wifi"], FREQUENCIES)
    assert tokenizer.encode("空调，ＷｉＦｉ😀 は\n空调").tokens == ["空调", "wifi", "空调"]
    assert tokenizer.encode(" 。").tokens == []


def test_unknown_letters_fall_apart_and_known_words_do_not():
    """A known word is one token although its letters are tokens too; an unknown one is letters."""
    tokenizer = build_tokenizer(["ab", "abc"], FREQUENCIES)
    assert tokenizer.encode("abc ab xab").tokens == ["abc", "ab", "x", "ab"]
    assert tokenizer.encode("42").tokens == ["4", "2"]


def test_unknown_characters_become_the_unknown_token():
    """A Han character without a row is token 0, next to known words."""
    tokenizer = build_tokenizer(["空调"], FREQUENCIES)
    encoding = tokenizer.encode("空调龘")
    assert encoding.tokens[0] == "空调"
    assert encoding.ids[1] == 0
    assert words_by_id(tokenizer)[0] == UNKNOWN


def test_words_stand_at_their_ids():
    """`words_by_id` inverts the tokenizer's ids; a word given twice has one id."""
    tokenizer = build_tokenizer(["空调", "a", "空调"], FREQUENCIES)
    words = words_by_id(tokenizer)
    assert words[:3] == [UNKNOWN, "空调", "a"]
    assert len(words) == len(set(words)) == 1 + 1 + 36
    assert all(tokenizer.token_to_id(word) == index for index, word in enumerate(words))


def test_cut_is_that_of_jieba():
    """With all of jieba's words the tokenizer cuts as jieba does without its Markov model."""
    jieba = pytest.importorskip("jieba")
    frequencies = jieba_frequencies()
    reference = jieba.Tokenizer()
    reference.FREQ, reference.total = reference.gen_pfdict(reference.get_dict_file())
    reference.initialized = True
    han = [word for word in frequencies if re.fullmatch("[\u3400-\u9fff]+", word)]
    tokenizer = build_tokenizer(han, frequencies)
    for text in [
        "空调制冷效果差怎么办",
        "前租客的脸还能刷开我家门",
        "冬天开暖风等了很久出来的还是凉风正常吗",
        "中国科学技术大学的研究生命起源",
        "提交了退款申请但是商家一直不处理",
    ]:
        assert tokenizer.encode(text).tokens == list(reference.cut(text, HMM=False))
