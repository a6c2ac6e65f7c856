"""Query sets: what people ask, and which articles answer it."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from kbsearch.errors import Problem, QuerySetError
from kbsearch.evaluation.judged import Judged, read_judged
from kbsearch.evaluation.outcome import answers
from kbsearch.retrieval.filters import Filters

_NOT_JUDGED = {"known_failure", "industry"}


def _as_grades(value: object) -> object:
    """A plain list of article ids stands for grade 1 each."""
    return dict.fromkeys(value, 1) if isinstance(value, list | tuple) else value


class JudgedQuery(Judged):
    """One query with its judgments.

    Attributes:
        text: As the customer or agent put it.
        relevant: Article id to grade; a higher grade is a better answer, 0 is judged and wrong.
        type: How it is put: colloquial, typo, …; for slices.
        answerable: False if the knowledge base must decline it; else some grade is 1 or more.
        filters: Conditions to search with.
        context: Earlier turns of the conversation, oldest first.
        known_failure: Why it is known to miss; such queries count like all others.
    """

    text: Annotated[str, Field(min_length=1)]
    relevant: Annotated[Mapping[str, Annotated[int, Field(ge=0)]], BeforeValidator(_as_grades)] = (
        Field(default_factory=dict)
    )
    type: str = ""
    answerable: bool = True
    filters: Mapping[str, object] = Field(default_factory=dict)
    context: tuple[str, ...] = ()
    known_failure: str = ""

    @property
    def answers(self) -> tuple[str, ...]:
        """The articles that answer it, best first, equal ones as they are given."""
        return answers(self.relevant)

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if self.answerable and not self.answers:
            raise PydanticCustomError("nothing_relevant", "answerable, but no relevant article")
        if not self.answerable and self.answers:
            raise PydanticCustomError("relevant_but_declined", "not answerable, but has articles")
        try:
            Filters.parse(self.filters)
        except ValueError as error:
            told = {"reason": str(error), "error": error}
            raise PydanticCustomError("query_filter", "{reason}", told) from error
        return self


@dataclass(frozen=True, slots=True)
class QuerySet:
    """Queries with judgments.

    Attributes:
        name: File names, for reports.
        digest: SHA-256 of the queries: same questions and judgments, same digest.
        queries: In the order of the files.
        digests: Name of each file, with its folder → digest of its queries.
    """

    name: str
    digest: str
    queries: tuple[JudgedQuery, ...]
    digests: Mapping[str, str]

    @classmethod
    def of(cls, name: str, queries: Iterable[JudgedQuery]) -> Self:
        """A set of queries."""
        listed = tuple(queries)
        return cls(name, _digest(listed), listed, {name: _digest(listed)})

    @classmethod
    def read(cls, paths: Iterable[str | Path]) -> Self:
        """Reads JSONL files, one query a line.

        Raises:
            QuerySetError: A file cannot be read or is empty, or a line is wrong; names every one.
        """
        listed = [Path(path) for path in paths]
        cases = [path for path in listed if _holds_cases(path)]
        if cases:
            problems = [Problem("recommendation_set", str(path)) for path in cases]
            raise QuerySetError("query_set_invalid", problems)
        queries = read_judged(listed, JudgedQuery)
        together = [query for found in queries.values() for query in found]
        name = ", ".join(str(path) for path in listed)
        digests = {_short(path, listed): _digest(found) for path, found in queries.items()}
        return cls(name, _digest(together), tuple(together), digests)

    @property
    def answerable(self) -> tuple[JudgedQuery, ...]:
        """The queries that some article answers."""
        return tuple(query for query in self.queries if query.answerable)

    @property
    def unanswerable(self) -> tuple[JudgedQuery, ...]:
        """The queries that must be declined."""
        return tuple(query for query in self.queries if not query.answerable)


def _holds_cases(path: Path) -> bool:
    """Whether a file holds cases of recommendation: its first line says what is wanted."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            first = json.loads(next(filter(str.strip, file), ""))
    except (OSError, ValueError, RecursionError):
        return False  # reading the queries tells what is wrong
    return isinstance(first, dict) and "wanted" in first


def _digest(queries: Iterable[JudgedQuery]) -> str:
    """SHA-256 of what is asked and judged."""
    content = "\n".join(q.model_dump_json(exclude=_NOT_JUDGED) for q in queries)
    return hashlib.sha256(content.encode()).hexdigest()


def _short(path: Path, paths: Sequence[Path]) -> str:
    """``telecom/dev.jsonl``, or the whole path if another file is called so, too."""
    folders = [other.resolve() for other in paths]
    own = path.resolve()
    alike = [other for other in folders if other.parts[-2:] == own.parts[-2:]]
    return str(own if len(alike) > 1 else Path(own.parent.name, own.name))
