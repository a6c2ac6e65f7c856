"""Tests of query sets: what is read, and that every fault is named."""

import json

import pytest

from kbsearch.errors import QuerySetError
from kbsearch.evaluation.query_set import JudgedQuery, QuerySet


@pytest.fixture
def write(tmp_path):
    """Writes rows (fields, or text as it is) as a query set, and gives its path."""

    def write_lines(*rows, name="queries.jsonl"):
        path = tmp_path / name
        lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
        path.write_text("\n".join(lines), encoding="utf-8")
        return path

    return write_lines


GOOD = {"id": "q1", "text": "空调不凉", "relevant": ["ac"]}


def test_contracts_fields_are_read(write):
    """Every field of the contract, and both forms of `relevant`."""
    graded = {
        "id": "q2",
        "text": "表没电",
        "relevant": {"watch": 2, "charger": 1},
        "type": "short",
        "answerable": True,
        "filters": {"visibility": "public"},
        "context": ["你好"],
    }
    declined = {"id": "q3", "text": "股票", "relevant": [], "answerable": False}
    first, second, third = QuerySet.read([write(GOOD, "", graded, declined)]).queries
    assert (first.relevant, first.answerable, first.filters) == ({"ac": 1}, True, {})
    assert (second.relevant, second.type) == ({"watch": 2, "charger": 1}, "short")
    assert (second.filters, second.context) == ({"visibility": "public"}, ("你好",))
    assert (third.relevant, third.answerable) == ({}, False)


def test_answerable_and_unanswerable_are_told_apart(write):
    """Each query is in one of the two, in the order of the file."""
    declined = {"id": "q0", "text": "股票", "answerable": False}
    query_set = QuerySet.read([write(GOOD, declined, {**GOOD, "id": "q2"})])
    assert [query.id for query in query_set.answerable] == ["q1", "q2"]
    assert [query.id for query in query_set.unanswerable] == ["q0"]


def test_several_files_are_one_set(write):
    """Queries come in the order of the files; the name names them all."""
    paths = [write({**GOOD, "id": name}, name=f"{name}.jsonl") for name in ("b", "a")]
    query_set = QuerySet.read(paths)
    assert [query.id for query in query_set.queries] == ["b", "a"]
    assert all(str(path) in query_set.name for path in paths)


def test_digest_is_that_of_the_queries(write):
    """Blank lines and the file's name do not change it; a changed text or grade does."""
    digest = QuerySet.read([write(GOOD)]).digest
    assert QuerySet.read([write("", GOOD, name="other.jsonl")]).digest == digest
    for change in ({"text": "空调太热"}, {"relevant": {"ac": 2}}):
        assert QuerySet.read([write({**GOOD, **change})]).digest != digest


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"id": ""}, "id"),
        ({"text": ""}, "text"),
        ({"text": 3}, "text"),
        ({"relevant": {"ac": -1}}, "relevant.ac"),
        ({"relevant": "ac"}, "relevant"),
        ({"answerable": "maybe"}, "answerable"),
        ({"filter": {}}, "filter"),
        ({"context": "你好"}, "context"),
    ],
)
def test_wrong_field_is_named_with_file_and_line(write, change, field):
    """The problem says where, which field, and which value."""
    path = write(GOOD, {**GOOD, "id": "q2", **change})
    with pytest.raises(QuerySetError) as caught:
        QuerySet.read([path])
    (problem,) = caught.value.problems
    assert (problem.code, problem.path, problem.line) == ("query_wrong", str(path), 2)
    assert problem.field == field


@pytest.mark.parametrize(
    "row",
    [
        {"id": "q", "text": "空调", "relevant": []},
        {"id": "q", "text": "空调", "relevant": {"ac": 0}},
        {"id": "q", "text": "空调", "relevant": ["ac"], "answerable": False},
        {"id": "q", "text": "空调", "relevant": ["ac"], "filters": {"colour": "red"}},
        {"id": "q", "text": "空调", "relevant": ["ac"], "filters": {"kind": "fqa"}},
        "{not json",
        "[]",
    ],
)
def test_contradiction_is_refused(write, row):
    """Answerable without a good article, declined with one, an impossible filter, no object."""
    with pytest.raises(QuerySetError) as caught:
        QuerySet.read([write(row)])
    assert [problem.line for problem in caught.value.problems] == [1]


def test_digest_is_not_that_of_marks_and_folders(write, tmp_path):
    """A known failure and the folder it lies in change no figure, so they change no digest."""
    (tmp_path / "telecom").mkdir()
    marked = {**GOOD, "known_failure": "no article yet"}
    digest = QuerySet.read([write(GOOD)]).digest
    assert QuerySet.read([write(marked, name="telecom/dev.jsonl")]).digest == digest


def test_each_file_is_known_by_its_folder(write, tmp_path):
    """Queries have the folder as their industry; each file has its own digest."""
    paths = []
    for folder in ("telecom", "finance"):
        (tmp_path / folder).mkdir()
        paths.append(write({**GOOD, "id": folder}, name=f"{folder}/dev.jsonl"))
    query_set = QuerySet.read(paths)
    assert [query.industry for query in query_set.queries] == ["telecom", "finance"]
    assert query_set.digests == {
        f"{path.parent.name}/dev.jsonl": QuerySet.read([path]).digest for path in paths
    }


def test_files_of_one_name_are_told_apart(write, tmp_path):
    """Two files called telecom/dev.jsonl go by their whole paths."""
    paths = []
    for folder in ("a/telecom", "b/telecom"):
        (tmp_path / folder).mkdir(parents=True)
        paths.append(write({**GOOD, "id": folder}, name=f"{folder}/dev.jsonl"))
    assert [*QuerySet.read(paths).digests] == [str(path) for path in paths]


def test_grade_zero_is_judged_and_wrong():
    """`answers` leaves it out, and has the better ones first."""
    query = JudgedQuery(id="q", text="空调", relevant={"fair": 1, "wrong": 0, "best": 2, "ok": 1})
    assert query.answers == ("best", "fair", "ok")
    assert JudgedQuery(id="q", text="股票", relevant={"a": 0}, answerable=False).answers == ()


def test_every_fault_is_named_at_once(write, tmp_path):
    """Bad lines, a repeated id and a missing file come in one error, in both languages."""
    path = write({**GOOD, "text": ""}, GOOD, {**GOOD, "relevant": []}, GOOD)
    missing = tmp_path / "no-such-file.jsonl"
    with pytest.raises(QuerySetError) as caught:
        QuerySet.read([path, missing])
    found = {(problem.code, problem.line) for problem in caught.value.problems}
    assert found == {
        ("query_wrong", 1),
        ("query_wrong", 3),
        ("query_repeated", 4),
        ("query_file_unreadable", None),
    }
    for lang in ("zh", "en"):
        assert str(missing) in caught.value.text(lang)


def test_repeated_id_is_named_with_both_places(write):
    """A file given twice: each query of the second, and where it stood first."""
    path, copy = write(GOOD), write("", GOOD, name="copy.jsonl")
    for second, line in ((path, 1), (copy, 2)):
        with pytest.raises(QuerySetError) as caught:
            QuerySet.read([path, second])
        (problem,) = caught.value.problems
        assert problem.location == f"{second}:{line}"
        assert f"{path}:1" in problem.text("zh")


def test_recommendation_set_is_recognised(write):
    """One problem that names the command, however many cases there are."""
    case = {"id": "c", "type": "text", "text": "空调", "wanted": {}}
    with pytest.raises(QuerySetError, match="eval-recommend") as caught:
        QuerySet.read([write("", case, {**case, "id": "d"})])
    assert len(caught.value.problems) == 1


@pytest.mark.parametrize("content", ["", "\n \n"])
def test_empty_set_is_refused(write, content):
    """Accuracy on no queries would say nothing."""
    with pytest.raises(QuerySetError) as caught:
        QuerySet.read([write(content)])
    assert [problem.code for problem in caught.value.problems] == ["query_set_empty"]


def test_file_in_another_encoding_is_refused(tmp_path):
    """A GBK file is named, not read as nonsense; a byte order mark is read over."""
    line = json.dumps(GOOD, ensure_ascii=False)
    path = tmp_path / "gbk.jsonl"
    path.write_bytes(line.encode("gbk"))
    with pytest.raises(QuerySetError, match=r"gbk\.jsonl"):
        QuerySet.read([path])
    path.write_bytes(b"\xef\xbb\xbf" + line.encode())
    assert QuerySet.read([path]).queries[0].id == "q1"


def test_list_of_articles_is_grade_one_each():
    """`JudgedQuery` takes either form in Python, too."""
    query = JudgedQuery(id="q", text="空调", relevant=["a", "b"])
    assert query.relevant == {"a": 1, "b": 1}


def test_line_separator_inside_a_text_is_no_end_of_line(tmp_path):
    """JSON allows U+2028 in a string; the line goes on."""
    path = tmp_path / "queries.jsonl"
    row = {"id": "q", "text": "手表\u2028没电", "relevant": ["a"]}
    path.write_text(json.dumps(row, ensure_ascii=False), encoding="utf-8")
    assert QuerySet.read([path]).queries[0].text == "手表\u2028没电"
