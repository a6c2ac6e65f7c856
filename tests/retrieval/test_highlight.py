"""Tests of highlights: characters of the original text, and only those that matched."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kbsearch.analysis.analyzer import Analyzer
from kbsearch.analysis.dictionaries import Dictionaries
from kbsearch.article import Article
from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.retrieval.highlight import Highlighter

ANALYZER = Analyzer(Dictionaries())
ARTICLE = Article.model_validate(
    {
        "id": "wifi",
        "kind": "troubleshooting",
        "title": "手錶连不上ＷｉＦｉ怎么办",
        "questions": ["手表没网", "路由器换了以后连不上"],
        "body": "先看手表电量。\n\n再看路由器：只支持 2.4G。若是 PPR-9087，请升级；仍不行就报修。",
        "attachments": [
            {"type": "video", "url": "https://help.example/v", "transcript": "长按路由器背后的按钮"}
        ],
    }
)


def highlights(query, matched_question=ARTICLE.title, article=ARTICLE):
    """What a query highlights, every term of it weighing the same."""
    weights = dict.fromkeys(ANALYZER.terms(query), 1.0)
    return Highlighter(ANALYZER, weights).highlights(article, matched_question)


def marked(found):
    """(field, matched characters) of each highlight."""
    return [(each.field, [each.text[a:b] for a, b in each.spans]) for each in found]


@pytest.mark.parametrize("query", ["手表连不上wifi", "手錶連不上ＷＩＦＩ", "手表连不上Wi-Fi"])
def test_marks_the_editors_own_characters(query):
    """Traditional and full-width characters of the title are marked as they stand there."""
    found = highlights(query)
    assert marked(found)[0] == ("title", ["手錶连不上ＷｉＦｉ"])
    assert found[0].text == ARTICLE.title


def test_matched_question_is_shown_beside_the_title():
    """The nearest similar question has a highlight of its own, if a word of it matches."""
    found = marked(highlights("手表没网", matched_question="手表没网"))
    assert ("questions", ["手表没网"]) in found
    assert "questions" not in dict(marked(highlights("手表没网")))


def test_body_shows_the_piece_that_matches_best():
    """Of two paragraphs too far apart for one piece, the one with both terms is shown."""
    article = ARTICLE.model_copy(
        update={"body": "路由器放高处。" + "很好用。" * 30 + "\n\n路由器坏了请报修。"}
    )
    body = {each.field: each for each in highlights("路由器报修", article=article)}["body"]
    assert [body.text[a:b] for a, b in body.spans] == ["路由器", "报修"]
    assert body.start > 7


def test_code_is_found_in_whatever_writing():
    """PPR9087, ppr-9087 and ＰＰＲ－９０８７ mark the code as the article writes it."""
    for query in ("PPR9087", "ppr-9087", "ＰＰＲ－９０８７"):
        body = {each.field: each for each in highlights(query)}["body"]
        assert [body.text[a:b] for a, b in body.spans] == ["PPR-9087"]


def test_caption_is_highlighted():
    """What matches only in a transcript is shown as a caption."""
    assert marked(highlights("按钮")) == [("captions", ["按钮"])]


def test_nothing_matched_nothing_highlighted():
    """Neither a strange word nor a query without terms marks anything."""
    assert highlights("洗衣机") == ()
    assert highlights("") == ()


def test_word_inside_another_is_not_marked():
    """Searching for 电 does not mark half of 电量, which is another word."""
    assert highlights("电") == ()


def test_piece_of_a_long_body_stays_short():
    """Of a sentence of 3,000 characters 100 are shown, with the match if it stands there."""
    long = ARTICLE.model_copy(update={"body": "路由器" + "很好用" * 1000})
    body = {each.field: each for each in highlights("路由器", article=long)}["body"]
    assert len(body.text) == 100
    assert body.text[slice(*body.spans[0])] == "路由器"


def test_match_far_into_a_long_sentence_is_shown():
    """A body without a full stop still shows the piece around its match."""
    long = ARTICLE.model_copy(update={"body": "很好用" * 200 + "遥控器" + "很好用" * 200})
    body = {each.field: each for each in highlights("遥控器", article=long)}
    assert [body["body"].text[a:b] for a, b in body["body"].spans] == ["遥控器"]


WORDS = ["手表", "手錶", "ＷｉＦｉ", "Wi-Fi 6", "E4", "连不上", "路由器", "的", "２.4G"]
ODD = ["。", "！", "…", "\n", " ", "①", "㎡", "ﬁ", "ｱﾞ", "한국", "😀", "e\u0301", "\u200b", "\x07"]
TEXT = (
    st.lists(st.sampled_from([*WORDS, *ODD]), min_size=1, max_size=30)
    .map("".join)
    .filter(str.strip)
)


@settings(max_examples=300, deadline=None)
@given(query=TEXT, title=TEXT, body=TEXT)
def test_highlights_are_characters_of_the_original(query, title, body):
    """Each text stands in the article's field at `start`; spans lie in it, in order, apart."""
    article = Article(id="a", kind="faq", title=title, body=body)
    texts = article.field_texts()
    for found in highlights(query, article.title, article):
        end = found.start + len(found.text)
        assert any(text[found.start : end] == found.text for text in texts[found.field])
        assert found.spans
        edges = [edge for span in found.spans for edge in span]
        assert edges == sorted(set(edges))
        assert edges[0] >= 0
        assert edges[-1] <= len(found.text)


@pytest.mark.parametrize("query", ["智慧門鎖沒電了怎麼開門", "智慧门锁没电了怎么开门"])
def test_search_highlights_real_articles(corpus_index, query):
    """On real articles, a traditional query marks slices of the text just as a simplified one."""
    knowledge_base = KnowledgeBase.open(corpus_index)
    response = knowledge_base.search(query)
    assert response.hits[0].highlights
    for hit in response.hits:
        texts = knowledge_base.article(hit.article_id).field_texts()
        for found in hit.highlights:
            end = found.start + len(found.text)
            assert any(text[found.start : end] == found.text for text in texts[found.field])
            assert all(0 <= a < b <= len(found.text) for a, b in found.spans)
    terms = ANALYZER.terms("门锁没电开门")
    characters = {c for h in response.hits[0].highlights for a, b in h.spans for c in h.text[a:b]}
    assert characters & set("".join(terms))
