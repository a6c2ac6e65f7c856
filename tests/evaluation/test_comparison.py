"""Tests of comparing two indexes: a worse one is found out, an equal one is not blamed."""

import numpy as np
import pytest
import scipy.stats

from kbsearch.article import Article
from kbsearch.evaluation.comparison import common, compare
from kbsearch.evaluation.experiment import evaluate
from kbsearch.evaluation.query_set import JudgedQuery, QuerySet
from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.retrieval.candidates import Leg

TITLES = ["空调漏水", "手表没电", "门锁打不开", "摄像头离线"]
TITLES += ["洗衣机不排水", "冰箱结霜", "音箱没反应", "路由器断网"]
QUERIES = QuerySet.of(
    "titles",
    [JudgedQuery(id=f"q{n}", text=title, relevant=[f"a{n}"]) for n, title in enumerate(TITLES)],
)


def build(titles, index_dir):
    """An index of articles a0, a1, … with these titles."""
    articles = [Article(id=f"a{n}", kind="faq", title=title) for n, title in enumerate(titles)]
    return KnowledgeBase.build(articles, index_dir)


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """Every query is the title of its article."""
    return build(TITLES, tmp_path_factory.mktemp("good"))


@pytest.fixture(scope="module")
def worse(tmp_path_factory):
    """Every title stands at the neighbour's id: no query can find its article first."""
    return build([*TITLES[1:], TITLES[0]], tmp_path_factory.mktemp("worse"))


def test_worsened_index_is_found_out(good, worse):
    """All 8 queries are lost: exact McNemar gives 2 / 2**8."""
    comparison = compare(good, worse, QUERIES)
    assert comparison.before["hit@1"].value == 1
    assert comparison.after["hit@1"].value == 0
    assert comparison.p_values["hit@1"] == pytest.approx(2 / 2**8)
    assert comparison.p_values["MRR@10"] < 0.05
    assert [change.query_id for change in comparison.losses] == [f"q{n}" for n in range(8)]
    assert comparison.wins == ()


def test_change_shows_what_came_first_before_and_after(good, worse):
    """The title of a1 was moved to a0."""
    change = compare(good, worse, QUERIES).losses[1]
    assert (change.query_id, change.text) == ("q1", "手表没电")
    assert (change.before[0], change.after[0]) == ("a1", "a0")
    assert len(change.before) == len(change.after) == 3


def test_order_of_the_sides_decides_who_wins(good, worse):
    """The other way round the same queries are won, with the same p-value."""
    comparison = compare(worse, good, QUERIES)
    assert [change.query_id for change in comparison.wins] == [f"q{n}" for n in range(8)]
    assert comparison.losses == ()
    assert comparison.p_values["hit@1"] == pytest.approx(2 / 2**8)


def test_index_is_no_better_than_itself(good):
    """Nothing won, nothing lost, and a p-value of 1 for every measure."""
    comparison = compare(good, good, QUERIES)
    assert comparison.before == comparison.after
    assert set(comparison.p_values.values()) == {1}
    assert comparison.wins == comparison.losses == ()


def test_few_changes_are_no_proof(good, tmp_path):
    """Two swapped titles lose 2 of 8 queries: p = 2 / 2**2, which may well be chance."""
    swapped = build([TITLES[1], TITLES[0], *TITLES[2:]], tmp_path)
    comparison = compare(good, swapped, QUERIES)
    assert [change.query_id for change in comparison.losses] == ["q0", "q1"]
    assert comparison.p_values["hit@1"] == pytest.approx(0.5)


def test_p_values_are_those_of_scipy(good, tmp_path):
    """Three titles in a circle, two swapped: McNemar and every sign flip, by SciPy itself."""
    moved = [TITLES[2], TITLES[0], TITLES[1], TITLES[4], TITLES[3], *TITLES[5:]]
    before, after = (evaluate(side, QUERIES) for side in (good, build(moved, tmp_path)))
    comparison = compare(before, after)
    assert comparison.p_values["hit@1"] == scipy.stats.binomtest(0, 5).pvalue
    for name in ("MRR@10", "nDCG@10"):
        pairs = zip(before.outcomes, after.outcomes, strict=True)
        differences = [b.values["final"][name] - a.values["final"][name] for a, b in pairs]
        expected = scipy.stats.permutation_test(
            (np.array(differences),), np.mean, permutation_type="samples", n_resamples=2**8
        )
        assert comparison.p_values[name] == pytest.approx(expected.pvalue)


def test_saved_evaluations_compare_like_their_indexes(good, worse):
    """With and without the indexes at hand."""
    sides = [evaluate(side, QUERIES) for side in (good, worse)]
    saved = [type(side).from_json(side.to_json()) for side in sides]
    assert compare(*saved) == compare(good, worse, QUERIES)


def test_only_queries_judged_alike_by_both_are_compared(good):
    """One is judged differently, two stand on one side only: three are left out."""
    changed = QUERIES.queries[0].model_copy(update={"relevant": {"a0": 2}})
    short = QuerySet.of("short", [changed, *QUERIES.queries[1:6]])
    sides = [evaluate(good, QUERIES), evaluate(good, short)]
    comparison = compare(*sides)
    assert (comparison.queries, comparison.left_out) == (5, 3)
    assert [before.id for before, _ in common(*sides)] == [f"q{n}" for n in range(1, 6)]


def test_nothing_in_common_cannot_be_compared(good):
    """Neither two sets without a common query, nor an index without queries."""
    other = QuerySet.of("other", [JudgedQuery(id="x", text="门锁", relevant=["a2"])])
    with pytest.raises(ValueError, match="in common"):
        compare(evaluate(good, QUERIES), evaluate(good, other))
    with pytest.raises(ValueError, match="query set"):
        compare(good, good)


def test_other_leg_is_compared_on_request(good, worse):
    """BM25 alone loses the eight titles, too; the titles of what is shown are given."""
    comparison = compare(good, worse, QUERIES, leg=Leg.BM25)
    assert comparison.leg is Leg.BM25
    assert len(comparison.losses) == 8
    shown = {a for change in comparison.losses for a in (*change.before, *change.after)}
    assert comparison.titles.keys() == shown


def test_unanswerable_queries_take_no_part(good, worse):
    """They have no article to be found."""
    declined = JudgedQuery(id="q9", text="股票", answerable=False)
    more = QuerySet.of("more", [*QUERIES.queries, declined])
    assert compare(good, worse, more) == compare(good, worse, QUERIES)
