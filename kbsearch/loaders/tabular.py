"""CSV and XLSX tables, one row an article; and an empty XLSX table for editors to fill in.

The first row names the columns, by field or by Chinese heading::

    id 编号 *, kind 类型 *, title 标准问 *, questions 相似问, body 正文,
    category 分类, products 产品, tags 标签, channels 渠道, regions 地区,
    audience 客户群, visibility 可见范围, status 状态,
    valid_from 生效日期, valid_until 失效日期, review_due 复审日期, updated_at 更新日期,
    reviewed_by 审核人, version 版本, attachments 附件, links 关联文章

Those with a star must be there. `columns.toml` has further headings that are accepted; `columns`
tells how lists, dates, links and attachments are written in a cell. Problems give the row, the
header being row 1, and the heading of the column as the table has it.

CSV is UTF-8, separated by comma, semicolon or tab; a quoted cell may hold line breaks. Of an XLSX
workbook the first sheet is read; cells hold values, not formulas.
"""

import csv
import io
import re
import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from kbsearch.errors import Problem, Severity
from kbsearch.loaders.columns import Column, Form, columns, columns_by_heading, heading_key
from kbsearch.loaders.draft import Draft, SourceFile
from kbsearch.loaders.files import read_bytes, read_text
from kbsearch.loaders.rows import Cell, Fault, drafts_of_rows, has_articles

if TYPE_CHECKING:
    from openpyxl.cell.cell import Cell as SheetCell
    from openpyxl.cell.cell import MergedCell
    from openpyxl.workbook import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

_DELIMITERS = ",;\t"
_MAX_COLUMNS = 256
_MAX_ROWS = 1_048_576  # of a sheet, by the format's own limit
_MAX_UNPACKED_BYTES = 512 * 1024**2  # of a workbook; a packed one may claim any size
_MERGED = re.compile(rb'<mergeCell\b[^>]*\bref="([A-Z0-9:]{1,20})"')

_CELL_FAULTS = {"f": "cell_formula", "e": "cell_error"}

# The csv module tells its errors apart by text only.
_CSV_ERRORS = {
    "field larger than field limit": "csv_cell_too_long",
    "unexpected end of data": "csv_quote_unclosed",
    "expected after": "csv_quote_astray",
}


def read_csv(file: SourceFile) -> Iterator[Draft | Problem]:
    """A draft for each row of a CSV file, and what is wrong with the table.

    Where quotes do not fit, reading ends: what follows cannot be told apart from a cell.
    """
    text = read_text(file)
    if isinstance(text, Problem):
        yield text
        return
    faults: list[Problem] = []
    yield from drafts_of_rows(file, _csv_rows(file, text, faults))
    yield from faults


def read_xlsx(file: SourceFile) -> Iterator[Draft | Problem]:
    """A draft for each row of the first sheet, and what is wrong with the workbook."""
    raw = read_bytes(file)
    if isinstance(raw, Problem):
        yield raw
        return
    try:
        rows, problems = _xlsx_rows(file, raw)
    # openpyxl lets nearly any exception through when a part of the workbook is damaged.
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"[:200].replace("\n", " ")
        yield Problem("xlsx_unreadable", file.name, params={"reason": reason})
        return
    yield from problems
    if rows is not None:
        yield from drafts_of_rows(file, rows)


def write_template(path: str | Path) -> None:
    """Write an XLSX table for editors: Chinese headings, lists to choose from, notes, an example.

    The first sheet is the empty table. The second explains every column and shows one example, so
    that a filled table loads without it.

    Args:
        path: File to write; replaced if it exists.

    Raises:
        OSError: The file cannot be written.
    """
    from openpyxl import Workbook

    workbook = Workbook()
    _write_table(workbook)
    _write_notes(workbook)
    workbook.save(path)


def _csv_rows(file: SourceFile, text: str, faults: list[Problem]) -> Iterator[list[Cell]]:
    """The rows of CSV text; where it breaks off, why goes to `faults`."""
    complete = 0
    # strict: a stray quote is an error, and does not swallow the rest of the file.
    reader = csv.reader(io.StringIO(text), delimiter=_delimiter(text), strict=True)
    try:
        for complete, row in enumerate(reader, start=1):  # noqa: B007 - needed when it breaks off
            yield list(row)
    except csv.Error as error:
        codes = (code for sign, code in _CSV_ERRORS.items() if sign in str(error))
        params = {"line_number": str(reader.line_num), "limit": str(csv.field_size_limit())}
        params["reason"] = str(error)
        faults.append(Problem(next(codes, "csv_syntax"), file.name, complete + 1, params=params))


def _delimiter(text: str) -> str:
    """The delimiter by which most headings of the first line are known; a comma if none is."""
    first_line = text.lstrip("\n").partition("\n")[0]
    known = columns_by_heading()

    def score(delimiter: str) -> int:
        headings = (heading.strip(' "') for heading in first_line.split(delimiter))
        return sum(heading_key(heading) in known for heading in headings)

    return max(_DELIMITERS, key=score)


def _xlsx_rows(file: SourceFile, raw: bytes) -> tuple[list[list[Cell]] | None, list[Problem]]:
    """The rows of the first sheet, None if the workbook is refused; and what is wrong with it."""
    from openpyxl import load_workbook

    problems: list[Problem] = []
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        # No part can give more than it declares: zipfile stops there.
        unpacked = sum(part.file_size for part in archive.infolist())
        if unpacked > _MAX_UNPACKED_BYTES:
            limit = {"limit": f"{_MAX_UNPACKED_BYTES // 1024**2} MiB"}
            return None, [Problem("file_too_large", file.name, value=str(unpacked), params=limit)]
        if merged := _merged_cells(archive):
            problems.append(
                Problem("merged_cells", file.name, value=merged, severity=Severity.WARNING)
            )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about styles and extensions that hold no values
        workbook = load_workbook(io.BytesIO(raw), read_only=True)
        first, *others = workbook.worksheets
        rows = list(_sheet_rows(first))
        for sheet in others:
            head = next(_sheet_rows(sheet, max_rows=1), [])
            if sheet.sheet_state == "visible" and has_articles(head):
                params = {"first": first.title}
                problems.append(
                    Problem(
                        "sheet_ignored",
                        file.name,
                        value=sheet.title,
                        params=params,
                        severity=Severity.WARNING,
                    )
                )
        workbook.close()
    return rows, problems


def _merged_cells(archive: zipfile.ZipFile) -> str:
    """The first range of merged cells, such as ``F2:F5``; "" if there is none."""
    for name in archive.namelist():
        if name.startswith("xl/worksheets/") and (found := _MERGED.search(archive.read(name))):
            return found[1].decode()
    return ""


def _sheet_rows(sheet: "Worksheet", max_rows: int = _MAX_ROWS) -> Iterator[list[Cell]]:
    """The rows of a sheet from row 1 on, blank ones included, so that their numbers are right."""
    # The size that a workbook states may be wrong, and costs a cell for every blank place.
    sheet.reset_dimensions()  # type: ignore[attr-defined]  # only worksheets for reading have it
    for row in sheet.iter_rows(min_row=1, max_row=max_rows):
        yield [_cell(cell) for cell in row[:_MAX_COLUMNS]]


def _cell(cell: "SheetCell | MergedCell") -> Cell:
    """What one cell of a sheet holds."""
    value = cell.value
    code = _CELL_FAULTS.get(str(cell.data_type))
    if code and value is not None:
        return Fault(code, str(getattr(value, "text", value)))  # a formula over several cells
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # spreadsheets know no whole numbers
    return value if isinstance(value, date) else str(value)


def _write_table(workbook: "Workbook") -> None:
    """The sheet to fill in."""
    from openpyxl.comments import Comment
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    sheet = workbook.worksheets[0]
    sheet.title = "知识"
    sheet.freeze_panes = "B2"
    for place, column in enumerate(columns(), start=1):
        letter = get_column_letter(place)
        cell = sheet.cell(1, place, column.heading)
        cell.font = Font(bold=True)
        cell.fill = PatternFill("solid", fgColor="FFE699" if column.required else "DDEBF7")
        cell.comment = Comment(_note(column), "kbsearch", height=160, width=320)
        dimension = sheet.column_dimensions[letter]
        dimension.width = column.width
        dimension.alignment = Alignment(wrap_text=True, vertical="top")
        # Text keeps 007 from becoming 7, and 3-1 from becoming a date.
        dimension.number_format = "yyyy-mm-dd" if column.form is Form.DATE else "@"
        if column.values:
            choice = DataValidation("list", formula1=f'"{",".join(column.values)}"')
            choice.error = f"请从列表中选择：{'、'.join(column.values)}"
            # A list cell may hold several values, which no validation list can offer.
            choice.showErrorMessage = column.form is not Form.LIST
            choice.add(f"{letter}2:{letter}{_MAX_ROWS}")
            sheet.add_data_validation(choice)


def _write_notes(workbook: "Workbook") -> None:
    """The sheet that explains the columns, one a row, with an example."""
    from openpyxl.styles import Alignment, Font

    sheet = workbook.create_sheet("填写说明")
    sheet.freeze_panes = "A2"
    sheet.append(["列名", "字段", "必填", "怎么填", "可选值", "示例"])
    for column in columns():
        sheet.append(
            [
                column.heading,
                column.field,
                "必填" if column.required else "",
                column.meaning,
                _choices(column),
                column.example,
            ]
        )
    for letter, width in zip("ABCDEF", (12, 14, 8, 60, 34, 60), strict=True):
        sheet.column_dimensions[letter].width = width
    for row in sheet.iter_rows():
        for cell in row:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            cell.font = Font(bold=cell.row == 1)


def _note(column: Column) -> str:
    """The comment on a heading."""
    parts = ["必填" if column.required else "", column.meaning, _choices(column)]
    return "\n".join(part for part in parts if part)


def _choices(column: Column) -> str:
    """The values of a column with their meaning, one a line."""
    return "\n".join(f"{value}：{meaning}" for value, meaning in column.values.items())
