"""Calibration: the model is scikit-learn's, the thresholds can be counted by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from kbsearch.retrieval.confidence import FEATURES, confidence
from kbsearch.retrieval.features import Features
from kbsearch.settings import ConfidenceSettings, FeatureWeights
from kbsearch.tuning.calibration import (
    _PENALTY,
    first_candidates,
    fit_confidence,
    probabilities,
    thresholds,
)
from kbsearch.tuning.examples import collect

BODY = FeatureWeights(**(dict.fromkeys(Features._fields, 0) | {"body": 1}))
MODEL = ConfidenceSettings(intercept=-1, score=2, margin=1, question=0.5, context=0.5)


def drawn(count, seed=0):
    """Inputs, and whether each query is right: drawn with the probability that `MODEL` gives."""
    rng = np.random.default_rng(seed)
    inputs = rng.random((count, len(FEATURES)))
    return inputs, rng.random(count) < probabilities(inputs, MODEL)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("strength", "within"), [(1e9, 0.05), (1 / (2 * _PENALTY * 2000), 0.001)])
def test_model_is_that_of_scikit_learn(weighted, strength, within):
    """Logistic regression without penalty finds nearly the same, with our own exactly the same.

    However much each query counts. scikit-learn adds up what we average, and halves the penalty.
    """
    inputs, right = drawn(2000)
    counts = np.random.default_rng(1).random(2000) + 0.5 if weighted else np.ones(2000)
    ours = fit_confidence(inputs, right, counts, np.ones(2000, bool))
    theirs = LogisticRegression(C=strength, tol=1e-9, max_iter=1000, fit_intercept=False)
    design = np.column_stack([np.ones(2000), inputs])
    theirs.fit(design, right, sample_weight=counts / counts.mean())
    found = [ours.intercept, *(getattr(ours, name) for name in FEATURES)]
    assert found == pytest.approx(theirs.coef_[0], abs=within)


def test_only_shares_of_the_weights_matter():
    """Every query counted ten times is every query counted once."""
    inputs, right = drawn(200)
    once, tenfold = (
        fit_confidence(inputs, right, np.full(200, count), np.ones(200, bool))
        for count in (1.0, 10.0)
    )
    assert once == tenfold


@pytest.mark.parametrize("answer", [True, False])
def test_queries_that_are_all_right_give_a_model_all_the_same(answer):
    """Nothing parts right from wrong; the penalty keeps the model finite, and it says so."""
    inputs, _ = drawn(100)
    model = fit_confidence(inputs, np.full(100, answer), np.ones(100), np.ones(100, bool))
    assert (abs(probabilities(inputs, model) - answer) < 0.05).all()


def test_probabilities_are_those_of_search():
    """The same numbers that `confidence` gives one by one."""
    inputs, _ = drawn(20)
    expected = [confidence(dict(zip(FEATURES, row, strict=True)), MODEL) for row in inputs]
    assert probabilities(inputs, MODEL) == pytest.approx(expected)


def test_first_candidates_by_hand(example):
    """Score, margin to the next and question of the best; whether it is right."""
    best = {"body": 0.8, "question": 0.3}
    two = example({"body": 0.5}, best, right=[1])
    alone = example({"body": 0.6}, right=[])
    inputs, right = first_candidates([two, example(), alone], BODY)
    np.testing.assert_allclose(inputs, [[0.8, 0.3, 0.3, 0], [0.6, 0.6, 0, 0]])
    assert right.tolist() == [True, False]


def test_follow_ups_to_decline_are_not_needed():
    """Context counts what it counts among answerable queries, though all others have none.

    Fitted on all alike, it would take in that no query to decline follows up.
    """
    inputs, right = drawn(4000)
    inputs[:, -1] = np.random.default_rng(2).random(4000) < 0.3
    answerable = inputs[:, -1].astype(bool) | (np.arange(4000) % 2 == 0)
    right &= answerable
    ones = np.ones(4000)
    found = fit_confidence(inputs, right, ones, answerable)
    of_those = fit_confidence(
        inputs[answerable],
        right[answerable],
        ones[answerable],
        np.ones(int(answerable.sum()), bool),
    )
    alike = fit_confidence(inputs, right, ones, np.ones(4000, bool))
    assert found.context == pytest.approx(of_those.context, abs=0.001)
    assert alike.context > found.context + 0.5


def test_no_candidates_give_no_inputs(example):
    """Queries that nothing was found for are declined, whatever the model says."""
    inputs, right = first_candidates([example(), example()], BODY)
    assert (inputs.shape, right.shape) == ((0, len(FEATURES)), (0,))


def test_first_candidates_have_the_features_of_search(knowledge_base, query_set_of):
    """What is fitted on is what the confidence of a hit is computed from."""
    texts = ["空调吹的风不凉", "报修预约", "手表没电"]
    examples = collect(knowledge_base, query_set_of(texts).queries)
    weights = knowledge_base.settings.ranking
    blend = knowledge_base.searcher.index.vectors.with_questions
    in_use = FeatureWeights(
        **{
            name: blend * getattr(weights.with_questions, name)
            + (1 - blend) * getattr(weights.without_questions, name)
            for name in Features._fields
        }
    )
    inputs, _ = first_candidates(examples, in_use)
    for text, row in zip(texts, inputs, strict=True):
        (hit, *_) = knowledge_base.search(text, explain=True).hits
        features = hit.explanation.features
        assert [features[name] for name in FEATURES] == pytest.approx(row.tolist(), abs=2e-3)


def test_thresholds_by_hand():
    """Forty queries: the 20 surest are right, then one wrong, 18 right, and a wrong one last.

    Of the first 39 one is wrong, 38 / 39 = 97.4 %, and of all 40 two are, 95 %: from the last on it
    is 95 %. Of the first 20 all are right; of 21 only 95.2 %, and 98 % is never reached again.
    """
    confidence = np.linspace(0.9, 0.51, 40)
    right = np.ones(40, np.bool_)
    right[[20, 39]] = False
    found = thresholds(confidence, right, np.ones(40, np.bool_))
    assert found.answer == pytest.approx(0.51)
    assert found.answer_strict == pytest.approx(0.71)
    assert (
        found.suggest == found.answer
    )  # 4 % lie below 0.5256, but suggestions end where answers begin


def test_four_percent_of_the_answerable_are_declined():
    """101 queries from 0 to 1, the upper half right: the fifth of the answerable has 0.04."""
    confidence = np.linspace(0, 1, 101)
    right = confidence > 0.5
    found = thresholds(confidence, right, np.ones(101, np.bool_))
    assert found.suggest == pytest.approx(0.04)
    assert 0.45 < found.answer < 0.5 <= found.answer_strict


def test_unanswerable_queries_do_not_move_the_suggestions():
    """Only those that have an answer count, though all count for precision."""
    confidence = np.concatenate([np.linspace(0, 1, 101), np.zeros(50)])
    answerable = np.arange(151) < 101
    right = answerable & (confidence > 0.5)
    assert thresholds(confidence, right, answerable).suggest == pytest.approx(0.04)


@pytest.mark.parametrize("answerable", [True, False])
def test_nothing_is_answered_where_nothing_is_right(answerable):
    """Both thresholds are 1; without answerable queries there is nothing to decline by mistake."""
    found = thresholds(np.array([0.9, 0.2]), np.zeros(2, bool), np.full(2, answerable))
    assert (found.answer, found.answer_strict) == (1, 1)
    assert bool(found.suggest) == answerable


@given(st.lists(st.tuples(st.integers(0, 1000), st.booleans()), unique_by=lambda pair: pair[0]))
def test_precision_is_kept_from_the_threshold_on(pairs):
    """On the queries themselves, with confidences that all differ; and thresholds rise."""
    confidence = np.array([number / 1000 for number, _ in pairs])
    right = np.array([flag for _, flag in pairs], np.bool_)
    found = thresholds(confidence, right, np.ones(len(pairs), np.bool_))
    for threshold, precision in ((found.answer, 0.95), (found.answer_strict, 0.98)):
        answered = right[confidence >= threshold]
        assert not len(answered) or threshold == 1 or answered.mean() >= precision
    assert found.suggest <= found.answer <= found.answer_strict
    assert not found.strict


def test_equal_confidences_are_answered_together():
    """Of two queries at 0.9 one is right: from 0.9 on half are, not all."""
    two = np.array([0.9, 0.9])
    assert thresholds(two, np.array([True, False]), np.ones(2, bool)).answer == 1
