"""The analyzer: the terms in which articles and queries meet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbsearch.analysis.analyzer import Analyzer
from kbsearch.analysis.dictionaries import Dictionaries
from kbsearch.analysis.filters import normalize


@pytest.fixture(scope="module")
def analyzer():
    """The analyzer without an editor's dictionaries."""
    return Analyzer(Dictionaries())


@pytest.fixture(scope="module")
def taught():
    """An analyzer with user words and synonyms."""
    synonyms = "续航,电池使用时间\n掉电 => 耗电\nwifi,无线网络\n腕伴,腕表"
    return Analyzer(Dictionaries(user_dict="腕伴\n掉电\n续航", synonyms=synonyms))


def test_stop_words_are_left_out_and_negations_kept(analyzer):
    """「我的手表怎么连不上」 is about a watch that does not connect."""
    assert analyzer.terms("我的手表怎么连不上") == ["手表", "连不上"]
    assert "不" in analyzer.terms("空调不制冷")


def test_every_way_to_write_gives_the_same_terms(analyzer):
    """Traditional, full-width and upper-case text gives the terms of simplified text."""
    plain = analyzer.terms("空调显示E4，连不上wifi")
    assert "e4" in plain
    assert analyzer.terms("空調顯示Ｅ４，連不上ＷＩＦＩ") == plain


@pytest.mark.parametrize(
    ("whole", "spellings"),
    [
        ("e4", ["E4", "e4", "Ｅ４", "E-4", "E 4", "故障E4请报修"]),
        ("wifi6", ["Wi-Fi 6", "WiFi6", "wifi 6", "WIFI-6", "Ｗｉ－Ｆｉ　６", "支持Wi-Fi 6吗"]),
        ("ppr9087", ["PPR-9087", "PPR9087", "ppr 9087", "PPR—9087", "ppr_9087", "P.P.R-9087"]),
        ("5g", ["5G", "5 g", "５Ｇ", "5G频段"]),
        ("2.4ghz", ["2.4GHz", "2.4 GHz", "2.4ghz", "２．４ＧＨｚ", "只支持2.4GHz频段"]),
    ],
)
def test_code_matches_across_spellings(analyzer, whole, spellings):
    """However a code is written, its whole form is among the terms."""
    assert [text for text in spellings if whole not in analyzer.terms(text)] == []


@pytest.mark.parametrize(
    ("code", "part"),
    [("PPR-9087", "9087"), ("Wi-Fi 6", "fi"), ("2.4GHz", "2.4"), ("PPR9087", "ppr")],
)
def test_code_matches_by_its_part(analyzer, code, part):
    """Someone who remembers only the number finds the code."""
    assert part in analyzer.terms(code)
    assert part in analyzer.terms(f"{part} 报错")


@pytest.mark.parametrize(("left", "right"), [("E4", "E5"), ("Wi-Fi 6", "Wi-Fi 5"), ("5G", "4G")])
def test_different_codes_stay_apart(analyzer, left, right):
    """No term of two characters and more that has a digit is shared by two different codes."""

    def numbered(text):
        return {t for t in analyzer.terms(text) if len(t) > 1 and any(c.isdigit() for c in t)}

    assert numbered(left)
    assert not numbered(left) & numbered(right)


def test_user_words_are_kept_whole(analyzer, taught):
    """A product name of the user dictionary is one term."""
    assert "腕伴" in taught.terms("腕伴连不上手机")
    assert "腕伴" not in analyzer.terms("腕伴连不上手机")


def test_other_scripts_are_words(analyzer):
    """Text in other scripts is split at what is no letter."""
    assert analyzer.terms("Привет, мир") == ["привет", "мир"]


@pytest.mark.parametrize("text", ["", "   ", "？！……", "\x00\n\t", "😀", "---"])
def test_text_without_a_word_has_no_terms(analyzer, text):
    """Punctuation, control characters and pictures are no terms."""
    assert analyzer.terms(text) == analyzer.tokens(text) == []


texts = st.text() | st.text(
    st.sampled_from(
        [*"我的手錶連不上空調E4wi-fi 6２．４ＧＨｚ㎏，。—_e\u0301\u200b\x00\ud800ﬁ々〇İß٣"]
    )
)


@given(texts)
def test_tokens_are_terms_with_places(analyzer, text):
    """Both give the same terms; every place lies in the original and folds to the term's letters.

    Connectors and blanks inside a code stand in the place, not in the term; a place may take in
    more where one original character folds to several, such as ㎏.
    """
    tokens = analyzer.tokens(text)
    assert [token.term for token in tokens] == analyzer.terms(text)
    for term, start, end in tokens:
        assert 0 <= start < end <= len(text)
        original = "".join(c for c in normalize(text[start:end]) if c.isalnum())
        assert "".join(c for c in term if c.isalnum()) in original


def test_places_point_into_the_original(analyzer):
    """The term of a traditional, full-width text lies where the customer wrote it."""
    text = "我的　智慧手錶連不上ＷｉＦｉ！"
    places = {text[token.start : token.end]: token.term for token in analyzer.tokens(text)}
    assert places["手錶"] == "手表"
    assert places["ＷｉＦｉ"] == "wifi"


def test_synonyms_lead_to_terms_not_in_the_query(taught):
    """A one-word synonym has the whole weight; what the query says already is no synonym."""
    assert taught.synonyms(["掉电"]) == {"耗电": 1}
    assert taught.synonyms(["耗电"]) == {}
    assert taught.synonyms(["掉电", "耗电"]) == {}
    assert taught.synonyms(["腕伴"]) == {"腕表": 1}
    assert taught.synonyms([]) == {}


def test_synonym_of_several_terms_shares_its_weight(taught):
    """「电池使用时间」 is added term by term; each knows how many share the weight."""
    phrase = taught.terms("电池使用时间")
    assert len(phrase) > 1
    assert taught.synonyms(["续航"]) == {term: len(phrase) for term in phrase}


def test_synonym_of_several_terms_is_matched_as_a_phrase(taught):
    """Its terms in a row lead to the synonym; one of them alone does not."""
    phrase = taught.terms("电池使用时间")
    assert taught.synonyms(["手表", *phrase]) == {"续航": 1}
    assert taught.synonyms(phrase[:1]) == {}


def test_fingerprint_covers_what_decides_the_terms_of_articles():
    """User dictionary and stop words change it; synonyms, which act on queries alone, do not."""
    plain = Analyzer(Dictionaries()).fingerprint
    assert Analyzer(Dictionaries()).fingerprint == plain
    assert Analyzer(Dictionaries(synonyms="手表,腕表")).fingerprint == plain
    assert Analyzer(Dictionaries(user_dict="腕伴")).fingerprint != plain
    assert Analyzer(Dictionaries(stop_words="的")).fingerprint != plain


def test_fingerprint_covers_the_version_of_the_analysis(monkeypatch):
    """A program that cuts text differently must not take over an old index."""
    plain = Analyzer(Dictionaries()).fingerprint
    monkeypatch.setattr("kbsearch.analysis.analyzer.ANALYSIS_VERSION", 0)
    assert Analyzer(Dictionaries()).fingerprint != plain
