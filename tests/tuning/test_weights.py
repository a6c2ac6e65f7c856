"""Weights of the ranking: what separates made-up examples, and the loss behind them."""

import numpy as np
import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st

from kbsearch.retrieval.features import Features
from kbsearch.settings import FeatureWeights
from kbsearch.tuning.weights import fit_weights, is_hit, scores

FIELDS = Features._fields
EVEN = FeatureWeights(**dict.fromkeys(FIELDS, 1))


@pytest.mark.parametrize("field", FIELDS)
def test_fit_finds_the_feature_that_separates(separable, field):
    """Where the right candidate has most of one feature, that one counts more than all others."""
    examples = separable(field, 80)
    weights = fit_weights(examples)
    assert getattr(weights, field) > 0.9
    hits = [np.mean([is_hit(e, model) for e in examples]) for model in (weights, EVEN)]
    assert hits[0] > 0.9 > hits[1]


def test_feature_that_misleads_gets_no_weight(example):
    """The wrong candidate has more of it: its weight would be below zero, and is zero."""
    misleading = example({"body": 1, "lexical": 0.2}, {"lexical": 0.8}, right=[1])
    weights = fit_weights([misleading])
    assert weights.body == 0
    assert is_hit(misleading, weights)


def test_several_right_candidates_are_counted_together(example):
    """It is enough that one of them comes first: what parts them does not matter."""
    both = example({"words": 1}, {"words": 0.5, "body": 0.5}, {"lexical": 1}, right=[0, 1])
    assert fit_weights([both]).lexical == 0


def test_queries_without_a_right_candidate_teach_nothing(example, separable):
    """Weights are those without them."""
    examples = separable("body", 20)
    missed = [example({"lexical": 1}, {"body": 1}), example()]
    assert fit_weights([*missed, *examples]) == fit_weights(examples)


def test_no_right_candidate_at_all_is_refused(example):
    """Nothing can be learned from queries whose article is not found."""
    for examples in ([], [example()], [example({"body": 1}, {"lexical": 1})]):
        with pytest.raises(ValueError, match="no query"):
            fit_weights(examples)


@pytest.mark.filterwarnings("ignore:invalid value")
def test_judgments_that_contradict_every_feature_still_give_weights(example):
    """The wrong candidate is better in everything."""
    worse = example(dict.fromkeys(FIELDS, 0.0), dict.fromkeys(FIELDS, 1.0), right=[0])
    assert fit_weights([worse])


candidate = st.lists(st.floats(0, 1), min_size=len(FIELDS), max_size=len(FIELDS)).map(
    lambda values: dict(zip(FIELDS, values, strict=True))
)
# Beside two plain candidates the first feature helps, so that some weight is above zero.
judged = st.lists(st.lists(candidate, min_size=1, max_size=4), min_size=1, max_size=4)


@settings(max_examples=40)
@given(judged)
def test_weights_are_shares(example, separable, judged):
    """Never below zero, and their sum is 1 within rounding."""
    fitted = fit_weights([*separable("body", 20), *(example(*c, right=[0]) for c in judged)])
    values = [weight for _, weight in fitted]
    assert min(values) >= 0
    assert sum(values) == pytest.approx(1, abs=0.0005 * len(FIELDS))


def test_gradient_equals_finite_differences(separable, monkeypatch):
    """Of the loss that is handed to the optimiser, where it starts and elsewhere."""
    handed = []
    minimize = scipy.optimize.minimize

    def listening(loss, start, **options):
        handed.append((loss, start))
        return minimize(loss, start, **options)

    monkeypatch.setattr(scipy.optimize, "minimize", listening)
    fit_weights(separable("words", 10))
    ((loss, start),) = handed
    for point in (start, np.arange(len(FIELDS)) / 2, np.zeros(len(FIELDS))):
        numeric = scipy.optimize.approx_fprime(point, lambda weights: loss(weights)[0], 1e-7)
        assert loss(point)[1] == pytest.approx(numeric, abs=1e-5)


def test_scores_are_those_of_the_ranking(example):
    """Weights are taken as shares: (1 × 0.4 + 3 × 0.8) / 4; a verbatim question scores 1."""
    weights = FeatureWeights(**(dict.fromkeys(FIELDS, 0) | {"body": 1, "words": 3}))
    two = example({"body": 0.4, "words": 0.8}, {"question": 1})
    assert scores(two, weights) == pytest.approx([0.7, 1])


@pytest.mark.parametrize(("right", "hit"), [([0], False), ([1], True), ([0, 1], True), ([], False)])
def test_hit_is_a_right_candidate_in_first_place(example, right, hit):
    """The second candidate scores most."""
    assert is_hit(example({"body": 0.1}, {"body": 0.2}, right=right), EVEN) is hit


def test_query_without_candidates_is_no_hit(example):
    """There is nothing that could come first."""
    assert is_hit(example(), EVEN) is False
