"""Tests of ranx's JSON."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbsearch.evaluation.formats import ranx

# The dictionaries of ranx's documentation, as Qrels.save and Run.save write them.
QRELS = '{"q_1": {"d_12": 5, "d_25": 3}, "q_2": {"d_11": 6, "d_22": 0}}'
RUN = '{"q_1": {"d_12": 0.8, "d_23": 0.9, "d_25": 0.8}, "q_2": {"d_12": 0.9, "d_11": 0.8}}'


def test_documented_forms_are_read(tmp_path):
    """Grade 0 is dropped; scores decide, then the greater id."""
    path = tmp_path / "x.json"
    path.write_text(QRELS)
    assert ranx.read_qrels(path) == {"q_1": {"d_12": 5, "d_25": 3}, "q_2": {"d_11": 6}}
    path.write_text(RUN)
    assert ranx.read_run(path) == {"q_1": ["d_23", "d_25", "d_12"], "q_2": ["d_12", "d_11"]}


@given(st.dictionaries(st.text(max_size=5), st.permutations(["a", "é", "", "0"]), min_size=1))
def test_run_comes_back(tmp_path_factory, run):
    """Whatever the ids; scores are floats, as ranx wants them."""
    path = tmp_path_factory.mktemp("ranx") / "run.json"
    ranx.write_run(run, path)
    assert ranx.read_run(path) == run
    assert all(
        isinstance(s, float)
        for d in json.loads(path.read_text("utf-8")).values()
        for s in d.values()
    )


@given(data=st.data())
def test_judgments_come_back(data, query_sets, tmp_path_factory):
    """Whatever the ids; queries without judgments are left out."""
    judgments = {query.id: dict(query.relevant) for query in data.draw(query_sets).queries}
    path = tmp_path_factory.mktemp("ranx") / "qrels.json"
    ranx.write_qrels({**judgments, "nothing relevant": {}}, path)
    assert ranx.read_qrels(path) == judgments


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"q":\n {"a": 1,}}', ("evaluation_json", 2, "}}")),
        ("[1]", ("ranx_form", None, "[1]")),
        ('{"q": ["a"]}', ("ranx_form", None, "['a']")),
        ('{"q": {"a": 0.5}}', ("grade_form", None, "0.5")),
        ('{"q": {"a": true}}', ("grade_form", None, "True")),
    ],
)
def test_faults_are_named(tmp_path, problems, content, expected):
    """With the line of broken JSON, and the value of what does not fit."""
    path = tmp_path / "x.json"
    path.write_text(content)
    (found,) = problems(ranx.read_qrels, path)
    assert (found[0], found[1]) == expected[:2]
    assert found[2] in (expected[2], ",}}", "}")


def test_score_must_be_a_number(tmp_path, problems):
    """JSON of Python may hold NaN."""
    path = tmp_path / "x.json"
    path.write_text('{"q": {"a": NaN}}')
    assert problems(ranx.read_run, path) == [("score_form", None, "nan")]
