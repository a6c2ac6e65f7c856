"""Tests of measures, against hand arithmetic and against ir_measures on TREC files."""

import math

import ir_measures
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbsearch.article import Article
from kbsearch.evaluation.measures import DEPTH, MEASURES, estimate, per_query
from kbsearch.knowledge_base import KnowledgeBase

# The names by which ir_measures knows ours.
REFERENCE = {
    "hit@1": "Success@1",
    "hit@3": "Success@3",
    "hit@5": "Success@5",
    "MRR@10": "RR@10",
    "nDCG@10": "nDCG@10",
    "recall@50": "R@50",
    "judged@5": "Judged@5",
}


def test_measures_of_the_contract_are_there():
    """hit@1, @3, @5, MRR@10, nDCG@10, judged@5, and recall at the depth of the rankings."""
    assert tuple(REFERENCE) == MEASURES
    assert DEPTH == 50


def test_one_query_by_hand():
    """The better of two relevant articles comes third, the other one first.

    DCG = 1 / log2(2) + 2 / log2(4) = 2; ideal: 2 / log2(2) + 1 / log2(3).
    """
    values = per_query({"q": ["b", "x", "a"]}, {"q": {"a": 2, "b": 1}})
    assert values["hit@1"] == {"q": 1}
    assert values["MRR@10"] == {"q": 1}
    assert values["nDCG@10"]["q"] == pytest.approx(2 / (2 + 1 / math.log2(3)))


@pytest.mark.parametrize(
    ("rank", "expected"),
    [
        (1, (1, 1, 1, 1, 1)),
        (2, (0, 1, 1, 1 / 2, 1)),
        (3, (0, 1, 1, 1 / 3, 1)),
        (5, (0, 0, 1, 1 / 5, 1)),
        (10, (0, 0, 0, 1 / 10, 1)),
        (11, (0, 0, 0, 0, 1)),
        (51, (0, 0, 0, 0, 0)),
    ],
)
def test_rank_of_the_only_relevant_article_decides(rank, expected):
    """hit@1, hit@3, hit@5, MRR@10 and recall@50, by its rank; nDCG@10 is 1 / log2(rank + 1)."""
    run = {"q": [f"x{n}" for n in range(1, rank)] + ["a"]}
    values = per_query(run, {"q": {"a": 1}})
    names = ("hit@1", "hit@3", "hit@5", "MRR@10", "recall@50")
    assert tuple(values[name]["q"] for name in names) == pytest.approx(expected)
    gain = 1 / math.log2(rank + 1) if rank <= 10 else 0
    assert values["nDCG@10"]["q"] == pytest.approx(gain)


def test_judged_and_wrong_is_no_hit():
    """Of the first five, the wrong one and the right one are judged: 2 / 5."""
    values = per_query({"q": ["wrong", "right", "x", "y", "z"]}, {"q": {"wrong": 0, "right": 1}})
    assert (values["hit@1"]["q"], values["hit@3"]["q"], values["MRR@10"]["q"]) == (0, 1, 1 / 2)
    assert values["judged@5"] == {"q": 2 / 5}


def test_query_that_the_run_misses_scores_zero():
    """Nothing is gained by returning nothing: the mean is over every judged query."""
    judgments = {"found": {"a": 1}, "empty": {"a": 1}, "absent": {"a": 1}}
    values = per_query({"found": ["a"], "empty": []}, judgments)
    assert values["hit@1"] == {"found": 1, "empty": 0, "absent": 0}
    assert estimate(values)["hit@1"].value == pytest.approx(1 / 3)
    assert per_query({}, judgments)["nDCG@10"] == dict.fromkeys(judgments, 0)


def test_ties_count_in_the_order_in_which_they_are_shown():
    """Two articles of the same score: what the user sees first is first, whatever its id."""
    assert per_query({"q": ["a", "b"]}, {"q": {"b": 1}})["hit@1"] == {"q": 0}
    assert per_query({"q": ["b", "a"]}, {"q": {"b": 1}})["hit@1"] == {"q": 1}


def test_run_with_a_tie_equals_ir_measures_on_trec_files(tmp_path):
    """A real run with a tie and a missed query, written out and read back by ir_measures.

    The scores written are those of the ranks: TREC's tools reorder equal ones by id, backwards.
    """
    articles = [
        Article(id=name, kind="faq", title=title)
        for name, title in (("a", "手表没电"), ("b", "手表没电"), ("c", "空调不凉"))
    ]
    index = KnowledgeBase.build(articles, tmp_path / "index")
    judgments = {"tie": {"b": 2, "c": 1}, "found": {"c": 1}, "missed": {"a": 1}}
    texts = {"tie": "手表没电", "found": "空调不凉", "missed": "？？"}
    (_, first), (_, second), *_ = index.rank(texts["tie"])
    assert first == second
    run = {query: [name for name, _ in index.rank(text)] for query, text in texts.items()}
    assert run["missed"] == []
    qrels, results = tmp_path / "qrels.txt", tmp_path / "run.txt"
    qrels.write_text(
        "".join(f"{q} 0 {a} {grade}\n" for q, own in judgments.items() for a, grade in own.items())
    )
    results.write_text(
        "".join(
            f"{query} Q0 {article} {rank} {-rank} kbsearch\n"
            for query, articles in run.items()
            for rank, article in enumerate(articles, start=1)
        )
    )
    measures = {name: ir_measures.parse_measure(theirs) for name, theirs in REFERENCE.items()}
    expected = ir_measures.calc_aggregate(
        measures.values(),
        list(ir_measures.read_trec_qrels(str(qrels))),
        list(ir_measures.read_trec_run(str(results))),
    )
    ours = estimate(per_query(run, judgments))
    for name, measure in measures.items():
        assert ours[name].value == pytest.approx(expected[measure]), name


ARTICLES = [f"a{number}" for number in range(15)]
GRADES = st.dictionaries(st.sampled_from(ARTICLES), st.integers(0, 3), min_size=1, max_size=5)
RANKING = st.permutations(ARTICLES).flatmap(
    lambda order: st.integers(0, len(order)).map(lambda n: order[:n])
)


@given(st.lists(st.tuples(RANKING, GRADES), min_size=1, max_size=4))
def test_any_run_equals_ir_measures(pairs):
    """Per query, whatever the ranking and the grades; ir_measures is given the queries it lacks."""
    run = {f"q{number}": ranking for number, (ranking, _) in enumerate(pairs)}
    judgments = {f"q{number}": grades for number, (_, grades) in enumerate(pairs)}
    ours = per_query(run, judgments)
    scored = {
        q: {a: -float(n) for n, a in enumerate(ranked)} for q, ranked in run.items() if ranked
    }
    for name, theirs in REFERENCE.items():
        expected = dict.fromkeys(judgments, 0.0)
        measure = ir_measures.parse_measure(theirs)
        found = ir_measures.iter_calc([measure], judgments, scored) if scored else ()
        expected |= {metric.query_id: metric.value for metric in found}
        assert ours[name] == pytest.approx(expected)


def test_estimate_has_the_intervals_that_fit_the_measure():
    """A share has Wilson's interval, never of no width; equal means have no width at all."""
    estimates = estimate(per_query({"q": ["a"], "r": ["a"]}, {"q": {"a": 1}, "r": {"a": 1}}))
    assert (estimates["hit@1"].value, estimates["hit@1"].high) == (1, 1)
    assert estimates["hit@1"].low == pytest.approx(2 / (2 + 1.959964**2), abs=1e-6)
    assert (estimates["MRR@10"].low, estimates["MRR@10"].high) == (1, 1)
    assert {each.count for each in estimates.values()} == {2}
