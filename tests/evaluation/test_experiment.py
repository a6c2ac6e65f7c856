"""Tests of a query set's run over a knowledge base: figures that can be counted by hand."""

import ir_measures
import pytest

from kbsearch.evaluation.experiment import evaluate
from kbsearch.evaluation.measures import MEASURES
from kbsearch.evaluation.query_set import JudgedQuery, QuerySet
from kbsearch.evaluation.significance import Estimate, share
from kbsearch.retrieval.candidates import Leg

ALL_DECLINED = QuerySet.of("none", [JudgedQuery(id="q", text="？", answerable=False)])
LEGS = ["bm25", "dense", "hybrid", "final"]
REFERENCE = ["Success@1", "Success@3", "Success@5", "RR@10", "nDCG@10", "R@50", "Judged@5"]


def test_each_leg_is_measured_and_what_search_shows(evaluation):
    """Four systems, each with every measure over the four answerable queries."""
    assert [*evaluation.systems] == LEGS
    for values in evaluation.systems.values():
        assert tuple(values) == MEASURES
        assert {each.count for each in values.values()} == {4}


def test_accuracy_is_hit_at_1_of_what_search_shows(evaluation):
    """Three of four queries find their article first."""
    assert evaluation.accuracy == evaluation.systems["final"]["hit@1"] == share(3, 4)
    assert (evaluation.answerable, evaluation.unanswerable) == (4, 1)


@pytest.mark.parametrize("leg", Leg)
def test_every_figure_equals_ir_measures_on_the_written_run(knowledge_base, leg, tmp_path):
    """Run and judgments in TREC's form, graded from 0 to 2, measured by ir_measures itself."""
    judged = {
        "空调还是不凉": {"ac-not-cooling": 2, "book-repair": 1, "onsite-fee": 0},
        "维修收费": {"onsite-fee": 2, "book-repair": 0},
        "师傅什么时候来": {"book-repair": 1},
        "续航": {"watch-battery": 1, "ac-not-cooling": 0},
        "？？": {"script-calm": 1},
    }
    queries = [
        JudgedQuery(id=f"q{number}", text=text, relevant=relevant)
        for number, (text, relevant) in enumerate(judged.items())
    ]
    qrels, run = tmp_path / "qrels.txt", tmp_path / "run.txt"
    with qrels.open("w", encoding="utf-8") as file:
        for query in queries:
            for article, grade in query.relevant.items():
                file.write(f"{query.id} 0 {article} {grade}\n")
    with run.open("w", encoding="utf-8") as file:
        for query in queries:
            for rank, (article, _) in enumerate(knowledge_base.rank(query.text, leg=leg), start=1):
                file.write(f"{query.id} Q0 {article} {rank} {1000 - rank} kbsearch\n")
    measures = [ir_measures.parse_measure(name) for name in REFERENCE]
    totals = dict.fromkeys(measures, 0.0)
    found = ir_measures.iter_calc(
        measures,
        [*ir_measures.read_trec_qrels(str(qrels))],
        [*ir_measures.read_trec_run(str(run))],
    )
    for metric in found:
        totals[metric.measure] += metric.value
    ours = evaluate(knowledge_base, QuerySet.of("graded", queries)).systems[leg]
    assert [ours[name].value for name in MEASURES] == pytest.approx(
        [total / len(queries) for total in totals.values()]
    )


def test_outcomes_hold_what_each_leg_found(evaluation, knowledge_base, query_set):
    """One for each query, in order, with rankings, values, decision and confidence."""
    assert [outcome.id for outcome in evaluation.outcomes] == ["q1", "q2", "q3", "q4", "q5"]
    first, last = evaluation.outcomes[0], evaluation.outcomes[-1]
    assert [*first.rankings] == [*first.values] == LEGS
    assert first.rankings["final"][0] == "ac-not-cooling"
    assert (first.right, last.right, last.answerable, last.values) == (True, False, False, {})
    query = query_set.queries[0]
    response = knowledge_base.search(query.text, filters=query.filters)
    assert (first.decision, first.confidence) == (response.decision, response.hits[0].confidence)
    assert (last.decision, last.confidence) == ("abstain", 0)


def test_declining_is_counted_over_what_should_be_declined(evaluation):
    """The text of no words is declined."""
    assert evaluation.declining.declined == evaluation.declining.not_answered == share(1, 1)
    assert evaluation.declining.not_answered_by_type == {"off_topic": share(1, 1)}


def test_judged_articles_that_are_not_there_are_named(evaluation):
    """A query set and an index that do not belong together must not go unnoticed."""
    assert evaluation.unknown_articles == ("no-such-article",)


def test_titles_are_given_of_every_article_named(evaluation, knowledge_base):
    """Reports speak to people; an article that is not there has no title."""
    named = {a for o in evaluation.outcomes for ranked in o.rankings.values() for a in ranked}
    assert named <= evaluation.titles.keys()
    assert evaluation.titles["book-repair"] == knowledge_base.article("book-repair").title
    assert "no-such-article" not in evaluation.titles


def test_known_failures_are_told_apart_but_counted(knowledge_base):
    """Of two marked ones one hits by now; the headline is 2 of 3, whatever is marked."""
    marked = {"known_failure": "next month"}
    queries = [
        JudgedQuery(id="good", text="空调不制冷怎么办", relevant=["ac-not-cooling"]),
        JudgedQuery(id="mended", text="如何预约上门维修", relevant=["book-repair"], **marked),
        JudgedQuery(id="open", text="空调不制冷怎么办", relevant=["watch-battery"], **marked),
    ]
    evaluation = evaluate(knowledge_base, QuerySet.of("known", queries))
    assert evaluation.accuracy == share(2, 3)
    known = evaluation.known_failures
    assert (known.count, known.still_failing, known.now_passing) == (2, ("open",), ("mended",))
    assert [miss.query_id for miss in evaluation.misses] == ["open"]


def test_latency_is_given_in_percentiles(evaluation):
    """p50, p95 and p99, each at least the one before, and all of them of real searches."""
    assert [*evaluation.latency_ms] == ["p50", "p95", "p99"]
    values = [*evaluation.latency_ms.values()]
    assert values == sorted(values)
    assert values[0] > 0
    slowest = max(outcome.milliseconds for outcome in evaluation.outcomes)
    assert values[-1] <= slowest


def test_filters_and_context_of_a_query_are_used(knowledge_base):
    """With a filter that leaves its article out, no leg finds it; a turn before decides."""
    filtered = JudgedQuery(
        id="filtered",
        text="空调不制冷怎么办",
        relevant=["ac-not-cooling"],
        filters={"kind": "policy"},
    )
    earlier = JudgedQuery(
        id="earlier", text="怎么办", relevant=["watch-battery"], context=("手表一天就没电",)
    )
    first, second = evaluate(knowledge_base, QuerySet.of("two", [filtered, earlier])).outcomes
    assert all("ac-not-cooling" not in ranked for ranked in first.rankings.values())
    assert second.right


def test_progress_counts_the_queries(knowledge_base, query_set):
    """It is told of every search, of the four legs, and of the one query that missed."""
    calls = []
    evaluate(knowledge_base, query_set, progress=lambda *call: calls.append(call))
    searched = [("search", number, 5) for number in range(1, 6)]
    assert calls == [*searched, *(("measure", leg, 4) for leg in range(1, 5)), ("explain", 1, 1)]


def test_set_without_answerable_queries_proves_nothing(knowledge_base):
    """Accuracy on no queries is anything from 0 to 1 and meets no target."""
    evaluation = evaluate(knowledge_base, ALL_DECLINED)
    assert evaluation.accuracy == Estimate(0, 0, 1, 0)
    assert not evaluation.meets(0.95)
    assert (evaluation.misses, evaluation.slices["type"]) == ((), {})


def test_empty_set_is_refused(knowledge_base):
    """Nothing can be said of it."""
    with pytest.raises(ValueError, match="empty"):
        evaluate(knowledge_base, QuerySet.of("empty", []))
