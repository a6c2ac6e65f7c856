"""Tests of what each leg finds, and of how both become one ranking."""

import math

import numpy as np
import pytest

from kbsearch.analysis.filters import normalize
from kbsearch.article import Article
from kbsearch.index.local import LocalIndex
from kbsearch.index.snapshot import SnapshotStore
from kbsearch.indexer.opening import open_encoder
from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.retrieval.candidates import Leg

ARTICLES = [
    {"id": "a-watch", "title": "手表"},
    {"id": "b-both", "title": "空调", "body": "手表"},
    {"id": "c-lock", "title": "门锁"},
]
SETTINGS = {
    "bm25": {"k1": 1.5, "b": 0.75, "weights": {"title": 2, "body": 1}},
    "vectors": {"body_weight": 0.5},
    "fusion": {"dense_weight": 0.6, "late_weight": 0},
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


def test_late_interaction_shares_what_the_dense_leg_leaves(build_small):
    """手表 stands in both articles, so both cover the query in full; BM25 has the other half."""
    settings = {**SETTINGS, "fusion": {"dense_weight": 0.6, "late_weight": 0.5}}
    ranked = dict(build_small(ARTICLES, **settings).rank("手表", leg=Leg.HYBRID))
    both = 0.6 * 0.5 / 1.5 + 0.4 * (0.5 + 0.5 * BM25_BOTH / BM25_WATCH)
    assert ranked["b-both"] == pytest.approx(both, abs=1e-6)
    assert ranked["c-lock"] == 0


def test_hybrid_finds_what_either_leg_finds(build_small):
    """A word unknown to the encoder is found by BM25; a text unknown to BM25 by its vector."""
    rows = [{"id": "code", "title": "E4"}, {"id": "watch", "title": "手表怎么用"}]
    small = build_small(rows)
    assert small.rank("E4", leg=Leg.DENSE) == []
    assert [name for name, _ in small.rank("E4")] == ["code"]
    assert small.rank("门锁手表门锁", leg=Leg.BM25) != []  # 手表
    assert small.rank("门锁", leg=Leg.BM25) == []
    assert "watch" in [name for name, _ in small.rank("门锁")]


def test_unknown_text_has_no_candidates(build_small):
    """Neither leg knows the word, so nothing is found, whatever the leg."""
    small = build_small(ARTICLES)
    assert [small.rank("电饭煲", leg=leg) for leg in Leg] == [[], [], []]


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


def test_ties_are_ordered_by_article_id(build_small):
    """Forty articles of the same words have the same score; they come in the order of their ids."""
    ids = [f"copy-{number:02d}" for number in range(40)]
    small = build_small([{"id": name, "title": "手表", "body": "手表"} for name in reversed(ids)])
    for leg in Leg:
        ranked = small.rank("手表", leg=leg)
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
