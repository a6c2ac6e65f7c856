"""Tests of diagnosis: each cause by a query that is made for it."""

import pytest

from kbsearch.article import Article
from kbsearch.evaluation.diagnosis import Cause, Confusion, Miss, ToJudge, confusions, to_judge
from kbsearch.evaluation.experiment import evaluate
from kbsearch.evaluation.query_set import JudgedQuery, QuerySet
from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.messages import LANGUAGES, text
from kbsearch.settings import DecisionSettings

AC = "空调不制冷怎么办"


@pytest.fixture
def diagnose(knowledge_base):
    """The misses of queries, each given by its fields."""

    def run(*rows):
        queries = [JudgedQuery(id=f"q{number}", **row) for number, row in enumerate(rows)]
        return evaluate(knowledge_base, QuerySet.of("made", queries)).misses

    return run


@pytest.mark.parametrize(
    ("row", "cause", "rival"),
    [
        ({"relevant": ["gone"]}, Cause.UNKNOWN_ARTICLE, "ac-not-cooling"),
        ({"relevant": ["watch-old"]}, Cause.UNKNOWN_ARTICLE, "ac-not-cooling"),
        (
            {"relevant": ["ac-not-cooling"], "filters": {"kind": "guide"}},
            Cause.FILTERED,
            "book-repair",
        ),
        ({"text": "？？", "relevant": ["script-calm"]}, Cause.NOT_FOUND, ""),
        ({"relevant": ["watch-battery"]}, Cause.OUTRANKED, "ac-not-cooling"),
        ({"relevant": {"watch-battery": 1, "book-repair": 0}}, Cause.UNJUDGED, "ac-not-cooling"),
        (
            {"relevant": {"watch-battery": 1, "ac-not-cooling": 0}},
            Cause.OUTRANKED,
            "ac-not-cooling",
        ),
    ],
)
def test_cause_is_found(diagnose, row, cause, rival):
    """Unknown (a draft is, too), filtered, not found, outranked in sets with and without zeros."""
    (miss,) = diagnose({"text": AC} | row)
    assert (miss.cause, miss.rival) == (cause, rival)


def test_zeros_of_one_industry_do_not_judge_another(diagnose):
    """Only where somebody judged wrong articles is an article without a grade unjudged."""
    misses = diagnose(
        {"text": AC, "relevant": {"watch-battery": 1, "book-repair": 0}, "industry": "a"},
        {"text": AC, "relevant": {"watch-battery": 1}, "industry": "b"},
    )
    assert [miss.cause for miss in misses] == [Cause.UNJUDGED, Cause.OUTRANKED]


def test_right_article_is_the_best_placed_of_the_best_grade(diagnose, knowledge_base):
    """Of two of grade 2 the one that comes first, though one of grade 1 comes before both."""
    order = [name for name, _ in knowledge_base.rank(AC)]
    relevant = {order[4]: 2, order[2]: 2, order[1]: 1, order[0]: 0, "gone": 3}
    (miss,) = diagnose({"text": AC, "relevant": relevant})
    assert (miss.right, miss.ranks["final"], miss.rival) == (order[2], 3, order[0])


def test_features_of_both_articles_are_given(diagnose):
    """Those that the ranking weighs, and the query's terms that the right article lacks."""
    (miss,) = diagnose({"text": AC, "relevant": ["watch-battery"]})
    assert miss.right_features.keys() == miss.rival_features.keys()
    assert miss.right_features["lexical"] < miss.rival_features["lexical"]
    assert miss.covered == 0
    assert "空调" in miss.missing_terms


def test_right_but_declined_is_listed_apart(tmp_path, character_settings):
    """With thresholds that nothing reaches, a hit is no miss but declined."""
    settings = character_settings.model_copy(
        update={"decision": DecisionSettings(answer=1, suggest=1)}
    )
    article = Article(id="a", kind="faq", title="手表没电")
    index = KnowledgeBase.build([article], tmp_path / "index", settings=settings)
    query = JudgedQuery(id="q", text="手表没电", relevant=["a"])
    evaluation = evaluate(index, QuerySet.of("declined", [query]))
    (declined,) = evaluation.declined
    assert (declined.cause, declined.right, declined.rival) == (Cause.DECLINED, "a", "")
    assert evaluation.misses == ()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_cause_has_its_sentence(diagnose, lang):
    """Filled with titles."""
    (miss,) = diagnose({"text": AC, "relevant": ["watch-battery"]})
    for cause in Cause:
        assert "{" not in text(f"cli.eval.cause_{cause}", lang, miss.params)
    assert AC in text("cli.eval.cause_outranked", lang, miss.params)


def miss(query_id, right, rival, cause=Cause.OUTRANKED):
    """A miss that says only which articles were confused."""
    return Miss(query_id, cause, right, {}, rival, {}, {}, (), {})


def test_confusions_are_counted_in_both_directions():
    """Twice one way, once the other; a filtered article was not confused with anything."""
    found = confusions(
        [
            miss("q1", "b", "a"),
            miss("q2", "a", "b"),
            miss("q3", "a", "b", Cause.UNJUDGED),
            miss("q4", "a", "b", Cause.FILTERED),
        ]
    )
    assert found == (Confusion("a", "b", ("q2", "q3"), 3), Confusion("b", "a", ("q1",), 3))


def test_unjudged_articles_on_top_are_to_be_judged(outcome):
    """First what search shows; neither what is judged wrong nor what nobody should answer."""
    rankings = {"bm25": ("x",), "dense": ("y",), "hybrid": ("y",), "final": ("y",)}
    found = to_judge(
        [
            outcome(True, id="q1", rankings={**rankings, "final": ("a",)}),
            outcome(False, id="q2", rankings=rankings, relevant={"a": 1, "x": 0}),
            outcome(id="q3", rankings=rankings),
            outcome(False, id="q4", rankings=dict.fromkeys(rankings, ())),
        ]
    )
    assert found == (
        ToJudge("q2", "y", ("dense", "hybrid", "final")),
        ToJudge("q1", "y", ("dense", "hybrid")),
        ToJudge("q1", "x", ("bm25",)),
    )
