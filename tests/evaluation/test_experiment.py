"""Tests of a query set's run over a knowledge base: figures that can be counted by hand."""

import pytest

from kbsearch.evaluation.experiment import evaluate, rankings
from kbsearch.evaluation.query_set import JudgedQuery, QuerySet
from kbsearch.evaluation.significance import Estimate, share
from kbsearch.retrieval.candidates import Leg

ALL_DECLINED = QuerySet.of("none", [JudgedQuery(id="q", text="？", answerable=False)])


@pytest.fixture(scope="module")
def evaluation(knowledge_base, query_set):
    """The small query set on the small knowledge base."""
    return evaluate(knowledge_base, query_set)


def test_each_leg_is_measured_and_both_together(evaluation):
    """Three systems, each with every measure over the four answerable queries."""
    assert [*evaluation.systems] == ["bm25", "dense", "hybrid"]
    for values in evaluation.systems.values():
        assert [*values] == ["hit@1", "hit@3", "hit@5", "MRR@10", "nDCG@10", "recall@50"]
        assert {each.count for each in values.values()} == {4}


def test_accuracy_is_hybrid_hit_at_1(evaluation):
    """Three of four queries find their article first."""
    assert evaluation.accuracy == evaluation.systems["hybrid"]["hit@1"] == share(3, 4)
    assert (evaluation.answerable, evaluation.unanswerable) == (4, 1)


def test_accuracy_is_split_by_type(evaluation):
    """All standard queries are right, the wrongly judged one is not; others have no hit@1."""
    assert evaluation.types == {"standard": share(3, 3), "wrong": share(0, 1)}


def test_misses_are_listed_with_what_each_leg_found(evaluation):
    """The only miss, what it should have found, and what came first instead."""
    (miss,) = evaluation.misses
    assert (miss.query_id, miss.text, miss.type) == ("q4", "上门检测费怎么收", "wrong")
    assert miss.relevant == ("no-such-article",)
    assert [*miss.rankings] == ["bm25", "dense", "hybrid"]
    assert miss.rankings["hybrid"][0] == "onsite-fee"


def test_judged_articles_that_are_not_there_are_named(evaluation):
    """A query set and an index that do not belong together must not go unnoticed."""
    assert evaluation.unknown_articles == ("no-such-article",)


def test_declining_is_counted_over_what_should_be_declined(evaluation, knowledge_base, query_set):
    """The text of no words is declined; the other shares follow from the decisions of search."""
    declining = evaluation.declining
    assert declining.declined == declining.not_answered == share(1, 1)
    decisions = {
        query.id: knowledge_base.search(query.text, filters=query.filters).decision
        for query in query_set.answerable
    }
    assert declining.wrongly_declined == share([*decisions.values()].count("abstain"), 4)
    answered = {name for name, decision in decisions.items() if decision == "answer"}
    assert declining.right_when_answered == share(len(answered - {"q4"}), len(answered))


def test_evaluation_says_what_was_measured(evaluation, knowledge_base, query_set):
    """Query set with its digest, and snapshot: a figure without them proves nothing."""
    assert (evaluation.query_set, evaluation.query_set_digest) == ("small", query_set.digest)
    assert evaluation.snapshot_id == knowledge_base.snapshot_id


def test_latency_is_given_in_percentiles(evaluation):
    """p50, p95 and p99, each at least the one before."""
    assert [*evaluation.latency_ms] == ["p50", "p95", "p99"]
    values = [*evaluation.latency_ms.values()]
    assert values[0] > 0
    assert values == sorted(values)


def test_gate_is_the_lower_bound(evaluation, knowledge_base):
    """3 of 4 and even 3 of 3 prove no 95 %; the bare figure of 3 of 3 does.

    The lower bound of n of n is n / (n + z²): 3 / (3 + 3.84) = 0.4385.
    """
    rows = [("空调不制冷怎么办", "ac-not-cooling"), ("如何预约上门维修", "book-repair")]
    rows.append(("手表一天就没电怎么办", "watch-battery"))
    queries = [JudgedQuery(id=name, text=text, relevant=[name]) for text, name in rows]
    flawless = evaluate(knowledge_base, QuerySet.of("flawless", queries))
    assert flawless.accuracy.value == 1
    assert flawless.accuracy.low == pytest.approx(0.4385, abs=1e-4)
    assert flawless.meets(0.43)
    assert not flawless.meets(0.44)
    assert flawless.meets(0.95, point=True)
    assert not evaluation.meets(0.95, point=True)
    assert evaluation.meets(0.75, point=True)
    assert not evaluation.meets(0.75)


def test_filters_and_context_of_a_query_are_used(knowledge_base):
    """With a filter that leaves its article out, a query cannot find it."""
    query = JudgedQuery(
        id="q", text="空调不制冷怎么办", relevant=["ac-not-cooling"], filters={"kind": "policy"}
    )
    for leg in Leg:
        assert "ac-not-cooling" not in rankings(knowledge_base, [query], leg)["q"]


def test_progress_counts_the_queries(knowledge_base, query_set):
    """It is told of every search, the last time when all are done."""
    calls = []
    evaluate(knowledge_base, query_set, progress=lambda *call: calls.append(call))
    assert calls == [("search", number, 5) for number in range(1, 6)]


def test_set_without_answerable_queries_proves_nothing(knowledge_base):
    """Accuracy on no queries is anything from 0 to 1 and meets no target."""
    evaluation = evaluate(knowledge_base, ALL_DECLINED)
    assert evaluation.accuracy == Estimate(0, 0, 1, 0)
    assert not evaluation.meets(0.95)
    assert (evaluation.misses, evaluation.types) == ((), {})
