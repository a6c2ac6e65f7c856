"""BEIR: a folder of ``corpus.jsonl``, ``queries.jsonl`` and ``qrels/<split>.tsv``.

C-MTEB's retrieval tasks have this form, too, where they are not parquet, which is not read. Ids
that no article can have are mapped by `article_ids`, in corpus and judgments alike.
"""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pydantic import ValidationError

from kbsearch.article import Article, Kind
from kbsearch.evaluation.formats.article_ids import foreign_id_of, slug_of
from kbsearch.evaluation.formats.judgment_file import JudgmentFile
from kbsearch.evaluation.formats.trec import check_ids
from kbsearch.evaluation.query_set import QuerySet

CORPUS = "corpus.jsonl"
QUERIES = "queries.jsonl"
HEADER = ("query-id", "corpus-id", "score")
SPLIT = "test"
TITLE_LENGTH = 60

_FIRST_SENTENCE = re.compile(r".+?(?:[。！？!?；;]|\.(?=\s)|$)", flags=re.MULTILINE)
_LINE_END = re.compile(r"[\t\r\n]|^$")


def read_query_set(path: str | Path) -> QuerySet:
    """The judged queries of one split.

    Args:
        path: The folder, whose ``qrels/test.tsv`` or only split is read; or the split's file.

    Raises:
        QuerySetError: A file is missing or parquet, a line is wrong, or the split is not certain.
    """
    file = JudgmentFile(_split(Path(path)))
    queries = JudgmentFile(_file(file.path.parent.parent, QUERIES))
    _read_qrels(file)
    judged = file.judgments()
    rows = (row for _, row in _rows(queries, ("_id", "text")))
    texts = [(row["_id"], row["text"]) for row in rows if row["_id"] in judged]
    queries.check()
    return file.query_set(texts, queries.path)


def read_articles(path: str | Path) -> Iterator[Article]:
    """The articles of the corpus, one after the other; the corpus is never in memory as a whole.

    The text is the body; the title is the title, or else the first sentence of the text, cut to
    `TITLE_LENGTH` characters.

    Args:
        path: The folder, or the file of one of its splits.

    Raises:
        QuerySetError: The file is missing or parquet, or a line is wrong: once all are read.
    """
    folder = Path(path)
    file = JudgmentFile(_file(folder if folder.is_dir() else folder.parent.parent, CORPUS))
    for number, row in _rows(file, ("_id", "text"), ("title",)):
        title = row["title"].strip() or _first_sentence(row["text"])
        try:
            article_id = slug_of(row["_id"])
            yield Article(id=article_id, kind=Kind.FAQ, title=title, body=row["text"])
        except ValidationError:
            file.problem("beir_article", number, "title", row["title"])
        except ValueError:
            file.problem("beir_id", number, "_id", ascii(row["_id"]))
    file.check()


def write(
    query_set: QuerySet, articles: Iterable[Article], folder: str | Path, *, split: str = SPLIT
) -> None:
    """Writes a folder; queries to decline are in it without judgments.

    The text of an article is its similar questions and its body, a line each, so that other tools
    index what we do. Articles read from BEIR get back the ids that they had there.

    Raises:
        QuerySetError: An id has a tab or a line end in it.
    """
    judged = {query.id: query.relevant for query in query_set.queries}
    root = Path(folder)
    check_ids(root, judged, _LINE_END)
    (root / "qrels").mkdir(parents=True, exist_ok=True)
    _write_json_lines(
        root / CORPUS,
        (
            {
                "_id": foreign_id_of(article.id),
                "title": article.title,
                "text": "\n".join(filter(None, (*article.questions, article.body))),
            }
            for article in articles
        ),
    )
    _write_json_lines(
        root / QUERIES, ({"_id": query.id, "text": query.text} for query in query_set.queries)
    )
    with (root / "qrels" / f"{split}.tsv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, delimiter="\t", lineterminator="\n")
        rows.writerow(HEADER)
        rows.writerows(
            (query_id, foreign_id_of(article_id), grade)
            for query_id, grades in judged.items()
            for article_id, grade in grades.items()
        )


def _first_sentence(text: str) -> str:
    found = _FIRST_SENTENCE.search(text.strip())
    return found[0].strip()[:TITLE_LENGTH] if found else ""


def _split(path: Path) -> Path:
    """The qrels of `path`: itself, those of the test split, or the only ones there are."""
    if path.is_file():
        return path
    file = path / "qrels" / f"{SPLIT}.tsv"
    splits = sorted((path / "qrels").glob("*.tsv"))
    if file.is_file() or not splits:
        return _file(path, f"qrels/{SPLIT}.tsv")
    if len(splits) > 1:
        problem = JudgmentFile(path)
        problem.problem("beir_splits", value=" ".join(each.name for each in splits))
        raise problem.error()
    return splits[0]


def _file(folder: Path, name: str) -> Path:
    """A file of the folder; raises if there is none."""
    path = folder / name
    if not path.is_file():
        problem = JudgmentFile(folder)
        parquet = next(folder.rglob("*.parquet"), None)
        if parquet:
            problem.problem("beir_parquet", value=parquet.name)
        else:
            problem.problem("beir_file_missing", value=name)
        raise problem.error()
    return path


def _read_qrels(file: JudgmentFile) -> None:
    """Judges what the rows of a split's file say."""
    try:
        with file.path.open(encoding="utf-8-sig", newline="") as opened:
            rows = csv.reader(opened, delimiter="\t")
            header = next(rows, [])
            if tuple(header) != HEADER:
                file.problem("beir_qrels_form", 1, value="\t".join(header), found=str(len(header)))
                return
            for row in rows:
                if len(row) == len(HEADER):
                    _judge(file, row, rows.line_num)
                elif row:
                    file.problem(
                        "beir_qrels_form", rows.line_num, value="\t".join(row), found=str(len(row))
                    )
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        file.problem("query_file_unreadable", reason=str(error))


def _judge(file: JudgmentFile, row: list[str], line: int) -> None:
    query_id, foreign_id, grade = row
    try:
        file.judge(query_id, slug_of(foreign_id), grade, line, "score")
    except ValueError:
        file.problem("beir_id", line, "corpus-id", ascii(foreign_id))


def _rows(
    file: JudgmentFile, required: tuple[str, ...], optional: tuple[str, ...] = ()
) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Line number and texts of each line that is as it should be; whole-number ids become text."""
    for number, line in file.lines():
        found = len(file.problems)
        fields = file.parse(line, number)
        if len(file.problems) > found:
            continue
        if not isinstance(fields, dict):
            file.problem("beir_line", number, required[0], line)
            continue
        row: dict[str, str] = {}
        for name in (*required, *optional):
            value = fields.get(name, "" if name in optional else None)
            if name == "_id" and isinstance(value, int):
                value = str(value)
            if isinstance(value, str) or (value is None and name in optional):
                row[name] = value or ""
            else:
                file.problem("beir_line", number, name, value)
        if len(file.problems) == found:
            yield number, row


def _write_json_lines(path: Path, rows: Iterable[Mapping[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
