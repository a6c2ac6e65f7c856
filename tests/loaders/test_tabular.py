"""CSV and XLSX tables, and the template."""

import csv
import io
import zipfile
from datetime import date, datetime

import openpyxl
import pytest
from openpyxl.worksheet.formula import ArrayFormula

from kbsearch.article import Article, Attachment, AttachmentType, Audience, Kind, Link, Relation
from kbsearch.loaders import tabular
from kbsearch.loaders.columns import columns
from kbsearch.loaders.source import read_source
from kbsearch.loaders.tabular import write_template

HEAD = ["编号", "类型", "标准问", "正文"]
ROW = ["a", "faq", "标题", "正文"]

FILLED = {
    "编号": "watch-battery",
    "类型": "troubleshooting",
    "标准问": "手表耗电快怎么办",
    "相似问": "一天就没电\n撑不到晚上",
    "正文": "先看电池。\n再看设置。",
    "分类": "穿戴/手表",
    "产品": "腕伴 S2 | 环乐 B3",
    "标签": "续航；耗电",
    "客户群": "new|regular",
    "生效日期": "2026-03-01",
    "失效日期": "2026年12月31日",
    "版本": "2",
    "附件": "image | https://h/a.png | 图\nvideo | https://h/v | 演示 | 打开设置",
    "关联文章": "see_also:other",
}
ARTICLE = Article(
    id="watch-battery",
    kind=Kind.TROUBLESHOOTING,
    title="手表耗电快怎么办",
    questions=("一天就没电", "撑不到晚上"),
    body="先看电池。\n再看设置。",
    category="穿戴/手表",
    products=("腕伴 S2", "环乐 B3"),
    tags=("续航", "耗电"),
    audience=(Audience.NEW, Audience.REGULAR),
    valid_from=date(2026, 3, 1),
    valid_until=date(2026, 12, 31),
    version=2,
    attachments=(
        Attachment(type=AttachmentType.IMAGE, url="https://h/a.png", caption="图"),
        Attachment(
            type=AttachmentType.VIDEO, url="https://h/v", caption="演示", transcript="打开设置"
        ),
    ),
    links=(Link(rel=Relation.SEE_ALSO, id="other"),),
)
OTHER = {"编号": "other", "类型": "faq", "标准问": "另一篇", "正文": "正文"}


def as_csv(*rows, delimiter=","):
    """The rows as CSV text."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue()


def as_xlsx(*rows, **sheets):
    """A workbook with these rows in its first sheet, and more sheets by name."""
    workbook = openpyxl.Workbook()
    for row in rows:
        workbook.active.append(row)
    for name, more in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in more:
            sheet.append(row)
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


WAYS = [("a.csv", as_csv), ("a.xlsx", as_xlsx)]


@pytest.mark.parametrize(("name", "table"), WAYS)
def test_every_kind_of_column_is_read(read, found, name, table):
    """Text, lists, dates, attachments and links of a row give the article written by hand."""
    rows = [[row.get(heading, "") for heading in FILLED] for row in (FILLED, OTHER)]
    source = read(name, table(list(FILLED), *rows))
    assert found(source) == []
    assert source.articles[1] == ARTICLE
    assert [entry.line for entry in source.entries] == [3, 2]


@pytest.mark.parametrize(("name", "table"), WAYS)
def test_headings_may_be_fields_or_chinese_in_any_form(read, found, name, table):
    """Field names, other Chinese headings, case, blanks and full-width forms are all known."""
    source = read(name, table(["ＩＤ", " Kind", "标准 问题", "答案"], ROW))
    assert found(source) == []
    assert source.articles[0].body == "正文"


@pytest.mark.parametrize(("name", "table"), WAYS)
def test_all_faults_are_reported_by_row_and_column(read, found, name, table):
    """Every planted fault is named by its row and the heading as written; good rows are used."""
    source = read(
        name,
        table(
            [*HEAD, "状态", "复审日期", "关联文章", "相似问提", "备注"],
            [*ROW, "online", "2026-02-30", "a-b", "x", "y"],
            ["b", "", "标题", "正文"],
            [],
            ["", "faq", " ", "正文", "", "", "next:b"],
            ["c", "faq", "标题", ""],
            ["c", "faq", "标题", "正文"],
            ["d", "faq", "标题", "正文", "", "", "", "", "", "extra"],
        ),
    )
    assert found(source) == [
        (1, "misspelt_column", "相似问提"),
        (1, "unknown_column", "备注"),
        (2, "bad_date", "复审日期"),
        (2, "bad_enum", "状态"),
        (2, "link_form", "关联文章[0]"),
        (3, "missing_field", "类型"),
        (5, "missing_field", "编号"),
        (5, "missing_field", "标准问"),
        (5, "bad_enum", "关联文章[0].rel"),
        (5, "link_to_invalid", "关联文章[0].id"),
        (6, "empty_body", "正文"),
        (7, "duplicate_id", "编号"),
        (8, "cell_without_heading", ""),
    ]
    assert [(entry.article.id, entry.line) for entry in source.entries] == [("c", 6)]
    assert "「相似问」" in source.problems[0].text("zh")


@pytest.mark.parametrize(("name", "table"), WAYS)
@pytest.mark.parametrize(
    ("head", "problems"),
    [
        ([], [(1, "table_without_header", "")]),
        (["编号", "类型"], [(1, "missing_column", "标准问")]),
        (
            ["知识库", "", ""],
            [(1, "unknown_column", "知识库")]
            + [(1, "missing_column", heading) for heading in ("编号", "类型", "标准问")],
        ),
        ([*HEAD, "标题"], [(1, "duplicate_column", "标题")]),
    ],
)
def test_headers_that_do_not_fit(read, found, name, table, head, problems):
    """No header, required columns that are missing, and a column twice are errors of row 1."""
    row = [] if head == [] else ROW
    source = read(name, table(head, row))
    assert [p for p in found(source) if p[1] != "cell_without_heading"] == problems


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiters_are_recognised(read, found, delimiter):
    """Comma, semicolon and tab are told by the header, whatever the rows hold."""
    body = "a,b;c\td\ne"
    source = read("a.csv", as_csv(HEAD, [*ROW[:3], body], delimiter=delimiter))
    assert found(source) == []
    assert source.articles[0].body == body


def test_quoted_line_breaks_do_not_shift_rows(read, found):
    """A row is a record, as a spreadsheet counts it, not a line of the file."""
    source = read("a.csv", as_csv(HEAD, [*ROW[:3], "1\n2\n3"], [], ["b", "qa", "标题", "正文"]))
    assert found(source) == [(4, "bad_enum", "类型")]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ('b,faq,"标题,正文\nc,faq,标题,正文\n', "csv_quote_unclosed"),
        ('b,faq,"标"题,正文\nc,faq,标题,正文\n', "csv_quote_astray"),
        (f"b,faq,标题,{'x' * 131_073}\nc,faq,标题,正文\n", "csv_cell_too_long"),
    ],
)
def test_csv_that_breaks_off(read, found, row, code):
    """Where cells cannot be told apart the row is named; the rows above are used."""
    source = read("a.csv", as_csv(HEAD, ROW) + row)
    assert found(source) == [(3, code, "")]
    assert [article.id for article in source.articles] == ["a"]


def test_cells_of_a_spreadsheet_have_their_types(read, found):
    """Dates come as dates, whole numbers without fraction, and ids and titles as text."""
    source = read(
        "a.xlsx",
        as_xlsx(
            ["编号", "类型", "标准问", "正文", "更新日期", "生效日期", "版本", "标签"],
            [7, "faq", 2024, True, datetime(2026, 3, 1, 8, 30), date(2026, 1, 2), 3.0, 5.5],
        ),
    )
    assert found(source) == []
    article = source.articles[0]
    assert (article.id, article.title, article.body, article.tags) == (
        "7",
        "2024",
        "True",
        ("5.5",),
    )
    assert (article.updated_at, article.valid_from) == (date(2026, 3, 1), date(2026, 1, 2))
    assert article.version == 3


def test_cells_that_give_no_value_are_errors(read, found):
    """Formulas, error values, and text that became a date are named, each in its cell."""
    head = [*HEAD, "标签"]
    source = read(
        "a.xlsx",
        as_xlsx(
            head,
            ["a", "faq", '="x"&"y"', "正文", ""],
            ["b", "faq", "标题", "#N/A", ""],
            ["c", "faq", "标题", "正文", datetime(2026, 3, 1)],
            ["d", "faq", "标题", ArrayFormula("D5", '="x"'), ""],
        ),
    )
    assert found(source) == [
        (2, "cell_formula", "标准问"),
        (3, "cell_error", "正文"),
        (4, "cell_is_date", "标签"),
        (5, "cell_formula", "正文"),
    ]
    assert source.entries == ()


def test_rows_keep_their_numbers_across_gaps(read, found):
    """Rows that a workbook leaves out, and blank ones, are counted."""
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    for column, (heading, value) in enumerate(zip(HEAD, ROW, strict=True), start=1):
        sheet.cell(1, column, heading)
        sheet.cell(1000, column, value)
    out = io.BytesIO()
    workbook.save(out)
    source = read("a.xlsx", out.getvalue())
    assert found(source) == []
    assert source.entries[0].line == 1000


def test_what_is_lost_in_a_workbook_is_a_warning(read, found):
    """Rows in further sheets and values of merged cells are not read; both are named."""
    workbook = openpyxl.load_workbook(io.BytesIO(as_xlsx(HEAD, ROW, 更多=[HEAD, ROW], 杂=[["x"]])))
    workbook.worksheets[0].merge_cells("D2:D5")
    out = io.BytesIO()
    workbook.save(out)
    source = read("a.xlsx", out.getvalue())
    assert found(source) == [(None, "merged_cells", ""), (None, "sheet_ignored", "")]
    assert [problem.value for problem in source.problems] == ["D2:D5", "更多"]
    assert source.errors == ()
    assert len(source.entries) == 1


def damaged(part, content):
    """A valid workbook with one of its parts replaced."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(as_xlsx(HEAD, ROW))) as good,
        zipfile.ZipFile(out, "w", 8) as bad,
    ):
        for name in good.namelist():
            bad.writestr(name, content if name == part else good.read(name))
    return out.getvalue()


LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "ha">'
    + "".join(
        f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "]><worksheet>&i;</worksheet>"
)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no zip",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),  # .xls, or encrypted
        as_xlsx(HEAD, ROW)[:1500],
        damaged("xl/workbook.xml", "<workbook>"),
        damaged("xl/worksheets/sheet1.xml", "<worksheet><sheetData><row r='x'><c/></row>"),
        damaged("xl/worksheets/sheet1.xml", LAUGHS),
    ],
)
def test_damaged_workbooks_are_problems(read, found, content):
    """Whatever is wrong inside a workbook, one problem says that it cannot be read."""
    assert found(read("a.xlsx", content)) == [(None, "xlsx_unreadable", "")]


def test_workbook_that_unpacks_to_too_much_is_refused(read, found, monkeypatch):
    """A packed workbook is judged by its unpacked size, before it is unpacked."""
    monkeypatch.setattr(tabular, "_MAX_UNPACKED_BYTES", 50_000)
    content = damaged("xl/styles.xml", " " * 100_000)
    assert len(content) < 10_000
    assert found(read("a.xlsx", content)) == [(None, "file_too_large", "")]


def test_cell_far_away_takes_no_time(read, found):
    """A row number beyond the format's limit is not counted up to."""
    row = '<row r="999999999999"><c r="A999999999999" t="inlineStr"><is><t>x</t></is></c></row>'
    sheet = f"<worksheet xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'><sheetData>{row}</sheetData></worksheet>"
    source = read("a.xlsx", damaged("xl/worksheets/sheet1.xml", sheet))
    assert source.entries == ()
    assert len(found(source)) == 1


def test_template_is_empty_and_explains_itself(tmp_path, found):
    """The template holds no article, Chinese headings, notes, choices and a frozen header."""
    path = tmp_path / "模板.xlsx"
    write_template(path)
    assert [code for _, code, _ in found(read_source([path]))] == ["no_articles"]
    workbook = openpyxl.load_workbook(path)
    sheet, notes = workbook.worksheets
    assert [cell.value for cell in sheet[1]] == [column.heading for column in columns()]
    assert sheet.max_row == 1
    assert all(cell.comment for cell in sheet[1])
    assert sheet.freeze_panes == "B2"
    choices = {str(v.sqref)[0]: v.formula1 for v in sheet.data_validations.dataValidation}
    assert choices["B"] == '"faq,troubleshooting,policy,guide,script"'
    assert len(choices) == sum(bool(column.values) for column in columns()) == 4
    assert [row[1].value for row in notes.iter_rows(min_row=2)] == [c.field for c in columns()]


def test_filled_template_loads_without_its_example(tmp_path, found):
    """What an editor writes below the headings is read; the example of the notes is not."""
    path = tmp_path / "t.xlsx"
    write_template(path)
    workbook = openpyxl.load_workbook(path)
    sheet = workbook.worksheets[0]
    headings = [cell.value for cell in sheet[1]]
    for row in (FILLED, OTHER):
        sheet.append([row.get(heading) for heading in headings])
    workbook.save(path)
    source = read_source([path])
    assert found(source) == []
    assert [article.id for article in source.articles] == ["other", "watch-battery"]
    assert source.articles[1] == ARTICLE


def test_example_of_the_template_is_an_article(tmp_path, found):
    """The example, moved into a row, loads; only its links need articles to lead to."""
    path = tmp_path / "t.xlsx"
    write_template(path)
    workbook = openpyxl.load_workbook(path)
    sheet, notes = workbook.worksheets
    sheet.append([row[5].value for row in notes.iter_rows(min_row=2)])
    workbook.save(path)
    source = read_source([path])
    assert [code for _, code, _ in found(source)] == ["dangling_link", "dangling_link"]
    assert len(source.articles[0].questions) == 3
    assert source.articles[0].attachments[0].transcript.startswith("打开设置")


def test_module_documents_every_column():
    """The module's docstring names each field with its Chinese heading, and what is required."""
    for column in columns():
        star = " *" if column.required else ""
        assert f"{column.field} {column.heading}{star}" in tabular.__doc__
