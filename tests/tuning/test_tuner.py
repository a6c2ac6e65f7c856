"""The tuner: new weights are taken if they win on articles that they were not fitted on."""

import numpy as np
import pytest

from kbsearch.evaluation.query_set import QuerySet
from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.retrieval.candidates import Leg
from kbsearch.settings import FeatureWeights, RankingSettings, Settings, VectorSettings
from kbsearch.tuning.tuner import FOLDS, Kept, _folds, tune

NOTHING = dict.fromkeys(["question", "second", "body", "lexical", "words", "heading_words"], 0.0)
ONLY_BODY = FeatureWeights(**(NOTHING | {"body": 1}))


@pytest.fixture(scope="module")
def judged(queries):
    """The judged queries of the corpus."""
    return QuerySet.read([queries])


def built(corpus, index_dir, settings):
    """The corpus with the model as it came, which is quick."""
    plain = settings.model_copy(update={"vectors": VectorSettings(adapt=False)})
    return KnowledgeBase.build([corpus], index_dir, settings=plain)


@pytest.fixture(scope="module")
def usual(corpus, judged, tmp_path_factory):
    """A knowledge base with the weights as they come, and what tuning says of it."""
    knowledge_base = built(corpus, tmp_path_factory.mktemp("usual"), Settings())
    return knowledge_base, tune(knowledge_base, judged)


@pytest.fixture(scope="module")
def poor(corpus, judged, tmp_path_factory):
    """A knowledge base that ranks by bodies alone, and what tuning says of it."""
    ranking = RankingSettings(with_questions=ONLY_BODY, without_questions=ONLY_BODY)
    knowledge_base = built(corpus, tmp_path_factory.mktemp("poor"), Settings(ranking=ranking))
    return knowledge_base, tune(knowledge_base, judged)


def test_better_weights_are_adopted(poor):
    """Over bodies alone they win beyond chance, and are not below the best leg."""
    _, tuning = poor
    assert tuning.adopted
    assert tuning.p_value < 0.05
    assert tuning.tuned.value > tuning.legs[Leg.FINAL].value
    assert tuning.tuned.value >= max(leg.value for leg in tuning.legs.values())
    ranking = tuning.settings.ranking
    assert ranking.with_questions == ranking.without_questions != ONLY_BODY


def test_tuned_settings_rank_better(poor, corpus, judged, tmp_path):
    """Built with them, the knowledge base answers more of the queries than it did."""
    before, tuning = poor
    after = built(corpus, tmp_path, tuning.settings)
    hits = [
        [
            base.rank(q.text, filters=q.filters, context=q.context, depth=1)
            for q in judged.answerable
        ]
        for base in (before, after)
    ]
    rates = [
        np.mean(
            [bool(r) and r[0][0] in q.answers for r, q in zip(h, judged.answerable, strict=True)]
        )
        for h in hits
    ]
    assert rates[0] == pytest.approx(tuning.legs[Leg.FINAL].value)
    assert rates[1] > rates[0]


def test_weights_that_are_not_better_are_left_alone(usual):
    """The weights in use are kept, unless others win beyond chance."""
    knowledge_base, tuning = usual
    assert tuning.adopted == (tuning.settings.ranking != knowledge_base.settings.ranking)
    assert not tuning.adopted
    assert tuning.p_value >= 0.05 or tuning.tuned.value < tuning.legs[Leg.FINAL].value


def test_tuning_counts_the_answerable_queries(usual, judged):
    """hit@1 of each leg is that of its own ranking, with an interval around it."""
    knowledge_base, tuning = usual
    assert tuning.queries == len(judged.answerable)
    assert set(tuning.legs) == set(Leg)
    for leg, estimate in tuning.legs.items():
        hits = 0
        for query in judged.answerable:
            ranked = knowledge_base.rank(
                query.text, leg=leg, filters=query.filters, context=query.context, depth=1
            )
            hits += bool(ranked) and ranked[0][0] in query.answers
        assert estimate.value == pytest.approx(hits / tuning.queries)
        assert estimate.low < estimate.value < estimate.high


def test_only_what_is_fitted_changes(usual):
    """Confidence and thresholds are new in any case; every other section is as it was."""
    knowledge_base, tuning = usual
    before, after = knowledge_base.settings.model_dump(), tuning.settings.model_dump()
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"confidence", "decision"}
    assert Settings.model_validate(after) == tuning.settings


def test_same_judgments_give_the_same_settings(usual, judged):
    """Chance has a seed."""
    knowledge_base, tuning = usual
    assert tune(knowledge_base, judged) == tuning


def test_too_few_queries_change_nothing(usual, judged):
    """49 answerable ones say nothing about six weights; unanswerable ones do not count."""
    knowledge_base, _ = usual
    few = [*judged.answerable[:49], *judged.unanswerable]
    tuning = tune(knowledge_base, QuerySet.of("few", few))
    assert (tuning.queries, tuning.tuned.count, tuning.kept) == (49, 0, Kept.FEW)
    assert tuning.settings == knowledge_base.settings


def test_confidence_is_kept_where_nothing_is_to_be_declined(usual, judged):
    """Fitted on answerable queries alone, it would promise too much; weights are judged anyhow."""
    knowledge_base, whole = usual
    tuning = tune(knowledge_base, QuerySet.of("answerable", judged.answerable))
    assert (tuning.kept, whole.kept) == (Kept.NONE_TO_DECLINE, None)
    assert tuning.settings == knowledge_base.settings
    assert tuning.tuned == whole.tuned


def test_queries_about_one_article_are_in_one_fold(example):
    """What is learned from an article is never judged by its other queries."""
    articles = [f"a{n % 23}" for n in range(90)]
    examples = [example(article=name, name=f"q{n}") for n, name in enumerate(articles)]
    folds = _folds(examples)
    fold_of = dict(zip(articles, folds.tolist(), strict=True))
    assert [fold_of[name] for name in articles] == folds.tolist()
    assert set(folds.tolist()) == set(range(FOLDS))
    sizes = np.bincount([*fold_of.values()])
    assert sizes.max() - sizes.min() <= 1


def test_unanswerable_queries_are_spread_over_the_folds(example):
    """They have no article in common, so each is drawn alone."""
    folds = _folds([example(article="", name=f"q{n}") for n in range(10)])
    assert np.bincount(folds).tolist() == [2] * FOLDS
