"""Tests of the result: it survives being saved, and what is no result is named."""

import json

import pytest

from kbsearch.errors import QuerySetError
from kbsearch.evaluation.experiment import evaluate
from kbsearch.evaluation.query_set import JudgedQuery, QuerySet
from kbsearch.evaluation.result import Evaluation


def test_result_survives_being_saved(evaluation, tmp_path):
    """Read back, it is equal in every part."""
    path = tmp_path / "evaluation.json"
    path.write_text(evaluation.to_json(), encoding="utf-8")
    assert Evaluation.read(path) == Evaluation.from_json(evaluation.to_json()) == evaluation


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"created_at": 1}', None])
def test_file_that_holds_no_result_is_named(tmp_path, content):
    """Empty, other JSON, or missing: the error has the path, in both languages."""
    path = tmp_path / "evaluation.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(QuerySetError) as caught:
        Evaluation.read(path)
    for lang in ("zh", "en"):
        assert str(path) in caught.value.text(lang)


def test_changed_figure_is_no_result(evaluation):
    """A share that is text is refused, not compared."""
    document = json.loads(evaluation.to_json())
    document["systems"]["final"]["hit@1"]["value"] = "good"
    with pytest.raises(ValueError, match="value"):
        Evaluation.from_json(json.dumps(document))


def test_target_is_met_by_the_lower_bound(evaluation, knowledge_base):
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
    assert evaluation.meets(0.75, point=True)
    assert not evaluation.meets(0.75)
