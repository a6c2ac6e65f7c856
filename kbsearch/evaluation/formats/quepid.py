"""Quepid: ratings as CSV with the header ``query,docid,rating``, queries by their text.

Grades are Quepid's graded scale: 0 irrelevant, 1 poor, 2 fair, 3 perfect.
"""

import csv
from pathlib import Path

from kbsearch.errors import Problem, QuerySetError
from kbsearch.evaluation.formats.judgment_file import JudgmentFile
from kbsearch.evaluation.query_set import QuerySet

COLUMNS = ("query", "docid", "rating")
HIGHEST = 3


def read_query_set(path: str | Path) -> QuerySet:
    """The rated queries; ids are ``q1``, ``q2``, … in the order in which texts first appear.

    Other columns are passed over, and so are rows without docid and rating, which Quepid exports
    for queries that nobody has rated, and without rating, which it exports for unrated articles.

    Raises:
        QuerySetError: The header lacks a column, or a row is wrong.
    """
    file = JudgmentFile(path)
    ids: dict[str, str] = {}
    try:
        with file.path.open(encoding="utf-8-sig", newline="") as opened:
            rows = csv.DictReader(opened, restval="")
            rows.fieldnames = [name.strip().lower() for name in rows.fieldnames or ()]
            missing = [name for name in COLUMNS if name not in rows.fieldnames]
            if missing:
                file.problem("quepid_header", 1, value=",".join(rows.fieldnames))
                raise file.error()
            for row in rows:
                text, article_id, rating = (row[name].strip() for name in COLUMNS)
                if not text:
                    file.problem("quepid_row", rows.line_num, "query", article_id)
                    continue
                query_id = ids.setdefault(text, f"q{len(ids) + 1}")
                if rating and not article_id:
                    file.problem("quepid_row", rows.line_num, "docid", text)
                elif rating:
                    file.judge(
                        query_id, article_id, rating, rows.line_num, "rating", highest=HIGHEST
                    )
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        file.problem("query_file_unreadable", reason=str(error))
    return file.query_set(((name, text) for text, name in ids.items()), path)


def write_query_set(query_set: QuerySet, path: str | Path) -> None:
    """Writes the ratings of the answerable queries.

    Raises:
        QuerySetError: A text stands twice, so that its ratings would be mixed up; or a grade is
            above `HIGHEST`.
    """
    problems: list[Problem] = []
    first: dict[str, str] = {}
    for query in query_set.answerable:
        known = first.setdefault(query.text.strip(), query.id)
        if known != query.id:
            params = {"first": known, "second": query.id}
            problems.append(Problem("same_text", str(path), None, "text", query.text, params))
        for grade in query.relevant.values():
            if grade > HIGHEST:
                scale = {"highest": str(HIGHEST)}
                problems.append(
                    Problem("grade_off_scale", str(path), None, query.id, str(grade), scale)
                )
    if problems:
        raise QuerySetError("evaluation_file_invalid", problems)
    with Path(path).open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        rows.writerows(
            (query.text, article_id, grade)
            for query in query_set.answerable
            for article_id, grade in query.relevant.items()
        )
