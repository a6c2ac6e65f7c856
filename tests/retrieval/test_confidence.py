"""Tests of the features of confidence and of the probability made from them."""

import json
import math
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.retrieval.confidence import FEATURES, confidence

MODEL = json.loads(
    resources.files("kbsearch").joinpath("retrieval", "confidence.json").read_text("utf-8")
)
ROWS = [
    {"id": "a-watch", "title": "手表"},
    {"id": "b-both", "title": "空调", "body": "手表"},
    {"id": "c-lock", "title": "门锁"},
]


def test_weights_come_with_their_source():
    """The file names a weight for each feature and the intercept, and says where they are from."""
    assert set(MODEL["weights"]) == {"intercept", *FEATURES}
    assert MODEL["source"]


def test_confidence_is_logistic():
    """All features at 0.5: one over one plus e to the minus (intercept plus half the weights)."""
    weights = MODEL["weights"]
    logit = weights["intercept"] + 0.5 * sum(weights[name] for name in FEATURES)
    values = dict.fromkeys(FEATURES, 0.5)
    assert confidence(values) == pytest.approx(1 / (1 + math.exp(-logit)))


@given(st.lists(st.floats(-1, 1), min_size=len(FEATURES), max_size=len(FEATURES)))
def test_confidence_is_a_probability(values):
    """Whatever the features, it lies between 0 and 1."""
    assert 0 <= confidence(dict(zip(FEATURES, values, strict=True))) <= 1


def test_features_are_what_the_ranking_says(build_small):
    """Coverage: the whole idf, or none; margin: to the best other article, from either side."""
    settings = {"vectors": {"body_weight": 0.5}, "fusion": {"dense_weight": 1.0}}
    response = build_small(ROWS, **settings).search("手表", explain=True)
    found = {hit.article_id: hit.explanation.features for hit in response.hits}
    # Scores by hand: 1 / 1.5, 0.5 / 1.5 and 0.
    assert found["a-watch"]["semantic"] == pytest.approx(2 / 3)
    assert [found[name]["coverage"] for name in ("a-watch", "b-both", "c-lock")] == [1, 1, 0]
    assert found["a-watch"]["margin"] == pytest.approx(1 / 3)
    assert found["b-both"]["margin"] == pytest.approx(-1 / 3)
    assert found["c-lock"]["margin"] == pytest.approx(-2 / 3)


def test_coverage_weighs_terms_by_idf(build_small):
    """手表 stands in two of three articles, 冰箱 in none: ln 1.6 of ln 1.6 + ln 8 is covered."""
    response = build_small(ROWS).search("手表冰箱", explain=True)
    known, unknown = math.log(1 + 1.5 / 2.5), math.log(1 + 3.5 / 0.5)
    best = response.hits[0].explanation
    assert best.matched_terms == pytest.approx({"手表": known})
    assert best.missing_terms == pytest.approx({"冰箱": unknown})
    assert best.features["coverage"] == pytest.approx(known / (known + unknown))


def test_only_article_has_its_score_as_margin(build_small):
    """With no other candidate the margin is the score itself."""
    (hit,) = build_small(ROWS[:1]).search("手表", explain=True).hits
    assert hit.explanation.features["margin"] == pytest.approx(hit.score)


def test_right_article_is_surer_than_the_wrong_ones(corpus_index):
    """An article's own title gives it more confidence than any other article."""
    knowledge_base = KnowledgeBase.open(corpus_index)
    titles = [article.title for article in knowledge_base.articles()]
    for response in knowledge_base.search_many(titles):
        first, *others = [hit.confidence for hit in response.hits]
        assert first > max(others)
