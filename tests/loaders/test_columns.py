"""Headings and the notation of cells."""

import pytest

from kbsearch.article import Article, AttachmentType, Audience, Kind, Relation, Status, Visibility
from kbsearch.loaders.columns import (
    Form,
    columns,
    columns_by_field,
    columns_by_heading,
    heading_key,
    parse_cell,
)


def test_every_article_field_has_a_column():
    """The table of columns and the article agree on the fields and on what is required."""
    assert [column.field for column in columns()] == list(Article.model_fields)
    required = {name for name, info in Article.model_fields.items() if info.is_required()}
    assert {column.field for column in columns() if column.required} == required


def test_no_heading_stands_for_two_columns():
    """Each heading, however written, means one column."""
    headings = [h for c in columns() for h in (c.field, c.heading, *c.also)]
    assert len(columns_by_heading()) == len({heading_key(h) for h in headings}) == len(headings)


@pytest.mark.parametrize(
    ("field", "enum"),
    [("kind", Kind), ("audience", Audience), ("visibility", Visibility), ("status", Status)],
)
def test_documented_values_are_the_allowed_ones(field, enum):
    """What editors may choose from is what the article allows."""
    assert list(columns_by_field()[field].values) == list(enum)


def test_notes_name_every_relation_and_attachment_type():
    """The notes on links and attachments mention every value that can be written there."""
    assert all(relation in columns_by_field()["links"].meaning for relation in Relation)
    assert all(kind in columns_by_field()["attachments"].meaning for kind in AttachmentType)


@pytest.mark.parametrize(
    ("form", "cell", "value"),
    [
        (Form.TEXT, "a | b", "a | b"),
        (Form.LIST, "甲\n乙|丙 ； 丁｜戊；；\n", ["甲", "乙", "丙", "丁", "戊"]),
        (Form.LIST, "一, 二; 三、四", ["一, 二; 三、四"]),  # these stand within questions
        (
            Form.LINKS,
            "next_step:a；see_also： b|c",
            [{"rel": "next_step", "id": "a"}, {"rel": "see_also", "id": "b"}, "c"],
        ),
        (
            Form.ATTACHMENTS,
            "video | https://h/v | 说明 | 先 | 后\n\nfile｜a.pdf\nimage",
            [
                {
                    "type": "video",
                    "url": "https://h/v",
                    "caption": "说明",
                    "transcript": "先 | 后",
                },
                {"type": "file", "path": "a.pdf"},
                "image",
            ],
        ),
    ],
)
def test_cells_are_read_by_their_form(form, cell, value):
    """Separators, links and attachments are read as documented; what does not fit stays text."""
    assert parse_cell(form, cell) == value
