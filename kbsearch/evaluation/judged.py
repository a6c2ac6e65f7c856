"""Files of judgments, one JSON object a line: queries, and cases of recommendation."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kbsearch.errors import Problem, QuerySetError


class Judged(BaseModel):
    """What somebody judged.

    Attributes:
        id: Unique in the set.
        industry: Name of the folder that its file lies in: ``telecom`` in ``eval/telecom``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, Field(min_length=1)]
    industry: str = ""


Row = TypeVar("Row", bound=Judged)


def read_judged(paths: Iterable[Path], model: type[Row]) -> dict[Path, list[Row]]:
    """The rows of each file.

    Raises:
        QuerySetError: A file cannot be read, a line is wrong, an id stands twice, or there is
            nothing; names every one.
    """
    rows: dict[Path, list[Row]] = {}
    problems: list[Problem] = []
    listed = list(paths)
    for path in listed:
        for found in _read(path, model):
            if isinstance(found, Problem):
                problems.append(found)
            else:
                rows.setdefault(path, []).append(found)
    ids = Counter(row.id for found_in in rows.values() for row in found_in)
    name = ", ".join(str(path) for path in listed)
    repeated = [each for each, count in ids.items() if count > 1]
    problems += [Problem("query_duplicate", name, field="id", value=each) for each in repeated]
    if not rows and not problems:
        problems.append(Problem("query_set_empty", name))
    if problems:
        raise QuerySetError("query_set_invalid", problems)
    return rows


def _read(path: Path, model: type[Row]) -> Iterator[Row | Problem]:
    """The rows of one file, and a problem for each fault of a line that is none."""
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        yield Problem("query_file_unreadable", str(path), params={"reason": str(error)})
        return
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = model.model_validate_json(line)
        except ValidationError as error:
            for fault in error.errors(include_url=False):
                field = ".".join(str(part) for part in fault["loc"])
                value = "" if isinstance(fault["input"], dict) else str(fault["input"])
                reason = {"reason": fault["msg"]}
                yield Problem("query_wrong", str(path), number, field, value, reason)
            continue
        industry = row.industry or path.resolve().parent.name
        yield row.model_copy(update={"industry": industry})
