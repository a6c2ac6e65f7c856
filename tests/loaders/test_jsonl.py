"""JSONL."""

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbsearch.article import (
    Article,
    Attachment,
    AttachmentType,
    Audience,
    Kind,
    Link,
    Relation,
    Status,
    Visibility,
)
from kbsearch.loaders.draft import Draft, SourceFile
from kbsearch.loaders.jsonl import read_jsonl
from kbsearch.loaders.source import read_source
from kbsearch.loaders.validation import validate

LINE = st.text(
    st.characters(exclude_categories=["C", "Z"], include_characters=" "), min_size=1
).map(str.strip)
TEXT = LINE.filter(bool)
SLUG = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True)
DAY = st.dates(date(1000, 1, 1), date(9999, 12, 31))
TEXTS = st.lists(TEXT, max_size=3).map(tuple)


@st.composite
def articles(draw):
    """Any valid article without links and files, which depend on the source."""
    begin, end = sorted([draw(DAY), draw(DAY)])
    location = draw(st.sampled_from(["path", "url"]))
    return Article(
        id=draw(SLUG),
        kind=draw(st.sampled_from(Kind)),
        title=draw(TEXT),
        questions=draw(TEXTS),
        body=draw(st.text(st.sampled_from("正文 #*\n|-")).map(str.strip)),
        category=draw(st.sampled_from(["", "家电", "家电/空调/制冷"])),
        products=draw(TEXTS),
        tags=draw(TEXTS),
        audience=tuple(draw(st.sets(st.sampled_from(Audience)))),
        visibility=draw(st.sampled_from(Visibility)),
        status=draw(st.sampled_from(Status)),
        valid_from=draw(st.none() | st.just(begin)),
        valid_until=draw(st.none() | st.just(end)),
        reviewed_by=draw(LINE),
        version=draw(st.integers(1, 10**6)),
        attachments=(Attachment(type=AttachmentType.IMAGE, caption=draw(LINE), **{location: "x"}),),
    )


@given(article=articles())
def test_article_written_as_json_is_read_back_the_same(article, tmp_path_factory):
    """Article -> JSON line -> Article gives an equal article, whatever its fields."""
    folder = tmp_path_factory.mktemp("round")
    (folder / "x").write_text("", encoding="utf-8")
    path = folder / "a.jsonl"
    path.write_text(article.model_dump_json() + "\n", encoding="utf-8")
    source = read_source([path])
    assert source.errors == ()
    assert source.articles == (article,)
    assert source.entries[0].line == 1


def test_links_are_read_back(read, write):
    """Links and every optional field survive the way through JSONL."""
    a = Article(id="a", kind=Kind.FAQ, title="甲", links=(Link(rel=Relation.SOLVES, id="b"),))
    b = Article(id="b", kind=Kind.GUIDE, title="乙")
    source = read("x.jsonl", f"{b.model_dump_json()}\n{a.model_dump_json()}\n")
    assert source.articles == (a, b)
    assert [entry.line for entry in source.entries] == [2, 1]


def test_every_bad_line_is_reported_with_its_number(read, found, jsonl):
    """Bad JSON on line 7 and a bad enum on line 9 are both reported; the good lines are used."""
    good = [jsonl({"id": f"g{i}"}) for i in range(10)]
    good[6] = '{"id": "broken", "kind": }\n'
    good[8] = jsonl({"id": "wrong", "kind": "qa"})
    source = read("a.jsonl", "".join(good))
    assert found(source) == [(7, "json_syntax", ""), (9, "bad_enum", "kind")]
    assert [entry.line for entry in source.entries] == [1, 2, 3, 4, 5, 6, 8, 10]
    assert "faq, troubleshooting, policy, guide, script" in source.problems[1].text("zh")


def test_blank_lines_and_odd_separators_do_not_shift_lines(read, found, jsonl):
    """Only line feeds end lines: U+2028 within a string does not, and blank lines are counted."""
    source = read("a.jsonl", "\n \n" + jsonl({"body": "甲\u2028乙"}) + "[]\n")
    assert found(source) == [(3, "control_character", "body"), (4, "json_not_object", "")]
    assert source.articles[0].body == "甲\n乙"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"id": "a", "id": "b", "kind": "faq", "title": "t", "body": "b"}', "duplicate_key"),
        ("[" * 100_000, "too_deep"),
        ('{"id": "a", "version": ' + "9" * 5000 + "}", "json_syntax"),
        ('"text"', "json_not_object"),
        ("null", "json_not_object"),
        ('{"id": "a"', "json_syntax"),
        ('{"id": "a\tb"}', "json_syntax"),
    ],
)
def test_lines_that_are_no_article(read, found, line, problem):
    """Each way in which a line can fail to be one plain object is one problem on that line."""
    source = read("a.jsonl", f"\n{line}\n")
    assert [(number, code) for number, code, _ in found(source)] == [(2, problem)]
    assert source.entries == ()


def test_joined_files_with_byte_order_marks_are_read(read, jsonl):
    """A BOM at the start of a later line, as joining files leaves it, does no harm."""
    source = read("a.jsonl", "\ufeff" + jsonl({}) + "\ufeff" + jsonl({"id": "b"}))
    assert [article.id for article in source.articles] == ["a1", "b"]
    assert source.problems == ()


def test_id_of_a_broken_line_is_known(read, found, jsonl):
    """A link to an article whose line is broken is told from a link to nowhere."""
    lines = jsonl({"links": [{"rel": "solves", "id": "broken"}]}) + '{"id": "broken", }\n'
    source = read("a.jsonl", lines)
    assert found(source) == [(1, "link_to_invalid", "links[0].id"), (2, "json_syntax", "")]


def test_huge_line_is_read(read):
    """A line of 50 MB is a large article, not a fault."""
    body = "大" * (50 * 1024**2 // 3)
    line = json.dumps({"id": "a", "kind": "faq", "title": "t", "body": body}, ensure_ascii=False)
    source = read("a.jsonl", line)
    assert source.problems == ()
    assert source.articles[0].body == body


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(fields=st.dictionaries(st.sampled_from(list(Article.model_fields)) | st.text(), JSON))
def test_any_json_object_is_judged_without_raising(fields, tmp_path_factory):
    """Whatever JSON an object holds, even half characters, validation reports and never raises."""
    path = tmp_path_factory.getbasetemp() / "any.jsonl"
    path.write_text(json.dumps(fields), encoding="utf-8")
    for reading in read_jsonl(SourceFile(path, "any.jsonl")):
        assert isinstance(reading, Draft)
        article, problems = validate(reading)
        for problem in problems:
            problem.text("zh").encode()
        if article is not None:
            article.content_hash()
