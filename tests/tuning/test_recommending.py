"""Tests of fitting the weights of recommendation; scikit-learn is the referee."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from kbsearch.evaluation.recommending import RecommendationCase
from kbsearch.recommendation.slots import ReasonKind, Slot
from kbsearch.tuning.recommending import _PENALTY, Examples, fit, fit_logistic, outcome

FREE = (None, None)


def drawn(weights, count=3000):
    """Candidates of which log-odds are the sum of their features times `weights`."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(count, len(weights)))
    chance = 1 / (1 + np.exp(-features @ np.array(weights)))
    return Examples(features, rng.random(count) < chance)


def case(name, text, wanted):
    """A typed problem with judgments."""
    row = {"id": name, "type": "text", "text": text, "wanted": wanted}
    return RecommendationCase.model_validate(row)


def test_model_is_that_of_scikit_learn():
    """With features of variance one, its penalty is half of ours inverted."""
    examples = drawn([1.0, -2.0, 0.0])
    scaled = Examples(examples.features / examples.features.std(axis=0), examples.wanted)
    referee = LogisticRegression(C=1 / (2 * _PENALTY)).fit(scaled.features, scaled.wanted)
    expected = [*referee.intercept_, *referee.coef_[0]]
    assert fit_logistic(scaled, [FREE] * 3) == pytest.approx(expected, abs=0.006)


def test_scale_of_a_feature_does_not_matter():
    """A feature ten times as large gets a tenth of the weight."""
    examples = drawn([1.0, -2.0])
    larger = Examples(examples.features * [10, 1], examples.wanted)
    plain, other = (fit_logistic(each, [FREE] * 2) for each in (examples, larger))
    assert other[1] == pytest.approx(plain[1] / 10, abs=0.006)
    assert other[2] == pytest.approx(plain[2], abs=0.011)


def test_weight_keeps_its_sign():
    """What must not speak against an article is worth nothing where it seems to."""
    assert fit_logistic(drawn([1.0, -2.0]), [FREE, (0.0, None)])[2] == 0


def test_nothing_wanted_is_nothing_to_fit():
    """A ValueError, not weights of chance."""
    with pytest.raises(ValueError, match="wants"):
        fit_logistic(Examples(np.ones((2, 1)), np.zeros(2, np.bool_)), [FREE])


def test_fitted_model_recommends_what_is_wanted(knowledge_base):
    """Search finds the wanted solution and others, so its confidence counts."""
    wanted = {
        "solution": ["ac-not-cooling"],
        "next_step": ["book-repair"],
        "policy": ["onsite-fee"],
        "script": ["script-calm"],
        "related": ["watch-battery"],
    }
    cases = [case(f"c{n}", text, wanted) for n, text in enumerate(("空调不制冷", "不制冷怎么办"))]
    model = fit([(knowledge_base, cases * 10)])
    assert model.slots[Slot.SOLUTION].weights[ReasonKind.SEARCH] > 0
    shown = outcome(knowledge_base, cases[0], model).shown
    assert shown[Slot.SOLUTION] == ("ac-not-cooling",)
    assert shown[Slot.NEXT_STEP] == ("book-repair",)
