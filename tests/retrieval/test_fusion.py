"""Tests of the normalisation of scores and their convex combinations."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbsearch.retrieval.candidates import find
from kbsearch.retrieval.features import Features
from kbsearch.retrieval.fusion import (
    combine,
    feature_weights,
    normalize_dense,
    normalize_lexical,
    weigh,
)
from kbsearch.settings import FeatureWeights, FusionSettings, RankingSettings

SHARE = st.floats(0, 1)
COUNT = len(Features._fields)
ROUNDING = 1e-12

values = st.lists(SHARE, min_size=COUNT, max_size=COUNT)
any_weights = (
    st.lists(st.floats(0, 100), min_size=COUNT, max_size=COUNT)
    .filter(any)
    .map(lambda weights: FeatureWeights(**dict(zip(Features._fields, weights, strict=True))))
)


def weights_of(*weights):
    """Weights in the order of the features."""
    return FeatureWeights(**dict(zip(Features._fields, weights, strict=True)))


def shares(weights):
    """Weights that sum to 1, as `weigh` takes them."""
    return feature_weights(RankingSettings(with_questions=weights), 1.0)


def candidates_of(*rows):
    """The features of candidates given one by one."""
    return Features(*np.array(rows, np.float64).T)


def test_lexical_scores_become_shares_of_the_bound():
    """3 and 6 of at most 12 are a quarter and a half; what passes the bound counts as all."""
    assert normalize_lexical(np.array([3.0, 6.0, 13.0]), 12.0).tolist() == [0.25, 0.5, 1.0]


def test_lexical_scores_without_a_known_term_are_zero():
    """A bound of 0, where no term of the query is known, gives zeros and divides by nothing."""
    assert normalize_lexical(np.array([0.0, 0.0]), 0.0).tolist() == [0.0, 0.0]


def test_dense_scores_become_shares_of_the_greatest_possible():
    """Question 1 and body 1 at weight 0.5 reach 1.5, which is 1; half of it is a half."""
    assert normalize_dense(np.array([1.5, 0.75]), 0.5).tolist() == [1.0, 0.5]


def test_dense_scores_stay_between_zero_and_one():
    """Opposite meaning counts as none, and rounding cannot lift a score above 1."""
    assert normalize_dense(np.array([-0.3, 1.0000001]), 0.0).tolist() == [0.0, 1.0]


@pytest.mark.parametrize(("dense_weight", "expected"), [(0.0, 0.2), (1.0, 0.6), (0.75, 0.5)])
def test_dense_weight_is_a_share(dense_weight, expected):
    """0.75 × 0.6 + 0.25 × 0.2 = 0.5; at 0 and 1 one leg decides alone."""
    settings = FusionSettings(dense_weight=dense_weight)
    assert combine(np.array([0.2]), np.array([0.6]), settings) == pytest.approx([expected])


@given(SHARE, SHARE, SHARE)
def test_combination_lies_between_its_parts(lexical, dense, dense_weight):
    """No weight lifts a score above both of its parts or sinks it below both."""
    settings = FusionSettings(dense_weight=dense_weight)
    (score,) = combine(np.array([lexical]), np.array([dense]), settings)
    assert min(lexical, dense) - ROUNDING <= score <= max(lexical, dense) + ROUNDING


@pytest.mark.parametrize(
    ("with_questions", "expected"), [(0, [0, 0, 0, 1, 0, 0]), (1, [0.25, 0.75, 0, 0, 0, 0])]
)
def test_weights_of_one_kind_of_articles(with_questions, expected):
    """Where all articles are of one kind its weights count alone, as shares of their sum."""
    ranking = RankingSettings(
        with_questions=weights_of(1, 3, 0, 0, 0, 0), without_questions=weights_of(0, 0, 0, 5, 0, 0)
    )
    assert feature_weights(ranking, with_questions) == pytest.approx(expected)


def test_weights_of_mixed_articles_are_mixed():
    """One article in four has questions: a quarter of one kind's weights, the rest the other's."""
    ranking = RankingSettings(
        with_questions=weights_of(1, 3, 0, 0, 0, 0), without_questions=weights_of(0, 0, 0, 5, 0, 0)
    )
    expected = [1 / 16, 3 / 16, 0, 3 / 4, 0, 0]
    assert feature_weights(ranking, 0.25) == pytest.approx(expected)


@given(any_weights, any_weights, SHARE)
def test_weights_lie_between_those_of_both_kinds(asked, plain, with_questions):
    """Whatever share of the articles has questions; and they sum to 1."""
    ranking = RankingSettings(with_questions=asked, without_questions=plain)
    ends = np.stack([feature_weights(ranking, kind) for kind in (0.0, 1.0)])
    mixed = feature_weights(ranking, with_questions)
    assert (mixed >= ends.min(axis=0) - ROUNDING).all()
    assert (mixed <= ends.max(axis=0) + ROUNDING).all()
    assert mixed.sum() == pytest.approx(1)


def test_features_are_weighed_by_hand():
    """0.5 × 0.4 + 0.25 × 0.2 + 0.25 × 0.8 = 0.45."""
    features = candidates_of([0.4, 0, 0.2, 0, 0, 0.8])
    assert weigh(features, np.array([0.5, 0, 0.25, 0, 0, 0.25])) == pytest.approx([0.45])


@given(values, any_weights)
def test_final_score_is_convex(row, weights):
    """It lies between the least and the greatest feature, unless the question is verbatim."""
    (score,) = weigh(candidates_of(row), shares(weights))
    verbatim = row[0] >= 0.9999
    assert min(row) - ROUNDING <= score <= (1 if verbatim else max(row)) + ROUNDING
    assert not verbatim or score == 1


@given(values, any_weights, st.integers(0, COUNT - 1), SHARE)
def test_final_score_never_falls_when_a_feature_rises(row, weights, place, value):
    """No article loses by being nearer to the query in anything."""
    better = [*row]
    better[place] = max(row[place], value)
    before, after = weigh(candidates_of(row, better), shares(weights))
    assert after >= before - ROUNDING


@given(values, st.permutations(range(COUNT)), any_weights)
def test_equal_candidates_tie_wherever_they_stand(row, order, weights):
    """To the last bit, among any others."""
    others = [[row[place] for place in order]] * 2
    scores = weigh(candidates_of(row, *others, row, *others, row), shares(weights))
    assert scores[0] == scores[3] == scores[6]


@given(values, st.lists(values, max_size=4), any_weights)
def test_verbatim_question_wins_at_the_score(row, others, weights):
    """It scores 1, and nothing scores more."""
    scores = weigh(candidates_of([1.0, *row[1:]], *others), shares(weights))
    assert scores[0] == 1
    assert (scores <= 1 + ROUNDING).all()


@pytest.fixture(scope="module")
def verbatim(knowledge_base):
    """(query, its article's row) of every title and similar question of the knowledge base."""
    searcher = knowledge_base.searcher
    return [
        (searcher.candidates(text, allowed=searcher.allowed(), context=())[0], row)
        for row, article in enumerate(knowledge_base.articles())
        for text in (article.title, *article.questions)
    ]


@given(any_weights, any_weights)
def test_verbatim_question_finds_its_article_whatever_the_weights(
    knowledge_base, verbatim, asked, plain
):
    """Every title and similar question of the small knowledge base has its own article first."""
    searcher = knowledge_base.searcher
    ranking = RankingSettings(with_questions=asked, without_questions=plain)
    settings = searcher.settings.model_copy(update={"ranking": ranking})
    assert len(verbatim) == 9
    for query, row in verbatim:
        found = find(searcher.index, query, searcher.allowed(), settings)
        assert (found.rows[0], found.final[0]) == (row, 1)


def test_the_nearer_to_verbatim_the_less_the_other_features_count():
    """Below a cosine of 0.85 only the weights decide; above, the nearest question wins."""
    question = np.array([0.84, 0.86, 0.93, 0.99])
    nothing, everything = np.zeros(4), np.ones(4)
    body_only = np.eye(6)[2]
    features = [question, nothing, nothing, nothing, nothing, nothing]
    rising = weigh(Features(*features), body_only)
    assert rising[0] == 0
    assert 0 < rising[1] < rising[2] < rising[3] < 1
    features[2] = everything * 0.9
    assert (weigh(Features(*features), body_only) >= 0.9).all()
