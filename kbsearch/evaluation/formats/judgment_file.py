"""What all readers share: lines, JSON, grades, and a file's judgments with all its problems."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import ValidationError

from kbsearch.errors import Problem, QuerySetError
from kbsearch.evaluation.measures import Judgments
from kbsearch.evaluation.query_set import JudgedQuery, QuerySet

_GRADE = re.compile(r"[+-]?[0-9]{1,9}(\.0*)?")


class JudgmentFile:
    """A file being read: its judgments so far, and everything that is wrong with it.

    Attributes:
        path: The file.
        problems: In the order in which they were found.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.problems: list[Problem] = []
        self._grades: dict[str, dict[str, int]] = {}

    def problem(
        self, code: str, line: int | None = None, field: str = "", value: object = "", **params: str
    ) -> None:
        """Notes what is wrong."""
        self.problems.append(Problem(code, str(self.path), line, field, str(value), params))

    def lines(self) -> Iterator[tuple[int, str]]:
        r"""Number (from 1) and text of each line that is not blank; only ``\n`` ends a line.

        Raises:
            QuerySetError: The file cannot be read, or something was wrong before.
        """
        number = 0
        try:
            with self.path.open(encoding="utf-8-sig", newline="\n") as file:
                for number, line in enumerate(file, start=1):
                    if line.strip():
                        yield number, line.rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            self.problem("query_file_unreadable", reason=str(error))
            raise self.error() from error

    def parse(self, text: str, line: int = 1) -> object:
        """The JSON value of `text`, which begins on `line`; a problem and None if it is none."""
        try:
            parsed: object = json.loads(text)
        except json.JSONDecodeError as error:
            value, column = text[error.pos : error.pos + 40], str(error.colno)
            self.problem(
                "evaluation_json",
                line + error.lineno - 1,
                value=value,
                column=column,
                reason=error.msg,
            )
        except (ValueError, RecursionError) as error:  # too many digits, too many brackets
            self.problem("evaluation_json", line, value=text[:40], column="1", reason=str(error))
        else:
            return parsed
        return None

    def document(self) -> object:
        """The one JSON value that the file holds.

        Raises:
            QuerySetError: It cannot be read, or is no JSON.
        """
        try:
            text = self.path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            self.problem("query_file_unreadable", reason=str(error))
            raise self.error() from error
        parsed = self.parse(text)
        self.check()
        return parsed

    def judge(
        self,
        query_id: str,
        article_id: str,
        grade: object,
        line: int | None = None,
        field: str = "",
        *,
        highest: int | None = None,
    ) -> None:
        """Adds a judgment; a grade is a whole number, as a number or as text.

        Args:
            query_id: The query.
            article_id: The article.
            grade: As it stands in the file.
            line: Where it stands.
            field: Where in the line or the document.
            highest: Of a scale that begins at 0; any whole number is allowed without.
        """
        text = str(grade).strip()
        if isinstance(grade, bool) or not _GRADE.fullmatch(text):
            self.problem("grade_form", line, field, grade)
            return
        number = int(float(text))
        if highest is not None and not 0 <= number <= highest:
            self.problem("grade_off_scale", line, field, grade, highest=str(highest))
            return
        known = self._grades.setdefault(query_id, {}).setdefault(article_id, number)
        if known != number:
            self.problem(
                "judged_twice",
                line,
                field,
                article_id,
                query=query_id,
                first=str(known),
                second=str(number),
            )

    def judgments(self) -> Judgments:
        """The judgments with a grade above 0.

        Raises:
            QuerySetError: Something is wrong with the file, or there are none; tells everything.
        """
        relevant = {
            query: {article: grade for article, grade in grades.items() if grade > 0}
            for query, grades in self._grades.items()
        }
        found = {query: grades for query, grades in relevant.items() if grades}
        if not found and not self.problems:
            self.problem("nothing_relevant")
        self.check()
        return found

    def query_set(self, texts: Iterable[tuple[str, str]], texts_from: str | Path) -> QuerySet:
        """The judged queries, in the order of `texts`.

        Args:
            texts: Query id and text; those without relevant articles are passed over.
            texts_from: Where they stand, to tell what lacks there.

        Raises:
            QuerySetError: Something is wrong with the file, or a judged query has no text.
        """
        judgments = self.judgments()
        queries: dict[str, JudgedQuery] = {}
        for query_id, text in texts:
            if query_id not in judgments:
                continue
            if query_id in queries:
                self.problem("query_duplicate", value=query_id)
            try:
                queries[query_id] = JudgedQuery(
                    id=query_id, text=text, relevant=judgments[query_id]
                )
            except ValidationError:
                self.problem("query_text_unusable", value=ascii(text), query=query_id)
        for query_id in sorted(judgments.keys() - queries.keys()) if not self.problems else ():
            self.problem("query_without_text", value=query_id, file=str(texts_from))
        self.check()
        return QuerySet.of(str(self.path), queries.values())

    def error(self) -> QuerySetError:
        """The error that tells every problem."""
        return QuerySetError("evaluation_file_invalid", self.problems)

    def check(self) -> None:
        """Raises the error if anything is wrong."""
        if self.problems:
            raise self.error()
