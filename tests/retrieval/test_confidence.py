"""Tests of the features of confidence and of the probability made from them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.retrieval.confidence import FEATURES, confidence
from kbsearch.settings import ConfidenceSettings

ROWS = [
    {"id": "a-watch", "title": "手表"},
    {"id": "b-both", "title": "空调", "body": "手表"},
    {"id": "c-lock", "title": "门锁"},
]
NO_WEIGHT = dict.fromkeys(["question", "second", "body", "lexical", "words", "heading_words"], 0)


def test_every_feature_has_a_weight():
    """The settings name a weight for each feature, the intercept, and nothing else."""
    assert set(ConfidenceSettings.model_fields) == {"intercept", *FEATURES}


def test_confidence_is_logistic():
    """One over one plus e to the minus (-1 + 2 × 0.8 + 3 × 0.2 - 4 × 0.5) = -0.8."""
    model = ConfidenceSettings(intercept=-1, score=2, margin=3, question=-4)
    found = {"score": 0.8, "margin": 0.2, "question": 0.5, "context": 0}
    assert confidence(found, model) == pytest.approx(1 / (1 + math.exp(0.8)))


@given(st.lists(st.floats(-1, 1), min_size=len(FEATURES), max_size=len(FEATURES)))
def test_confidence_is_a_probability(values):
    """Whatever the features, it lies between 0 and 1."""
    assert 0 <= confidence(dict(zip(FEATURES, values, strict=True)), ConfidenceSettings()) <= 1


def test_settings_decide_the_confidence(build_small):
    """A knowledge base's own model is used: all weights 0 leave one half, whatever is found."""
    flat = dict.fromkeys(ConfidenceSettings.model_fields, 0)
    hits = build_small(ROWS, confidence=flat).search("手表").hits
    assert [hit.confidence for hit in hits] == [0.5] * 3


def test_features_are_what_the_ranking_says(build_small):
    """Margin: to the best other article, from either side."""
    weights = NO_WEIGHT | {"question": 1, "body": 1}
    small = build_small(ROWS, ranking={"without_questions": weights})
    response = small.search("手表", explain=True)
    found = {hit.article_id: hit.explanation.features for hit in response.hits}
    # Asked for word by word: 1; body alone: one half; neither: 0.
    expected = {
        "a-watch": {"score": 1, "margin": 0.5, "question": 1, "context": 0},
        "b-both": {"score": 0.5, "margin": -0.5, "question": 0, "context": 0},
        "c-lock": {"score": 0, "margin": -1, "question": 0, "context": 0},
    }
    assert found == {name: pytest.approx(each) for name, each in expected.items()}


def test_terms_are_explained_with_their_idf(build_small):
    """手表 stands in two of three articles, 冰箱 in none: ln 1.6 and ln 8."""
    response = build_small(ROWS).search("手表冰箱", explain=True)
    known, unknown = math.log(1 + 1.5 / 2.5), math.log(1 + 3.5 / 0.5)
    best = response.hits[0].explanation
    assert best.matched_terms == pytest.approx({"手表": known})
    assert best.missing_terms == pytest.approx({"冰箱": unknown})


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
