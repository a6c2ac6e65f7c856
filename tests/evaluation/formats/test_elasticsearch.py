"""Tests of the body of Elasticsearch's ``_rank_eval``."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbsearch.evaluation.formats import elasticsearch

# After the example of Elasticsearch's documentation.
BODY = """{"requests": [
  {"id": "amsterdam_query",
   "request": {"query": {"match": {"text": "amsterdam"}}},
   "ratings": [{"_index": "my-index", "_id": "doc1", "rating": 0},
               {"_index": "my-index", "_id": "doc2", "rating": 3}]},
  {"id": "berlin_query",
   "request": {"query": {"bool": {"must": [{"match": {"text": {"query": "berlin"}}}],
                                  "filter": [{"term": {"lang": "de"}}]}}},
   "ratings": [{"_index": "my-index", "_id": "doc1", "rating": 1}]},
  {"id": "string",
   "request": {"query": {"query_string": {"query": "rome"}}},
   "ratings": [{"_index": "my-index", "_id": "doc3", "rating": 1}]}
 ], "metric": {"precision": {"k": 20}}}"""


@pytest.fixture
def path(tmp_path):
    """A file to write."""
    return tmp_path / "body.json"


def test_documented_body_is_read(path):
    """Texts of match, match in bool, and query_string; rating 0 is dropped."""
    path.write_text(BODY)
    found = [(q.id, q.text, q.relevant) for q in elasticsearch.read_query_set(path).queries]
    assert found == [
        ("amsterdam_query", "amsterdam", {"doc2": 3}),
        ("berlin_query", "berlin", {"doc1": 1}),
        ("string", "rome", {"doc3": 1}),
    ]


def test_body_has_the_form_of_the_api(full_set, path):
    """multi_match over our fields, index and id with each rating, a metric."""
    elasticsearch.write_query_set(full_set, path, index_name="kb")
    body = json.loads(path.read_text("utf-8"))
    assert [request["id"] for request in body["requests"]] == ["1", "2"]
    assert body["requests"][0] == {
        "id": "1",
        "request": {
            "query": {
                "multi_match": {"query": "空调不凉", "fields": ["title", "questions", "body"]}
            }
        },
        "ratings": [
            {"_index": "kb", "_id": "ac", "rating": 2},
            {"_index": "kb", "_id": "repair", "rating": 1},
        ],
    }
    assert body["metric"] == {"dcg": {"k": 10, "normalize": True}}


@given(data=st.data())
def test_query_set_comes_back(data, query_sets, tmp_path_factory):
    """Ids, texts and grades survive."""
    query_set = data.draw(query_sets)
    path = tmp_path_factory.mktemp("es") / "body.json"
    elasticsearch.write_query_set(query_set, path, index_name="kb")
    assert elasticsearch.read_query_set(path).queries == query_set.queries


RATINGS = [{"_index": "i", "_id": "a", "rating": 1}]
MATCH = {"query": {"match": {"f": "x"}}}


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"id": "q", "request": MATCH}, "rank_eval_form"),
        ({"request": MATCH, "ratings": RATINGS}, "rank_eval_form"),
        ({"id": "q", "request": MATCH, "ratings": [{"rating": 1}]}, "rank_eval_form"),
        ({"id": "q", "request": MATCH, "ratings": [{"_id": "a", "rating": "x"}]}, "grade_form"),
        ({"id": "q", "template_id": "t", "ratings": RATINGS}, "rank_eval_text"),
        (
            {"id": "q", "request": {"bool": [MATCH, {"match": {"g": "y"}}]}, "ratings": RATINGS},
            "rank_eval_text",
        ),
    ],
)
def test_faults_are_named(path, problems, request_, code):
    """What lacks, and texts of which there is none or more than one."""
    path.write_text(json.dumps({"requests": [request_]}))
    assert [found[0] for found in problems(elasticsearch.read_query_set, path)] == [code]
