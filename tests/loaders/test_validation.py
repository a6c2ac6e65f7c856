"""Drafts to articles."""

from datetime import date, datetime
from pathlib import Path

import pytest

from kbsearch.errors import Severity
from kbsearch.loaders.draft import Draft, SourceFile
from kbsearch.loaders.validation import validate

BASE = {"id": "a", "kind": "faq", "title": "标题", "body": "正文"}


def judged(**fields):
    """The article, and (code, field) of the problems, of the base article with these fields."""
    draft = Draft(SourceFile(Path("a.jsonl"), "a.jsonl"), 1, {**BASE, **fields})
    article, problems = validate(draft)
    return article, [(problem.code, problem.field) for problem in problems]


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-01",
        " 2026/3/1 ",
        "2026.3.1",
        "2026年3月1日",
        "2026-03-01T23:59:59+08:00",
        "2026-03-01 08:00",
        date(2026, 3, 1),
        datetime(2026, 3, 1, 8, 30),
    ],
)
def test_ways_to_write_a_date(written):
    """Each usual way to write the 1st of March 2026 gives that day."""
    article, problems = judged(updated_at=written)
    assert problems == []
    assert article.updated_at == date(2026, 3, 1)


@pytest.mark.parametrize(
    "written", ["2026-02-30", "03/01/2026", "2026-3", "20260301", "明天", "", 1772323200, True, [1]]
)
def test_what_is_no_date(written):
    """Days that do not exist, other orders, and numbers, which could be seconds, are refused."""
    assert judged(review_due=written) == (None, [("bad_date", "review_due")])


@pytest.mark.parametrize("written", [2, "2", 2.0])
def test_version_is_a_whole_number(written):
    """The version may come as text from front matter, or with a fraction of zero from a sheet."""
    assert judged(version=written)[0].version == 2


@pytest.mark.parametrize("written", [0, -1, 1.5, True, "v2", [], float("nan"), float("inf")])
def test_what_is_no_version(written):
    """Anything but a whole number from 1 is refused, `true` included."""
    assert judged(version=written) == (None, [("bad_version", "version")])


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"id": 7}, ("not_text", "id")),
        ({"id": "-a"}, ("bad_id", "id")),
        ({"id": "a" * 129}, ("bad_id", "id")),
        ({"id": None}, ("missing_field", "id")),
        ({"title": " \n"}, ("empty_title", "title")),
        ({"kind": 5}, ("bad_enum", "kind")),
        ({"audience": ["old"]}, ("bad_enum", "audience[0]")),
        ({"category": "家电//空调"}, ("bad_category", "category")),
        ({"tags": "续航"}, ("not_list", "tags")),
        ({"tags": ["a", 5]}, ("not_text", "tags[1]")),
        ({"tags": [None]}, ("not_text", "tags[0]")),
        ({"links": ["b"]}, ("link_form", "links[0]")),
        ({"links": {"rel": "solves"}}, ("not_list", "links")),
        ({"links": [{"rel": "solves", "id": "b", "to": 1}]}, ("unknown_field", "links[0].to")),
        ({"attachments": ["a.png"]}, ("attachment_form", "attachments[0]")),
        ({"attachments": [{"type": "file"}]}, ("attachment_location", "attachments[0]")),
        (
            {"attachments": [{"type": "file", "path": "/etc/passwd"}]},
            ("attachment_not_relative", "attachments[0].path"),
        ),
        (
            {"attachments": [{"type": "file", "path": "C:\\a.pdf"}]},
            ("attachment_not_relative", "attachments[0].path"),
        ),
        (
            {"attachments": [{"type": "file", "path": "x" * 5000}]},
            ("attachment_missing", "attachments[0].path"),
        ),
        ({"title": "半个\ud83d"}, ("broken_character", "title")),
        ({"x\ud83d": "1"}, ("unknown_field", "x\\ud83d")),
        ({"Title": "t"}, ("misspelt_field", "Title")),
    ],
)
def test_each_fault_has_its_code_and_field(fields, problem):
    """One planted fault gives exactly its own problem, and no article."""
    assert judged(**fields) == (None, [problem])


def test_rules_over_several_fields_are_reported_along_with_other_errors():
    """Dates in the wrong order are reported in the same run as an unrelated bad field."""
    article, problems = judged(
        kind="qa",
        valid_from="2026-03-02",
        valid_until="2026-03-01",
        attachments=[{"type": "gif", "path": "a", "url": "b"}],
    )
    assert article is None
    assert problems == [
        ("bad_enum", "kind"),
        ("bad_enum", "attachments[0].type"),
        ("date_order", "valid_until"),
        ("attachment_location", "attachments[0]"),
        ("attachment_missing", "attachments[0].path"),
    ]


def test_validity_of_one_day_is_no_fault():
    """An article may begin and end on the same day."""
    assert judged(valid_from="2026-03-01", valid_until="2026-03-01")[1] == []


def test_warnings_keep_nothing_out():
    """Repeated questions, no body and control characters are warnings: the article is given."""
    article, problems = judged(
        questions=["怎么充电", "标题 ", "怎么充电"], body=" \x0b", title="标题", tags=["a\x00b"]
    )
    assert problems == [
        ("control_character", "body"),
        ("control_character", "tags[0]"),
        ("duplicate_question", "questions[1]"),
        ("duplicate_question", "questions[2]"),
        ("empty_body", "body"),
    ]
    assert article.tags == ("ab",)
    assert article.questions == ("怎么充电", "标题", "怎么充电")


def test_absent_means_none_at_every_level():
    """None is "not given", in an attachment too, as exporters write it."""
    attachment = {"type": "image", "url": "https://h/a.png", "path": None, "caption": None}
    article, problems = judged(attachments=[attachment], valid_until=None, tags=None)
    assert problems == []
    assert article.attachments[0].path == ""


def test_problems_use_the_headings_and_lines_of_the_file():
    """A draft's own names and lines appear in its problems, the nearest known line for each."""
    draft = Draft(
        SourceFile(Path("a.csv"), "folder/a.csv"),
        3,
        {**BASE, "links": [{"rel": "x"}]},
        lines={"links": 5, "links[0]": 6, "links[0].rel": 7},
        names={"links": "关联文章"},
    )
    _, problems = validate(draft)
    assert [(p.location, p.field, p.article_id, p.severity) for p in problems] == [
        ("folder/a.csv:7", "关联文章[0].rel", "a", Severity.ERROR),
        ("folder/a.csv:6", "关联文章[0].id", "a", Severity.ERROR),
    ]
