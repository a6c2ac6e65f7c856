"""What the columns of a table are called, and how the text of a cell is read.

`columns.toml` lists the columns with their headings; a heading may be the field's own name or any
of the Chinese ones (标准问, 相似问, 正文, …). The forms of a cell:

- text: as it stands.
- list: one entry a line, or separated by ``|`` or ``；`` (``｜`` too).
- date: 2026-03-01, 2026/3/1 or 2026年3月1日.
- links: a list of ``relation:id``, such as ``next_step:book-repair``.
- attachments: one a line, ``image | path or url | caption | transcript``; the last two may be left
  out, and the transcript may hold further ``|``.

The same forms serve ``<meta name="kb:…">`` in HTML pages.
"""

import dataclasses
import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from types import MappingProxyType


class Form(StrEnum):
    """How the text of a cell is read."""

    TEXT = "text"
    LIST = "list"
    DATE = "date"
    LINKS = "links"
    ATTACHMENTS = "attachments"


@dataclass(frozen=True, slots=True, eq=False)  # each heading stands for one column only
class Column:
    """One column of a table of articles; see the head of `columns.toml`."""

    field: str
    heading: str
    form: Form
    meaning: str
    example: str
    width: int
    also: tuple[str, ...] = ()
    required: bool = False
    values: Mapping[str, str] = dataclasses.field(default_factory=dict)


@cache
def columns() -> tuple[Column, ...]:
    """All columns, in the order of the template."""
    source = resources.files("kbsearch.loaders").joinpath("columns.toml")
    table = tomllib.loads(source.read_text(encoding="utf-8"))
    return tuple(
        Column(**{**row, "form": Form(row["form"]), "also": tuple(row.get("also", ()))})
        for row in table["column"]
    )


@cache
def columns_by_heading() -> Mapping[str, Column]:
    """Every accepted heading, as `heading_key` gives it, to its column."""
    return MappingProxyType(
        {
            heading_key(heading): column
            for column in columns()
            for heading in (column.field, column.heading, *column.also)
        }
    )


@cache
def columns_by_field() -> Mapping[str, Column]:
    """Article field to its column."""
    return MappingProxyType({column.field: column for column in columns()})


def heading_key(heading: str) -> str:
    """What is compared of a heading: no blanks, case or full-width forms.

    >>> heading_key(" 文章 ＩＤ ")
    '文章id'
    """
    return "".join(unicodedata.normalize("NFKC", heading).split()).lower()


def parse_cell(form: Form, text: str) -> object:
    """The value that `text` gives; what does not fit the notation is left for validation to report.

    >>> parse_cell(Form.LIST, "续航 | 耗电快；常亮")
    ['续航', '耗电快', '常亮']
    >>> parse_cell(Form.LINKS, "next_step:book-repair")
    [{'rel': 'next_step', 'id': 'book-repair'}]
    >>> parse_cell(Form.ATTACHMENTS, "image | pics/a.png | 充电触点")
    [{'type': 'image', 'path': 'pics/a.png', 'caption': '充电触点'}]
    """
    match form:
        case Form.LIST:
            return _entries(text)
        case Form.LINKS:
            return [_link(entry) for entry in _entries(text)]
        case Form.ATTACHMENTS:
            return [_attachment(line) for line in text.splitlines() if line.strip()]
        case Form.TEXT | Form.DATE:
            return text


def _entries(text: str) -> list[str]:
    """The entries of a list; empty ones, as a last separator leaves, are dropped."""
    return [entry.strip() for entry in re.split(r"[\n|｜；]", text) if entry.strip()]


def _link(entry: str) -> dict[str, str] | str:
    """``relation:id`` as a mapping; as it stands if it has no colon."""
    relation, colon, target = entry.replace("：", ":", 1).partition(":")
    return {"rel": relation.strip(), "id": target.strip()} if colon else entry


def _attachment(line: str) -> dict[str, str] | str:
    """``type | place | caption | transcript`` as a mapping; as it stands if it has no place."""
    parts = [part.strip() for part in re.split(r"[|｜]", line, maxsplit=3)]
    if len(parts) == 1:
        return line
    place = "url" if "://" in parts[1] else "path"
    return dict(zip(("type", place, "caption", "transcript"), parts, strict=False))
