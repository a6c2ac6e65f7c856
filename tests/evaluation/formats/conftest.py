"""What the tests of formats share: a set with all that a form may lose, and random sets."""

import pytest
from hypothesis import strategies as st

from kbsearch.errors import QuerySetError
from kbsearch.evaluation.query_set import JudgedQuery, QuerySet

TOKEN = st.text("aB9._-:/é中", min_size=1, max_size=8)
TEXT = st.text('空调 a,"\t；', min_size=1, max_size=12).map(lambda text: " ".join(text.split()))
GRADES = st.dictionaries(TOKEN, st.integers(1, 3), min_size=1, max_size=4)


@pytest.fixture(scope="session")
def query_sets():
    """Query sets of answerable queries; ids and texts are unique, grades are 1 to 3."""
    pairs = st.tuples(TOKEN, TEXT.filter(bool), GRADES)
    rows = st.lists(pairs, min_size=1, max_size=4, unique_by=(lambda r: r[0], lambda r: r[1]))
    return rows.map(
        lambda listed: QuerySet.of(
            "random", (JudgedQuery(id=i, text=text, relevant=grades) for i, text, grades in listed)
        )
    )


@pytest.fixture(scope="session")
def full_set() -> QuerySet:
    """Two answerable queries, one to decline; one has type, filter and context."""
    return QuerySet.of(
        "full",
        (
            JudgedQuery(
                id="1",
                text="空调不凉",
                relevant={"ac": 2, "repair": 1},
                type="short",
                filters={"visibility": "public"},
                context=("你好",),
            ),
            JudgedQuery(id="2", text='说 "没电", 怎么办', relevant={"watch": 3}),
            JudgedQuery(id="3", text="股票", answerable=False),
        ),
    )


@pytest.fixture
def problems():
    """The (code, line, value) of the problems that a call raises; each names the file."""

    def problems_of(call, path, *arguments):
        with pytest.raises(QuerySetError) as caught:
            list(call(path, *arguments) or ())
        assert {problem.path for problem in caught.value.problems} == {str(path)}
        for lang in ("zh", "en"):
            assert str(path) in caught.value.text(lang)
        return [(problem.code, problem.line, problem.value) for problem in caught.value.problems]

    return problems_of
