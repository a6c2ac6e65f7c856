"""Query sets: what people ask, and which articles answer it."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from kbsearch.errors import Problem, QuerySetError
from kbsearch.retrieval.filters import Filters


def _as_grades(value: object) -> object:
    """A plain list of article ids stands for grade 1 each."""
    return dict.fromkeys(value, 1) if isinstance(value, list | tuple) else value


class JudgedQuery(BaseModel):
    """One query with its judgments.

    Attributes:
        id: Unique in the set.
        text: As the customer or agent put it.
        relevant: Article id to grade; a higher grade is a better answer.
        type: How it is put: colloquial, typo, …; for slices.
        answerable: False if the knowledge base must decline it.
        filters: Conditions to search with.
        context: Earlier turns of the conversation, oldest first.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, Field(min_length=1)]
    text: Annotated[str, Field(min_length=1)]
    relevant: Annotated[Mapping[str, Annotated[int, Field(ge=1)]], BeforeValidator(_as_grades)] = (
        Field(default_factory=dict)
    )
    type: str = ""
    answerable: bool = True
    filters: Mapping[str, object] = Field(default_factory=dict)
    context: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if self.answerable and not self.relevant:
            raise PydanticCustomError("nothing_relevant", "answerable, but no relevant article")
        if not self.answerable and self.relevant:
            raise PydanticCustomError("relevant_but_declined", "not answerable, but has articles")
        try:
            Filters.parse(self.filters)
        except ValueError as error:
            raise PydanticCustomError("query_filter", "{reason}", {"reason": str(error)}) from error
        return self


@dataclass(frozen=True, slots=True)
class QuerySet:
    """Queries with judgments.

    Attributes:
        name: File names, for reports.
        digest: SHA-256 of the queries: same queries, same digest.
        queries: In the order of the files.
    """

    name: str
    digest: str
    queries: tuple[JudgedQuery, ...]

    @classmethod
    def of(cls, name: str, queries: Iterable[JudgedQuery]) -> Self:
        """A set of queries."""
        listed = tuple(queries)
        content = "\n".join(query.model_dump_json() for query in listed)
        return cls(name, hashlib.sha256(content.encode()).hexdigest(), listed)

    @classmethod
    def read(cls, paths: Iterable[str | Path]) -> Self:
        """Reads JSONL files, one query a line.

        Raises:
            QuerySetError: A file cannot be read or is empty, or a line is wrong; names every one.
        """
        queries: list[JudgedQuery] = []
        problems: list[Problem] = []
        listed = [Path(path) for path in paths]
        for path in listed:
            for found in _read(path):
                if isinstance(found, Problem):
                    problems.append(found)
                else:
                    queries.append(found)
        repeated = [name for name, n in Counter(q.id for q in queries).items() if n > 1]
        name = ", ".join(str(path) for path in listed)
        problems += [Problem("query_duplicate", name, field="id", value=each) for each in repeated]
        if not queries and not problems:
            problems.append(Problem("query_set_empty", name))
        if problems:
            raise QuerySetError("query_set_invalid", problems)
        return cls.of(name, queries)

    @property
    def answerable(self) -> tuple[JudgedQuery, ...]:
        """The queries that some article answers."""
        return tuple(query for query in self.queries if query.answerable)

    @property
    def unanswerable(self) -> tuple[JudgedQuery, ...]:
        """The queries that must be declined."""
        return tuple(query for query in self.queries if not query.answerable)


def _read(path: Path) -> Iterator[JudgedQuery | Problem]:
    """The queries of one file, and a problem for each line that is none."""
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        yield Problem("query_file_unreadable", str(path), params={"reason": str(error)})
        return
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield JudgedQuery.model_validate_json(line)
        except ValidationError as error:
            for fault in error.errors(include_url=False):
                field = ".".join(str(part) for part in fault["loc"])
                value = "" if isinstance(fault["input"], dict) else str(fault["input"])
                reason = {"reason": fault["msg"]}
                yield Problem("query_wrong", str(path), number, field, value, reason)
