"""Rows of a table to drafts, whether they come from CSV or XLSX."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from kbsearch.errors import Problem
from kbsearch.loaders.columns import (
    Column,
    Form,
    columns,
    columns_by_heading,
    heading_key,
    parse_cell,
)
from kbsearch.loaders.draft import Draft, SourceFile, shown
from kbsearch.loaders.validation import suggestion


class Fault(NamedTuple):
    """A cell that gives no value: the code of the problem, and what stands in the cell."""

    code: str
    value: str


Cell = str | date | Fault | None
"""What a cell holds; blank text counts as None."""


@dataclass(frozen=True, slots=True)
class _Header:
    """The columns that were recognised: place in the row to column, and to heading as written."""

    columns: dict[int, Column]
    headings: dict[int, str]

    @property
    def names(self) -> dict[str, str]:
        """Article field to heading as written."""
        return {column.field: self.headings[place] for place, column in self.columns.items()}


def drafts_of_rows(file: SourceFile, rows: Iterable[Sequence[Cell]]) -> Iterator[Draft | Problem]:
    """A draft for each row that is not blank; the first row is the header, and counts as row 1.

    A column that is not known is an error, but the rows are read without it. Without the columns
    that every article needs, no row is read.
    """
    numbered = enumerate(rows, start=1)
    _, head = next(numbered, (1, ()))
    if not any(map(_is_filled, head)):
        yield Problem("table_without_header", file.name, 1)
        return
    header, problems = _read_header(file, head)
    yield from problems
    present = {column.field for column in header.columns.values()}
    missing = [column for column in columns() if column.required and column.field not in present]
    for column in missing:
        yield Problem("missing_column", file.name, 1, column.heading)
    if missing:
        return
    for number, row in numbered:
        if any(map(_is_filled, row)):
            yield _draft(file, number, header, row)


def has_articles(head: Sequence[Cell]) -> bool:
    """Whether this header has every column that an article needs."""
    known = columns_by_heading()
    present = {known.get(heading_key(cell)) for cell in head if isinstance(cell, str)}
    return all(column in present for column in columns() if column.required)


def _read_header(file: SourceFile, head: Sequence[Cell]) -> tuple[_Header, list[Problem]]:
    """The columns of the first row, and what is wrong with it."""
    header = _Header({}, {})
    problems: list[Problem] = []
    known = columns_by_heading()
    for place, cell in enumerate(head):
        if not _is_filled(cell):
            continue
        heading = " ".join((cell.value if isinstance(cell, Fault) else str(cell)).split())
        header.headings[place] = heading
        column = known.get(heading_key(heading))
        if column is None:
            problems.append(_unknown_column(file, heading))
        elif column in header.columns.values():
            params = {"first": header.names[column.field]}
            problems.append(
                Problem("duplicate_column", file.name, 1, shown(heading), params=params)
            )
        else:
            header.columns[place] = column
    return header, problems


def _unknown_column(file: SourceFile, heading: str) -> Problem:
    """The problem of a heading that is no field."""
    like = suggestion(heading_key(heading), columns_by_heading())
    if like:
        column = columns_by_heading()[like]
        by_field = like == heading_key(column.field)
        params = {"suggestion": column.field if by_field else column.heading}
        return Problem("misspelt_column", file.name, 1, shown(heading), params=params)
    params = {"allowed": "、".join(column.heading for column in columns())}
    return Problem("unknown_column", file.name, 1, shown(heading), params=params)


def _draft(file: SourceFile, number: int, header: _Header, row: Sequence[Cell]) -> Draft:
    """The article of one row."""
    fields: dict[str, object] = {}
    faults: list[tuple[str, str, str]] = []
    for place, cell in enumerate(row):
        column = header.columns.get(place)
        if not _is_filled(cell):
            continue
        if column is None:
            if place not in header.headings:  # else the header has been reported already
                value = cell.value if isinstance(cell, Fault) else str(cell)
                faults.append(("cell_without_heading", "", value))
        elif isinstance(cell, Fault):
            faults.append((cell.code, column.field, cell.value))
        elif isinstance(cell, date):
            if column.form is Form.DATE:
                fields[column.field] = cell
            else:  # spreadsheets turn "3-1" into the 1st of March
                faults.append(("cell_is_date", column.field, str(cell)))
        elif cell is not None:
            fields[column.field] = parse_cell(column.form, cell.strip())
    draft = Draft(file, number, fields, names=header.names)
    problems = [draft.problem(code, field, value=value) for code, field, value in faults]
    return Draft(file, number, fields, names=header.names, problems=tuple(problems))


def _is_filled(cell: Cell) -> bool:
    """Whether a cell holds more than blanks."""
    return bool(cell.strip()) if isinstance(cell, str) else cell is not None
