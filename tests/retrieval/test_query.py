"""Tests of how a text becomes weighted terms, a vector and words."""

import numpy as np
import pytest

from kbsearch.analysis.analyzer import Analyzer
from kbsearch.analysis.dictionaries import Dictionaries
from kbsearch.encoders.registry import load_encoder
from kbsearch.indexer.opening import open_analyzer
from kbsearch.retrieval.query import MAX_CHARACTERS, QueryReader, word_test
from kbsearch.retrieval.spelling import Correction, Speller
from kbsearch.settings import Settings


def reader_with(**query):
    """A reader with one synonym of one term and one of two, at 0.4; earlier turns count 0.3.

    排水 is a word of its index.
    """
    settings = Settings.model_validate(
        {"bm25": {"synonym_weight": 0.4}, "query": {"context_weight": 0.3, **query}}
    )
    dictionaries = Dictionaries(synonyms="手表,腕表\n续航 => 电池时间")
    return QueryReader(Analyzer(dictionaries), load_encoder(), Speller({"排水": 1}), settings)


@pytest.fixture(scope="module")
def reader():
    """A reader as it comes."""
    return reader_with()


def read(reader, text, context=()):
    """The query of one text."""
    (query,) = reader.read([text], context)
    return query


def test_repeated_term_counts_as_often(reader):
    """「空调，空调」 is the term 空调 twice."""
    assert read(reader, "空调，空调").terms == {"空调": 2.0}


def test_synonym_of_one_term_has_the_synonym_weight(reader):
    """手表 brings 腕表 with 0.4."""
    assert read(reader, "手表").synonyms == {"腕表": 0.4}


def test_synonym_of_two_terms_shares_the_weight(reader):
    """续航 brings 电池 and 时间 with 0.4 / 2 each, so that a long synonym counts no more."""
    assert read(reader, "续航").synonyms == {"电池": 0.2, "时间": 0.2}


def test_term_of_the_query_is_no_synonym_of_itself(reader):
    """「手表和腕表」 already has both words, so neither is added once more."""
    query = read(reader, "手表和腕表")
    assert query.synonyms == {}
    assert query.weights == {"手表": 1.0, "腕表": 1.0}


def test_earlier_turns_count_less(reader):
    """A term of an earlier turn has 0.3, unless the query says it itself."""
    query = read(reader, "还是不制冷", ["空调坏了", "不制冷"])
    assert query.weights["空调"] == 0.3
    assert query.weights["制冷"] == 1.0


def test_earlier_turns_bend_the_vector(reader):
    """The vector leans towards what was said before, and is still of length 1."""
    (topic,) = reader.read(["空调漏水"])
    plain, bent = read(reader, "怎么处理"), read(reader, "怎么处理", ["空调漏水"])
    assert bent.vector @ topic.vector > plain.vector @ topic.vector
    assert np.linalg.norm(bent.vector) == pytest.approx(1)


def test_misspelt_word_is_read_as_it_was_meant(reader):
    """Terms, vector and words are those of the right text; `text` is kept, and what was done."""
    typed, meant = read(reader, "不牌水怎么办"), read(reader, "不排水怎么办")
    assert (typed.text, typed.corrections) == ("不牌水怎么办", (Correction("牌水", "排水"),))
    assert meant.corrections == ()
    assert "排水" in typed.terms
    assert typed.terms == meant.terms
    np.testing.assert_array_equal(typed.vector, meant.vector)
    np.testing.assert_array_equal(typed.words.ids, meant.words.ids)


def test_spelling_can_be_switched_off():
    """With `query.spelling` false a text is read as it was typed."""
    typed = read(reader_with(spelling=False), "不牌水怎么办")
    assert typed.corrections == ()
    assert "排水" not in typed.terms


def test_words_of_the_encoder_and_parts_of_a_title_are_words(build_small):
    """One word that the encoder knows, or what stands in a title; neither two words nor none."""
    searcher = build_small([{"id": "noise", "title": "冰箱异响"}]).searcher
    analyzer = open_analyzer(searcher.index)
    is_word = word_test(searcher.index.inverted, analyzer, load_encoder())
    assert [is_word(text) for text in ("空调", "异响", "空调洗衣机", "牌水", "", "？")] == [
        True,
        True,
        False,
        False,
        False,
        False,
    ]


def test_text_is_corrected_in_its_normal_form(reader):
    """Correction comes after normalisation: full-width letters are letters."""
    assert read(reader, "ＰＡＩＳＨＵＩ").corrections == (Correction("paishui", "排水"),)


def test_words_of_earlier_turns_count_less(reader):
    """Each counts 0.3 of what it would, however often it was said."""
    (topic,) = reader.read(["空调"])
    once, twice = (read(reader, "怎么办", [turn]).words for turn in ("空调", "空调空调"))
    own = len(read(reader, "怎么办").words.ids)
    assert once.ids[own:].tolist() == topic.words.ids.tolist()
    assert once.counts[own:] == pytest.approx(0.3 * topic.words.counts)
    assert twice.counts.tolist() == once.counts.tolist()


def test_only_the_head_of_a_long_text_counts(reader):
    """A word beyond the first 1,000 characters changes nothing; `text` is kept whole."""
    head = "空调" * (MAX_CHARACTERS // 2)
    cut, long = read(reader, head), read(reader, head + "，手表连不上")
    assert long.text == head + "，手表连不上"
    assert long.terms == cut.terms
    np.testing.assert_array_equal(long.vector, cut.vector)


@pytest.mark.parametrize(
    "text", ["我的手錶連不上手機ＷｉＦｉ", "我的手表連不上手机WIFI", "我的手表连不上\u200b手机wifi"]
)
def test_other_forms_of_a_text_are_the_same_query(reader, text):
    """Traditional, full-width, capital and invisible characters make no difference."""
    query, plain = read(reader, text), read(reader, "我的手表连不上手机wifi")
    assert query.terms == plain.terms
    np.testing.assert_array_equal(query.vector, plain.vector)


@pytest.mark.parametrize("text", ["", " \t\n", "？！。…", "\x00\x1b", "\ud83d", "\u200b"])
def test_text_without_a_word_is_empty(reader, text):
    """Blanks, punctuation, control characters and half characters give no term and no vector."""
    query = read(reader, text)
    assert query.weights == {}
    assert not query.vector.any()
    assert query.text == text


def test_texts_read_together_are_read_alike(reader):
    """Many texts at once give what each gives alone, in their order."""
    texts = ["空调不制冷", "", "手表没电", "Wi-Fi 6 连不上"]
    for together, text in zip(reader.read(texts, ["之前的话"]), texts, strict=True):
        alone = read(reader, text, ["之前的话"])
        assert (together.text, together.weights) == (text, alone.weights)
        np.testing.assert_array_equal(together.vector, alone.vector)


def test_no_texts_give_no_queries(reader):
    """An empty list is no mistake."""
    assert reader.read([]) == []
