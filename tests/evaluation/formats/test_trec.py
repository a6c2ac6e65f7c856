"""Tests of TREC's forms, against ir_measures' readers and trec_eval's order."""

import ir_measures
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbsearch.evaluation.formats import trec
from kbsearch.evaluation.measures import per_query

# From the appendices of trec_eval's README: qrels with a negative grade, and a run.
QRELS = "301 0 FR940202-2-00150 1\n301 0 FR940104-0-00001 0\n302 0 FT934-5418 2\n302 0 X -1\n"
RUN = "030 Q0 ZF08-175-870 0 4238 prise1\n030 Q0 ZF08-306-044 1 4223 prise1\n"
REFERENCE = {"hit@1": "Success@1", "MRR@10": "RR@10", "nDCG@10": "nDCG@10", "recall@50": "R@50"}


@pytest.fixture
def path(tmp_path):
    """A file to write."""
    return tmp_path / "file.txt"


def test_qrels_are_read_without_irrelevant_ones(path):
    """Grades of 0 and less are dropped."""
    path.write_text(QRELS)
    assert trec.read_qrels(path) == {"301": {"FR940202-2-00150": 1}, "302": {"FT934-5418": 2}}


def test_run_is_read_by_score_not_by_rank(path):
    """As trec_eval does; the ranks in a file are passed over."""
    path.write_text(RUN + "030 Q0 BEST 7 9e3 prise1\n")
    assert trec.read_run(path) == {"030": ["BEST", "ZF08-175-870", "ZF08-306-044"]}


@pytest.mark.parametrize(
    "scores", [("1", "1"), ("0.5", "0.500000000001"), ("16777216", "16777217")]
)
def test_ties_are_read_as_trec_eval_breaks_them(path, scores):
    """Equal in single precision: the greater id comes first, as Success@1 of trec_eval tells."""
    path.write_text(
        "".join(f"q Q0 {n} 1 {score} t\n" for n, score in zip("ba", scores, strict=True))
    )
    (first, _) = trec.read_run(path)["q"]
    reference = ir_measures.read_trec_run(str(path))
    qrels = [ir_measures.Qrel("q", first, 1)]
    assert ir_measures.calc_aggregate([ir_measures.parse_measure("Success@1")], qrels, reference)[
        ir_measures.parse_measure("Success@1")
    ]


@given(data=st.data())
def test_query_set_comes_back(data, query_sets, tmp_path_factory):
    """Ids, texts and grades survive; ir_measures reads the same judgments."""
    query_set = data.draw(query_sets)
    folder = tmp_path_factory.mktemp("trec")
    trec.write_query_set(query_set, folder)
    assert trec.read_query_set(folder).queries == query_set.queries
    rows = ir_measures.read_trec_qrels(str(folder / trec.QRELS))
    expected = {(q.id, a, grade) for q in query_set.queries for a, grade in q.relevant.items()}
    assert {(row.query_id, row.doc_id, row.relevance) for row in rows} == expected


@given(st.dictionaries(st.sampled_from("pqr"), st.permutations("abcde"), min_size=1))
def test_run_comes_back_and_measures_are_those_of_ir_measures(tmp_path_factory, run):
    """The order survives, and ir_measures says of the files what we say of the run."""
    folder = tmp_path_factory.mktemp("run")
    judgments = {query: {"b": 2, "d": 1} for query in "pqr"}
    trec.write_run(run, folder / "run")
    trec.write_qrels(judgments, folder / "qrels")
    assert trec.read_run(folder / "run") == run
    ours = per_query(run, judgments)
    for name, theirs in REFERENCE.items():
        measure = ir_measures.parse_measure(theirs)
        qrels = ir_measures.read_trec_qrels(str(folder / "qrels"))
        scored = ir_measures.read_trec_run(str(folder / "run"))
        found = ir_measures.iter_calc([measure], qrels, scored)
        assert {each.query_id: each.value for each in found} == pytest.approx(ours[name])


def test_bad_lines_are_all_named(path, problems):
    """Too few fields, a grade that is none, two grades for one article."""
    path.write_text("q 0 a 1\nq 0 b\n\nq 0 c x\nq 0 a 2\n")
    assert problems(trec.read_qrels, path) == [
        ("qrels_form", 2, "q 0 b"),
        ("grade_form", 4, "x"),
        ("judged_twice", 5, "a"),
    ]


def test_bad_lines_of_a_run_are_all_named(path, problems):
    """Too few fields, a score that is no number, an article twice."""
    path.write_text("q Q0 a 1 3 t\nq Q0 b 2 1\nq Q0 c 3 nan t\nq Q0 a 4 1 t\n")
    assert problems(trec.read_run, path) == [
        ("run_form", 2, "q Q0 b 2 1"),
        ("score_form", 3, "nan"),
        ("ranked_twice", 4, "a"),
    ]


def test_topics_must_fit(path, tmp_path, problems):
    """They are needed, one is needed for each judged query, and each has id and text."""
    path.write_text("q 0 a 1\nr 0 a 1\n")
    topics = tmp_path / "topics.tsv"
    topics.write_text("q\t空调\n", encoding="utf-8")
    assert problems(trec.read_query_set, path) == [("topics_needed", None, "")]
    assert problems(trec.read_query_set, path, topics) == [("query_without_text", None, "r")]
    topics.write_text("q 空调\nr\tx\nr\ty\n", encoding="utf-8")
    assert problems(trec.read_topics, topics) == [
        ("topic_form", 1, "q 空调"),
        ("query_duplicate", 3, "r"),
    ]


@pytest.mark.parametrize("name", ["a b", "a\u3000b", ""])
def test_id_that_would_break_a_line_is_refused(path, problems, name):
    """Nothing is written that could not be read."""
    assert (
        problems(lambda p: trec.write_qrels({"q": {name: 1}}, p), path)[0][0] == "id_not_writable"
    )
    assert problems(lambda p: trec.write_run({name: ["a"]}, p), path)[0][0] == "id_not_writable"
    assert not path.exists()


@pytest.mark.parametrize("content", ["", "q 0 a 0\n"])
def test_nothing_relevant_is_refused(path, problems, content):
    """Accuracy on no judgments would say nothing."""
    path.write_text(content)
    assert problems(trec.read_qrels, path) == [("nothing_relevant", None, "")]
