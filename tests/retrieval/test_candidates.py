"""Tests of what each leg finds, and of the order that each gives to one pool of candidates."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbsearch.analysis.filters import normalize
from kbsearch.article import Article
from kbsearch.index.local import LocalIndex
from kbsearch.index.snapshot import SnapshotStore
from kbsearch.indexer.opening import open_encoder
from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.retrieval.candidates import Candidates, Leg
from kbsearch.retrieval.features import Features

ARTICLES = [
    {"id": "a-watch", "title": "手表"},
    {"id": "b-both", "title": "空调", "body": "手表"},
    {"id": "c-lock", "title": "门锁"},
]
SETTINGS = {
    "bm25": {"k1": 1.5, "b": 0.75, "weights": {"title": 2, "body": 1}},
    "vectors": {"body_weight": 0.5},
    "fusion": {"dense_weight": 0.6},
}
# 手表 stands in 2 of 3 articles. It counts 2 in an article of length 2 (title), and 1 in one of
# length 2 + 1 (title and body); the mean length is 7 / 3.
IDF = math.log(1 + (3 - 2 + 0.5) / (2 + 0.5))
BM25_WATCH = IDF * 2 * 2.5 / (2 + 1.5 * (0.25 + 0.75 * 2 / (7 / 3)))
BM25_BOTH = IDF * 1 * 2.5 / (1 + 1.5 * (0.25 + 0.75 * 3 / (7 / 3)))


def test_bm25_leg_gives_bm25_and_only_articles_with_a_term(build_small):
    """Okapi BM25 by hand for the two articles with 手表; the third is not found."""
    ranked = build_small(ARTICLES, **SETTINGS).rank("手表", leg=Leg.BM25)
    assert ranked == [
        ("a-watch", pytest.approx(BM25_WATCH, abs=1e-6)),
        ("b-both", pytest.approx(BM25_BOTH, abs=1e-6)),
    ]


def test_dense_leg_gives_best_question_plus_share_of_body(build_small):
    """Title alike: 1; only the body alike: half of 1; nothing alike: 0."""
    ranked = build_small(ARTICLES, **SETTINGS).rank("手表", leg=Leg.DENSE)
    assert ranked == [("a-watch", 1.0), ("b-both", 0.5), ("c-lock", 0.0)]


def test_hybrid_adds_normalised_legs_by_weight(build_small):
    """Dense / 1.5 and BM25 / the best that the query can reach, six parts to four."""
    ranked = build_small(ARTICLES, **SETTINGS).rank("手表", leg=Leg.HYBRID)
    first = 0.6 / 1.5 + 0.4
    both = 0.6 * 0.5 / 1.5 + 0.4 * BM25_BOTH / BM25_WATCH
    assert [name for name, _ in ranked] == ["a-watch", "b-both", "c-lock"]
    assert [score for _, score in ranked] == pytest.approx([first, both, 0.0], abs=1e-6)


def test_final_score_weighs_the_features(build_small):
    """手表 is the body of b-both: not near its title, but body and words cover it in full.

    It weighs body 2, words 1 and lexical 4 of 10; a-watch is asked for word by word.
    """
    weights = {"question": 1, "second": 1, "body": 2, "lexical": 4, "words": 1, "heading_words": 1}
    small = build_small(ARTICLES, **SETTINGS, ranking={"without_questions": weights})
    both = (2 + 1 + 4 * BM25_BOTH / BM25_WATCH) / 10
    ranked = small.rank("手表")
    assert [name for name, _ in ranked] == ["a-watch", "b-both", "c-lock"]
    assert [score for _, score in ranked] == pytest.approx([1, both, 0], abs=1e-6)


def test_features_by_hand(build_small):
    """Title 空调, question 手表, tag 门锁, body 空调; asked for 手表空调门锁, each a third of it.

    Texts of one word have the cosine 1 / √3 with the query. All three words stand in the article,
    two in its heading; no other article is there, so each has the same idf.
    """
    row = {"id": "a", "title": "空调", "questions": ["手表"], "tags": ["门锁"], "body": "空调"}
    (hit,) = build_small([row]).search("手表空调门锁", explain=True).hits
    third = 1 / math.sqrt(3)
    assert hit.explanation.ranking == pytest.approx(
        {
            "question": third,
            "second": third,
            "body": third,
            "lexical": 1,
            "words": 1,
            "heading_words": 2 / 3,
        }
    )


def test_second_feature_is_the_next_question(build_small):
    """Of title 空调 and question 手表, asked for by two words of 手表 and one of 空调."""
    row = {"id": "a", "title": "空调", "questions": ["手表"]}
    (hit,) = build_small([row]).search("手表手表空调", explain=True).hits
    ranking = hit.explanation.ranking
    assert ranking["question"] == pytest.approx(2 / math.sqrt(5))
    assert ranking["second"] == pytest.approx(1 / math.sqrt(5))
    assert hit.matched_question == "手表"


def test_verbatim_title_beats_an_article_that_merely_covers_it(build_small):
    """Where nothing but words counts, an article with more words is not asked for word by word."""
    weights = dict.fromkeys(["question", "second", "body", "lexical", "words"], 0)
    rows = [{"id": "a-more", "title": "手表空调"}, {"id": "b-watch", "title": "手表"}]
    small = build_small(rows, ranking={"without_questions": weights | {"heading_words": 1}})
    assert small.rank("手表")[0][0] == "b-watch"


def candidates_of(rows, scores, found):
    """Candidates in the given order, with the same scores and finds for every leg."""
    nothing = np.zeros(len(rows))
    return Candidates(
        rows=np.array(rows, np.int64),
        scores=dict.fromkeys(Leg, np.array(scores, np.float64)),
        found=dict.fromkeys(Leg, np.array(rows)[np.array(found, np.bool_)]),
        features=Features(*[nothing] * len(Features._fields)),
        lexical=nothing,
        semantic=nothing,
        nearest=np.zeros(len(rows), np.int64),
    )


def test_order_lists_what_the_leg_finds():
    """Places of found candidates, the best first; row 7 has the best score, but is not found."""
    candidates = candidates_of([4, 7, 2], [0.5, 0.9, 0.8], [True, False, True])
    assert candidates.order(Leg.BM25).tolist() == [2, 0]


def test_order_of_equal_scores_is_that_of_rows():
    """Wherever the candidates stand in the final order."""
    candidates = candidates_of([9, 3, 6, 1], [0.5, 0.5, 0.7, 0.5], [True] * 4)
    assert candidates.order(Leg.DENSE).tolist() == [2, 3, 1, 0]


def test_order_of_nothing_found_is_empty():
    """A leg that finds none of the candidates, and no candidates at all."""
    assert candidates_of([1, 2], [1, 2], [False, False]).order(Leg.BM25).size == 0
    assert candidates_of([], [], []).order(Leg.FINAL).size == 0


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=12), st.randoms())
def test_order_equals_a_plain_sort(pairs, random):
    """By score, then by row, of what is found."""
    rows = random.sample(range(100), len(pairs))
    scores, found = [score for score, _ in pairs], [flag for _, flag in pairs]
    places = [place for place, flag in enumerate(found) if flag]
    expected = sorted(places, key=lambda place: (-scores[place], rows[place]))
    assert candidates_of(rows, scores, found).order(Leg.HYBRID).tolist() == expected


def test_legs_order_one_pool(knowledge_base):
    """The lexical leg lists articles with a term, the dense one its nearest, the others all."""
    searcher = knowledge_base.searcher
    query, candidates = searcher.candidates("空调显示E4", allowed=searcher.allowed(), context=())
    listed = {leg: set(candidates.rows[candidates.order(leg)].tolist()) for leg in Leg}
    inverted = searcher.index.inverted
    with_a_term = {
        row for row in range(inverted.count) if any(inverted.contains(t, row) for t in query.terms)
    }
    assert listed[Leg.BM25] == with_a_term
    assert listed[Leg.HYBRID] == listed[Leg.FINAL] == set(candidates.rows.tolist())
    assert listed[Leg.BM25] | listed[Leg.DENSE] == listed[Leg.FINAL]
    assert candidates.order(Leg.FINAL).tolist() == list(range(len(candidates.rows)))


def test_hybrid_finds_what_either_leg_finds(build_small):
    """A word unknown to the encoder is found by BM25; a text unknown to BM25 by its vector."""
    rows = [{"id": "code", "title": "E4"}, {"id": "watch", "title": "手表怎么用"}]
    small = build_small(rows)
    assert small.rank("E4", leg=Leg.DENSE) == []
    assert small.rank("门锁手表门锁", leg=Leg.BM25) != []  # 手表
    assert small.rank("门锁", leg=Leg.BM25) == []
    for leg in (Leg.HYBRID, Leg.FINAL):
        assert [name for name, _ in small.rank("E4", leg=leg)] == ["code"]
        assert "watch" in [name for name, _ in small.rank("门锁", leg=leg)]


def test_unknown_text_has_no_candidates(build_small):
    """Neither leg knows the word, so nothing is found, whatever the leg."""
    small = build_small(ARTICLES)
    assert [small.rank("电饭煲", leg=leg) for leg in Leg] == [[]] * len(Leg)


def test_filtered_articles_are_no_candidates_of_any_leg(build_small):
    """The best article is left out by a filter: no leg gives it, the others keep their scores."""
    rows = [{**ARTICLES[0], "kind": "policy"}, *ARTICLES[1:]]
    small = build_small(rows, **SETTINGS)
    for leg in (Leg.BM25, Leg.DENSE):
        every = small.rank("手表", leg=leg)
        assert small.rank("手表", leg=leg, filters={"kind": "faq"}) == every[1:]


def test_depth_bounds_the_candidates_of_a_leg(build_small):
    """With a depth of 1 the lexical leg gives one article, the best."""
    small = build_small(ARTICLES, **{**SETTINGS, "fusion": {"depth": 1}})
    assert [name for name, _ in small.rank("手表", leg=Leg.BM25)] == ["a-watch"]


def test_article_of_one_leg_has_the_scores_of_all(build_small):
    """b-both lies beyond the depth of the lexical leg, but its BM25 counts all the same."""
    deep, shallow = (
        dict(build_small(ARTICLES, **{**SETTINGS, "fusion": fusion}).rank("手表", leg=Leg.HYBRID))
        for fusion in ({}, {"depth": 1})
    )
    assert shallow == deep


def test_ties_are_ordered_by_article_id(build_small):
    """Forty articles of the same words have the same score; they come in the order of their ids.

    All of them are compared with the query word by word, though twenty would do.
    """
    ids = [f"copy-{number:02d}" for number in range(40)]
    small = build_small([{"id": name, "title": "手表", "body": "手表"} for name in reversed(ids)])
    for text, leg in [(text, leg) for text in ("手表", "手表空调") for leg in Leg]:
        ranked = small.rank(text, leg=leg)
        assert [name for name, _ in ranked] == ids
        assert len({score for _, score in ranked}) == 1


def test_equal_articles_tie_wherever_they_stand(tmp_path):
    """With real vectors, too, the same words have the same score to the last bit.

    A matrix product does not keep to that: its sums depend on the place of a row.
    """
    places = ["客厅", "卧室", "书房"] * 7
    titles = [f"{place}的空调第 {n} 次不制冷" for n, place in enumerate(places)]
    articles = [
        Article(id=f"{copy}-{n:02d}", kind="faq", title=title)
        for copy in "ab"
        for n, title in enumerate(titles)
    ]
    index = KnowledgeBase.build(articles, tmp_path)
    for leg in Leg:
        scores = dict(index.rank("卧室的空调不制冷", leg=leg))
        assert all(scores[f"a-{n:02d}"] == scores[f"b-{n:02d}"] for n in range(len(titles)))


def test_vectors_agree_with_brute_force(corpus_index):
    """The dense ranking of real articles is that of a plain loop over all their texts."""
    knowledge_base = KnowledgeBase.open(corpus_index)
    encoder = open_encoder(LocalIndex.open(SnapshotStore(corpus_index)))
    weight = knowledge_base.settings.vectors.body_weight
    for text in ("门锁没电了打不开", "扫地机器人找不到充电座", "空调外机声音很大"):
        (query,) = encoder.encode([normalize(text)])
        expected = {}
        for article in knowledge_base.articles():
            questions = [normalize(question) for question in (article.title, *article.questions)]
            fields = article.field_texts()
            body = normalize("\n".join([*fields["body"], *fields["captions"]]))
            expected[article.id] = (encoder.encode(questions) @ query).max() + weight * float(
                encoder.encode([body])[0] @ query
            )
        ranked = knowledge_base.rank(text, leg=Leg.DENSE, depth=20)
        best = sorted(expected, key=lambda name: -expected[name])[:20]
        assert [name for name, _ in ranked] == best
        np.testing.assert_allclose(
            [score for _, score in ranked], [expected[name] for name in best], atol=1e-5
        )
