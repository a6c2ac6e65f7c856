"""Tests of the whole way of a query: the contract's response, whatever the query is."""

import dataclasses
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.retrieval.candidates import Leg
from kbsearch.retrieval.features import Features
from kbsearch.retrieval.fusion import feature_weights
from kbsearch.retrieval.response import Decision, Hit, SearchResponse

HIT = ["article_id", "title", "kind", "score", "confidence", "matched_question", "highlights"]
RESPONSE = {"hits", "decision", "clarify", "snapshot_id", "took_ms"}


@pytest.fixture(scope="module")
def real(corpus_index):
    """The articles of corpora/smart_devices, opened."""
    return KnowledgeBase.open(corpus_index)


def untimed(response):
    """A response without the time it took."""
    return replace(response, took_ms=0.0)


def ids(response):
    """The article ids of a response, best first."""
    return [hit.article_id for hit in response.hits]


def test_hit_has_the_fields_of_the_contract():
    """Services read these names; what came later stands behind them."""
    assert [field.name for field in dataclasses.fields(Hit)] == [*HIT, "explanation", "pinned"]


def test_response_has_the_fields_of_the_contract():
    """The five names that services read; the others come on top."""
    names = {field.name for field in dataclasses.fields(SearchResponse)}
    assert names == RESPONSE | {"query", "facets", "handover", "unknown_codes", "truncated"}
    assert [*Decision] == ["answer", "suggest", "clarify", "abstain"]


def test_hit_says_what_the_article_says(real):
    """Title and kind are the article's; its nearest question is its title or one of its own."""
    for hit in real.search("门锁没电了打不开").hits:
        article = real.article(hit.article_id)
        assert (hit.title, hit.kind) == (article.title, article.kind)
        assert hit.matched_question in (article.title, *article.questions)
        assert 0 <= hit.confidence <= 1


def test_response_says_where_it_came_from(real):
    """Query, snapshot and time."""
    response = real.search("空调漏水")
    assert response.query == "空调漏水"
    assert response.snapshot_id == real.snapshot_id
    assert response.took_ms > 0


def test_every_title_finds_its_article(real):
    """Asked for by its exact title or by one of its own questions, an article comes first."""
    wanted = {
        text: article.id
        for article in real.articles()
        for text in (article.title, *article.questions)
    }
    responses = real.search_many([*wanted], top_k=1)
    assert {response.query: ids(response)[0] for response in responses} == wanted
    assert {response.hits[0].matched_question for response in responses} == set(wanted)


def test_hits_are_ordered_by_score(real):
    """Best first, `top_k` of them, and no article twice."""
    response = real.search("手表", top_k=20)
    scores = [hit.score for hit in response.hits]
    assert scores == sorted(scores, reverse=True)
    assert len(response.hits) == len(set(ids(response))) == 20


def test_fewer_hits_are_the_first_of_more(real):
    """`top_k` cuts the list and changes nothing else of it."""
    three, ten = (real.search("扫地机器人卡住", top_k=k) for k in (3, 10))
    assert three.hits == ten.hits[:3]
    assert three.facets == ten.facets


@pytest.mark.parametrize("top_k", [0, -1])
def test_top_k_below_one_is_refused(real, top_k):
    """Nothing is no number of hits."""
    with pytest.raises(ValueError, match="top_k"):
        real.search("空调", top_k=top_k)


def test_ranking_is_that_of_rank(real):
    """Search shows the articles and scores that evaluation measures."""
    response = real.search("空调不凉", top_k=10)
    shown = [(hit.article_id, hit.score) for hit in response.hits]
    assert shown == real.rank("空调不凉", depth=10)


def test_tied_hits_are_ordered_by_article_id(build_small):
    """Articles of the same words come in the order of their ids, not of the source."""
    small = build_small([{"id": name, "title": "手表"} for name in ("c", "a", "d", "b")])
    assert ids(small.search("手表")) == ["a", "b", "c", "d"]


def test_traditional_and_full_width_queries_give_the_same_ranking(real):
    """Only `query` differs between 智能空调不制冷 and its other writings."""
    pairs = [
        ("我的手表连不上手机", "我的手錶連不上手機"),
        ("路由器是wifi6能用吗", "路由器是ＷｉＦｉ６能用嗎"),
        ("空调显示e4", "空調顯示Ｅ４"),
        ("门锁没电了打不开", "門鎖沒電了打不開"),
    ]
    for plain, other in pairs:
        expected = untimed(real.search(plain, explain=True))
        assert expected.hits
        assert untimed(real.search(other, explain=True)) == replace(expected, query=other)


def test_queries_together_are_answered_as_one_by_one(real):
    """`search_many` gives, in order, what `search` gives for each text."""
    texts = ["空调漏水", "", "手表充不进电", "？？", "空调漏水", "想退货"]
    options = {"top_k": 3, "filters": {"visibility": "public"}, "context": ["你好"]}
    together = real.search_many(texts, explain=True, **options)
    alone = [real.search(text, explain=True, **options) for text in texts]
    assert [*map(untimed, together)] == [*map(untimed, alone)]
    assert real.search_many([]) == []


def test_earlier_turns_say_what_it_is_about(build_small):
    """「怎么设置」 alone means anything; after 「我的门锁」 it means the lock."""
    small = build_small([{"id": "ac", "title": "空调设置"}, {"id": "lock", "title": "门锁设置"}])
    assert ids(small.search("怎么设置")) == ["ac", "lock"]  # a tie
    assert ids(small.search("怎么设置", context=["我的门锁"])) == ["lock", "ac"]


def test_query_counts_more_than_earlier_turns(build_small):
    """Whoever now asks for the air conditioner gets it, after three turns about the lock."""
    small = build_small([{"id": "ac", "title": "空调设置"}, {"id": "lock", "title": "门锁设置"}])
    assert ids(small.search("空调怎么设置", context=["门锁", "门锁", "门锁"]))[0] == "ac"


def test_context_that_counts_for_nothing(build_small):
    """No own word has a vector and the context's weigh 0: words add nothing, and nothing is NaN."""
    rows = [{"id": "code", "title": "E4 手表"}, {"id": "lock", "title": "门锁"}]
    small = build_small(rows, query={"context_weight": 0})
    (hit,) = small.search("E4", context=["手表"], explain=True).hits
    assert hit.article_id == "code"
    assert (hit.explanation.ranking["words"], hit.explanation.ranking["heading_words"]) == (0, 0)


def test_explanation_has_both_legs(real):
    """Each leg's score is that of the leg alone."""
    text = "门锁指纹识别不了"
    alone = {leg: dict(real.rank(text, leg=leg)) for leg in (Leg.BM25, Leg.DENSE)}
    for hit in real.search(text, top_k=10, explain=True).hits:
        why = hit.explanation
        for leg, found in ((Leg.BM25, why.bm25), (Leg.DENSE, why.dense)):
            if hit.article_id in alone[leg]:
                assert found.score == pytest.approx(alone[leg][hit.article_id])
            assert 0 <= found.normalized <= 1


def test_explanation_ranks_as_the_leg_alone(real):
    """The rank of an article is its place in the order of each leg, down to the fiftieth."""
    for text in ("门锁指纹识别不了", "空调漏水", "手表充不进电"):
        hits = real.search(text, top_k=1000, explain=True).hits
        for leg in (Leg.BM25, Leg.DENSE):
            ranks = {hit.article_id: getattr(hit.explanation, leg).rank for hit in hits}
            listed = [name for name, _ in real.rank(text, leg=leg, depth=50)]
            assert [ranks[name] for name in listed] == list(range(1, len(listed) + 1))


def test_score_is_the_weighted_sum_of_the_features_explained(real):
    """What `ranking` says, weighed as the settings say, is the score."""
    weights = feature_weights(
        real.settings.ranking, real.searcher.index.vectors.with_questions
    ).tolist()
    for hit in real.search("门锁指纹识别不了", top_k=10, explain=True).hits:
        ranking = hit.explanation.ranking
        assert list(ranking) == list(Features._fields)
        total = sum(w * ranking[name] for w, name in zip(weights, Features._fields, strict=True))
        assert hit.score == pytest.approx(total)


def test_explanation_shows_what_was_corrected(build_small):
    """What was typed and the word it was taken for, for every hit; nothing where nothing was."""
    small = build_small([{"id": "drain", "title": "洗衣机不排水"}])
    (typed,), (right,) = (
        small.search(text, explain=True).hits for text in ("喜衣机不牌水", "洗衣机不排水")
    )
    expected = [("喜衣机", "洗衣机"), ("牌水", "排水")]
    assert [*typed.explanation.corrections] == expected
    assert right.explanation.corrections == ()
    assert set(typed.explanation.matched_terms) >= {"洗衣机", "排水"}
    assert {highlight.field for highlight in typed.highlights} == {"title"}


def test_spelling_can_be_switched_off(build_small):
    """With `query.spelling` false the misspelt words find nothing."""
    small = build_small([{"id": "drain", "title": "排水"}], query={"spelling": False})
    assert ids(small.search("牌水")) == []


def misread(knowledge_base):
    """Titles and similar questions of the articles that are not read as they stand."""
    searcher = knowledge_base.searcher
    texts = [text for a in knowledge_base.articles() for text in (a.title, *a.questions)]
    read = [searcher.candidates(t, allowed=searcher.allowed(), context=())[0] for t in texts]
    return [query.text for query in read if query.corrections]


def test_query_without_slips_is_read_as_it_stands(knowledge_base):
    """The small knowledge base finds nothing to correct in what its own articles ask."""
    assert misread(knowledge_base) == []


def test_what_an_article_asks_is_read_as_it_stands(real):
    """异响 stands in the articles as 异 and 响, and is not the 一响 of another."""
    assert misread(real) == []


def test_explanation_says_which_leg_did_not_see_the_article(build_small):
    """An article found by its vector alone has no rank in the lexical leg, and the other way."""
    small = build_small([{"id": "code", "title": "E4"}, {"id": "lock", "title": "门锁"}])
    by_id = {hit.article_id: hit.explanation for hit in small.search("门锁E4", explain=True).hits}
    assert (by_id["code"].bm25.rank, by_id["code"].dense.rank) == (1, None)
    assert by_id["lock"].dense.rank == 1


def test_explanation_tells_matched_from_missing_terms(build_small):
    """Terms of the query that stand in the article, those that do not, and synonyms."""
    small = build_small([{"id": "lock", "title": "门锁设置"}])
    why = small.search("空调设置", explain=True).hits[0].explanation
    assert set(why.matched_terms) == {"设置"}
    assert set(why.missing_terms) == {"空调"}
    assert why.synonyms == ()


def test_without_explain_there_is_no_explanation(real):
    """It is given only on request, and changes nothing else."""
    plain, explained = (real.search("退货", explain=value) for value in (False, True))
    assert all(hit.explanation is None for hit in plain.hits)
    assert all(hit.explanation is not None for hit in explained.hits)
    assert plain.hits == tuple(replace(hit, explanation=None) for hit in explained.hits)


def test_facets_count_the_candidates(real):
    """Facet counts are those of a plain count over all articles that were found."""
    filters = {"kind": ["troubleshooting", "policy"], "visibility": "public"}
    found = [real.article(name) for name, _ in real.rank("空调", filters=filters, depth=10_000)]
    facets = real.search("空调", top_k=1, filters=filters).facets
    assert facets["kind"] == Counter(str(article.kind) for article in found)
    assert facets["visibility"] == {"public": len(found)}
    for name in ("products", "tags"):
        assert facets[name] == Counter(v for article in found for v in set(getattr(article, name)))
    first_level = Counter(article.category.partition("/")[0] for article in found)
    assert {k: v for k, v in facets["category"].items() if "/" not in k} == first_level


def test_internal_articles_are_never_public(real):
    """With `visibility` public no internal article is among all hits, for any of their titles."""
    internal = [article for article in real.articles() if article.visibility == "internal"]
    assert internal
    titles = [article.title for article in internal]
    for response in real.search_many(titles, top_k=1000, filters={"visibility": "public"}):
        assert not {article.id for article in internal} & set(ids(response))
        assert "internal" not in response.facets["visibility"]


ABSURD = {
    "empty": "",
    "blanks": " \t\n\u3000",
    "punctuation": "？！。，、…——()[]{}\"'\\/",
    "10,000 characters": "空调不制冷怎么办" * 1250,
    "10,000 letters": "a" * 10_000,
    "10,000 marks": "？" * 10_000,
    "combining marks": "\u0308" * 10_000,
    "control characters": "\x00\x01\x1b[31m\x7f\x9f",
    "control characters within": "空\x00调\x07不制冷",
    "half a character": "\ud83d",
    "half a character within": "空调\udc00不制冷",
    "emoji": "😀👨‍👩‍👧‍👦🏳️‍🌈",
    "right to left": "\u202e空调\u202c",
    "markup": "<script>alert(1)</script>",
    "format string": "%s {0} {x} \\1 $1",
    "regular expression": "(.*)+[^a",
    "query syntax": 'title:空调 AND NOT ("手表")^2',
}


@pytest.mark.parametrize("text", ABSURD.values(), ids=[*ABSURD])
def test_absurd_query_gets_a_sensible_response(real, text):
    """It raises nothing, keeps the query as it came, and answers within the contract."""
    response = real.search(text, explain=True, context=[text])
    assert response.query == text
    assert response.decision in Decision
    assert len(response.hits) <= 5


@pytest.mark.parametrize(
    "name",
    ["empty", "blanks", "punctuation", "10,000 marks", "combining marks", "half a character"],
)
def test_query_without_a_word_is_declined(real, name):
    """There is nothing to search for: no hits, no facets, and a person takes over."""
    response = real.search(ABSURD[name])
    assert response.hits == ()
    assert response.facets == {}
    assert response.decision is Decision.ABSTAIN


def test_noise_around_a_question_does_not_change_the_answer(real):
    """Control, invisible and half characters around the words leave the ranking as it is."""
    plain = ids(real.search("空调不制冷"))
    for text in (
        "\x00空调不制冷\x1b",
        "\ud83d空调不制冷",
        "\u200b空调\u200b不制冷",
        "空调不制冷？！",
    ):
        assert ids(real.search(text)) == plain


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(), max_size=60))
def test_no_text_raises(knowledge_base, text):
    """Any characters at all, surrogates included, get a response with hits that exist."""
    known = {article.id for article in knowledge_base.articles()}
    assert set(ids(knowledge_base.search(text, explain=True))) <= known


ONE = [{"id": "watch", "title": "手表"}]
UNSURE = {"answer": 1, "answer_strict": 1, "suggest": 0}  # no article is an answer


def test_sure_article_is_an_answer(build_small):
    """At a threshold of 0 every article found is sure enough."""
    assert (
        build_small(ONE, decision={"answer": 0, "suggest": 0}).search("手表").decision == "answer"
    )


def test_unsure_article_is_a_suggestion(build_small):
    """Below the threshold of answers, above that of suggestions."""
    assert build_small(ONE, decision=UNSURE).search("手表").decision == "suggest"


@pytest.mark.parametrize(("strict", "decision"), [(False, "answer"), (True, "suggest")])
def test_strict_threshold_answers_less(build_small, strict, decision):
    """The same article is sure enough for one threshold and not for the other."""
    thresholds = {"answer": 0, "answer_strict": 1, "suggest": 0, "strict": strict}
    assert build_small(ONE, decision=thresholds).search("手表").decision == decision


def test_improbable_article_is_declined(build_small):
    """Below both thresholds; the hits are there to be looked at all the same."""
    response = build_small(ONE, decision={**UNSURE, "suggest": 1}).search("手表")
    assert (response.decision, ids(response)) == ("abstain", ["watch"])


def test_asks_back_between_products(build_small):
    """Two equally good articles about different products: clarify, with facet and values."""
    rows = [
        {"id": "a", "title": "手表重启", "products": ["腕伴 S2"]},
        {"id": "b", "title": "手表重启", "products": ["腕伴 S3"]},
    ]
    small = build_small(rows, decision=UNSURE)
    response = small.search("手表重启")
    assert response.decision == "clarify"
    assert (response.clarify.facet, response.clarify.values) == ("products", ("腕伴 S2", "腕伴 S3"))
    assert small.search("腕伴S3手表重启").clarify is None


def test_knowledge_base_without_articles_left_declines(build_small):
    """After the last article is deleted, search finds nothing and raises nothing."""
    small = build_small(ONE)
    small.update(delete=["watch"])
    response = small.search("手表", explain=True)
    assert (response.hits, response.decision, response.facets) == ((), "abstain", {})
    assert small.rank("手表") == []


def test_decision_does_not_depend_on_how_much_is_shown(build_small):
    """The same query gets the same decision with one hit and with five."""
    rows = [
        {"id": "a", "title": "手表空调", "products": ["甲"]},
        {"id": "b", "title": "手表门锁", "products": ["乙"]},
    ]
    small = build_small(rows, decision=UNSURE)
    few, many = small.search("手表", top_k=1), small.search("手表", top_k=5)
    assert few.decision == many.decision == "clarify"
    assert few.clarify == many.clarify


def test_synonyms_do_not_lower_an_exact_match(build_small, tmp_path):
    """An article with the query's own word has the full lexical score, synonyms or not."""
    synonyms = tmp_path / "synonyms.txt"
    synonyms.write_text("手表,腕表,智能手表", encoding="utf-8")
    rows = [
        {"id": "a", "title": "手表"},
        {"id": "b", "title": "腕表"},
        {"id": "c", "title": "门锁"},
    ]
    small = build_small(rows, dictionaries={"synonyms": str(synonyms)})
    hits = {hit.article_id: hit for hit in small.search("手表", explain=True).hits}
    assert hits["a"].explanation.bm25.normalized == 1.0
    assert 0 < hits["b"].explanation.bm25.normalized < 1.0


def test_response_says_that_a_query_was_too_long(knowledge_base):
    """Only its first thousand characters count."""
    short, long = knowledge_base.search_many(["手表没电" * 250, "手表没电" * 250 + "吗"])
    assert (short.truncated, long.truncated) == (False, True)
