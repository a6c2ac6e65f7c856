"""Markdown with front matter."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbsearch.article import AttachmentType, Audience, Kind, Relation
from kbsearch.loaders.source import read_source


def page(front, body="正文"):
    """A Markdown file with this front matter."""
    return f"---\n{front}\n---\n{body}"


VALID = "id: a\nkind: faq\ntitle: 标题"


def test_every_field_is_read(write, found):
    """Block and flow style, dates, lists, attachments and links all arrive with their types."""
    front = """id: watch-first-setup
kind: guide
title: 第一次设置
questions:
  - 怎么开机
  - 要先下哪个软件
category: 穿戴/手表
products: [腕伴 S2]
audience: [new]
valid_from: 2026-03-01
valid_until:
version: 2
attachments:
  - {type: video, url: "https://help.example/v", caption: 第一天, transcript: 撕膜，充电。}
links:
  - {rel: next_step, id: b}"""
    paths = [
        write("a.md", page(front, "第一行\n\n第二行\n")),
        write("b.markdown", page("id: b\n" + VALID[6:])),
    ]
    source = read_source(paths)
    assert found(source) == []
    article = source.articles[1]
    assert (article.id, article.kind, article.title) == (
        "watch-first-setup",
        Kind.GUIDE,
        "第一次设置",
    )
    assert article.questions == ("怎么开机", "要先下哪个软件")
    assert (article.category, article.products) == ("穿戴/手表", ("腕伴 S2",))
    assert article.audience == (Audience.NEW,)
    assert (article.valid_from, article.valid_until) == (date(2026, 3, 1), None)
    assert article.version == 2
    assert article.attachments[0].type is AttachmentType.VIDEO
    assert article.attachments[0].transcript == "撕膜，充电。"
    assert (article.links[0].rel, article.links[0].id) == (Relation.NEXT_STEP, "b")
    assert article.body == "第一行\n\n第二行"
    assert source.entries[1].line is None


def test_scalars_stay_what_the_editor_wrote(read, found):
    """`no`, `on`, 007, 1e3 and 12:30 are text where text is meant, not booleans or numbers."""
    front = "id: 007\nkind: faq\ntitle: 12:30\nreviewed_by: 'null'\n"
    front += "tags: [no, on, 1e3, 0x1F, 1_000, ~x]"
    source = read("a.md", page(front))
    assert found(source) == []
    article = source.articles[0]
    assert (article.id, article.title, article.reviewed_by) == ("007", "12:30", "null")
    assert article.tags == ("no", "on", "1e3", "0x1F", "1_000", "~x")


def test_all_faults_are_reported_at_their_lines(read, found):
    """Every planted fault of one file is named in one run, at the line of its own field."""
    front = """id: bad id
kind: qa
title: ''
questions:
  - 甲
  - 乙
  - ''
categroy: x
products: 腕伴
valid_from: 2026-13-01
valid_until: 2026-02-30
version: zwei
attachments:
  - type: picture
    path: missing.png
    captoin: x
  - {type: image, path: a.png, url: "https://b"}
links:
  - {rel: next, id: a}
  - rel: solves
  - book-repair
colour: red"""
    source = read("a.md", page(front))
    assert found(source) == [
        (2, "bad_id", "id"),
        (3, "bad_enum", "kind"),
        (4, "empty_title", "title"),
        (8, "empty_text", "questions[2]"),
        (9, "misspelt_field", "categroy"),
        (10, "not_list", "products"),
        (11, "bad_date", "valid_from"),
        (12, "bad_date", "valid_until"),
        (13, "bad_version", "version"),
        (15, "bad_enum", "attachments[0].type"),
        (16, "attachment_missing", "attachments[0].path"),
        (17, "misspelt_field", "attachments[0].captoin"),
        (18, "attachment_location", "attachments[1]"),
        (18, "attachment_missing", "attachments[1].path"),
        (20, "bad_enum", "links[0].rel"),
        (20, "dangling_link", "links[0].id"),
        (21, "missing_field", "links[1].id"),
        (22, "link_form", "links[2]"),
        (23, "unknown_field", "colour"),
    ]
    assert "category" in source.problems[4].text("zh")
    assert source.entries == ()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", (1, "front_matter_missing")),
        ("# 标题\n正文", (1, "front_matter_missing")),
        ("\n\n# 标题", (3, "front_matter_missing")),
        ("---\nid: a\n正文", (1, "front_matter_unclosed")),
        (page("- id\n- kind"), (2, "front_matter_not_mapping")),
        (page("just text"), (2, "front_matter_not_mapping")),
        (page("id: a\ntitle: 甲: 乙"), (3, "yaml_syntax")),
        (page("id: a\n\tkind: faq"), (3, "yaml_syntax")),
        (page('id: a\ntitle: "甲\nkind: faq\ntags: [x]'), (3, "yaml_syntax")),  # where it opens
        (page("id: a\ntitle: @x"), (3, "yaml_syntax")),
        (page("id: a\ntags: " + "[" * 5000), (3, "too_deep")),
        (page("id: a\n" + "? " * 30 + "x"), (3, "too_deep")),
    ],
)
def test_front_matter_that_cannot_be_read(read, found, content, problem):
    """Each way in which front matter can be broken is one error at the line where it shows."""
    source = read("a.md", content)
    assert [(line, code) for line, code, _ in found(source) if code != "yaml_key"] == [problem]
    assert source.entries == ()


@pytest.mark.parametrize(
    ("front", "problem"),
    [
        ("tags: [a]\ntags: [b]", (6, "duplicate_key", "tags")),
        ("links:\n  - {rel: solves, rel: policy, id: b}", (6, "duplicate_key", "links[0].rel")),
        ("body: x", (7, "duplicate_key", "body")),
        ("reviewed_by: &who 甲\ntags: [*who]", (6, "yaml_alias", "")),
        ("reviewed_by: !!python/object/apply:os.system [ls]", (5, "yaml_tag", "")),
        ("tags: !secret [a]", (5, "yaml_tag", "")),
        ("[a, b]: c", (5, "yaml_key", "")),
    ],
)
def test_yaml_that_an_article_has_no_use_for(read, found, front, problem):
    """Keys twice, aliases, tags and compound keys are errors at their line; nothing is executed."""
    source = read("a.md", page(f"{VALID}\n{front}"))
    assert problem in found(source)
    assert source.entries == ()


def test_text_tag_is_accepted(read, found):
    """`!!str` says what a scalar is anyway."""
    source = read("a.md", page("id: !!str 007\nkind: faq\ntitle: t"))
    assert source.articles[0].id == "007"


def test_aliases_cannot_grow(read, found):
    """A billion laughs stay nine lines of errors: aliases are never followed."""
    lines = ["a0: &a0 [lol]"] + [f"a{i}: &a{i} [{f'*a{i - 1}, ' * 9}]" for i in range(1, 10)]
    source = read("a.md", page("\n".join(lines)))
    assert sum(code == "yaml_alias" for _, code, _ in found(source)) == 81


def test_control_characters_are_left_out_with_a_warning(read, found):
    """Each line with an invisible character is named; the article is used without them."""
    front = 'id: a\nkind: faq\ntitle: 甲\x07乙\nquestions: ["丙\\x01"]'
    source = read("a.md", page(front, "一\n二\x0b三\u2028四\n"))
    assert found(source) == [
        (4, "control_character_in_line", ""),
        (5, "control_character", "questions[0]"),
        (8, "control_character_in_line", ""),
    ]
    article = source.articles[0]
    assert (article.title, article.questions) == ("甲 乙", ("丙",))
    assert article.body == "一\n二\n三\n四"


def test_id_of_a_broken_file_is_known(write, found):
    """A link to an article whose front matter breaks off after its id is `link_to_invalid`."""
    paths = [
        write("a.md", page(VALID + "\nlinks: [{rel: solves, id: b}]")),
        write("b.md", page("id: b\ntitle: 甲: 乙")),
    ]
    source = read_source(paths)
    assert found(source) == [(5, "link_to_invalid", "links[0].id"), (3, "yaml_syntax", "")]
    assert [problem.article_id for problem in source.problems] == ["a", "b"]


def test_windows_line_ends_and_byte_order_mark(read, found):
    """A file as Windows editors save it gives the same article and the same lines."""
    text = "\ufeff" + page(VALID + "\ncolour: red").replace("\n", "\r\n")
    assert found(read("a.md", text)) == [(5, "unknown_field", "colour")]


@given(content=st.binary() | st.text().map(lambda text: page(text).encode("utf-8", "replace")))
def test_any_bytes_are_read_without_raising(content, tmp_path_factory):
    """Arbitrary bytes, and arbitrary text between the fences, give articles or problems."""
    path = tmp_path_factory.getbasetemp() / "any.md"
    path.write_bytes(content)
    source = read_source([path])
    assert source.entries or source.problems
