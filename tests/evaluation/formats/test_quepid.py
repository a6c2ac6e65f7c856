"""Tests of Quepid's ratings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbsearch.evaluation.formats import quepid
from kbsearch.evaluation.query_set import JudgedQuery, QuerySet

# As Quepid exports it: an unrated query, an unrated article, and rating 0.
EXPORT = """query,docid,rating
star wars,11,3
unrated
"milk, fat",a,1
star wars,12,0
star wars,13,
"""


@pytest.fixture
def path(tmp_path):
    """A file to write."""
    return tmp_path / "ratings.csv"


def test_export_is_read(path):
    """Queries by their text; unrated and irrelevant ones are dropped; ids stay."""
    path.write_text(EXPORT, encoding="utf-8")
    found = {(q.id, q.text, *q.relevant.items()) for q in quepid.read_query_set(path).queries}
    assert found == {("q1", "star wars", ("11", 3)), ("q3", "milk, fat", ("a", 1))}


def test_further_columns_are_passed_over(path):
    """In any order, with a byte order mark."""
    path.write_text("\ufeffrating,Team,docid,query\n2,x,a,空调\n", encoding="utf-8")
    (query,) = quepid.read_query_set(path).queries
    assert (query.text, query.relevant) == ("空调", {"a": 2})


@given(data=st.data())
def test_query_set_comes_back(data, query_sets, tmp_path_factory):
    """Texts and grades survive; ids are those of the order."""
    queries = data.draw(query_sets).queries
    path = tmp_path_factory.mktemp("quepid") / "ratings.csv"
    quepid.write_query_set(QuerySet.of("x", queries), path)
    found = quepid.read_query_set(path).queries
    assert [(q.text, q.relevant) for q in found] == [(q.text, q.relevant) for q in queries]
    assert [q.id for q in found] == [f"q{n}" for n in range(1, len(queries) + 1)]


def test_bad_rows_are_all_named(path, problems):
    """A rating off the scale or no number, and what lacks; lines are those of the file."""
    path.write_text('query,docid,rating\n"a\nb",x,4\nq,,1\n,y,1\nq,z,good\n')
    assert problems(quepid.read_query_set, path) == [
        ("grade_off_scale", 3, "4"),
        ("quepid_row", 4, "q"),
        ("quepid_row", 5, "y"),
        ("grade_form", 6, "good"),
    ]


def test_header_is_needed(path, problems):
    """Without the three columns nothing is certain."""
    path.write_text("query,docid\nq,a\n")
    assert problems(quepid.read_query_set, path) == [("quepid_header", 1, "query,docid")]


def test_what_ratings_cannot_tell_apart_is_refused(path, problems):
    """Two queries of one text, and a grade above 3."""
    rows = (("1", {"a": 1}), ("2", {"b": 4}))
    query_set = QuerySet.of("x", (JudgedQuery(id=i, text="空调", relevant=r) for i, r in rows))
    found = problems(lambda p: quepid.write_query_set(query_set, p), path)
    assert [code for code, *_ in found] == ["same_text", "grade_off_scale"]
    assert not path.exists()
