"""Files of judgments, one JSON object a line: queries, and cases of recommendation."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kbsearch.errors import Problem, QuerySetError
from kbsearch.reasons import faults, problem


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
    first: dict[str, str] = {}  # id → where it stands first
    listed = list(paths)
    for path in listed:
        for number, found in _read(path, model):
            if isinstance(found, Problem):
                problems.append(found)
            elif found.id in first:
                where = {"first": first[found.id]}
                repeated = Problem("query_repeated", str(path), number, "id", found.id, where)
                problems.append(repeated)
            else:
                first[found.id] = f"{path}:{number}"
                rows.setdefault(path, []).append(found)
    if not rows and not problems:
        problems.append(Problem("query_set_empty", ", ".join(str(path) for path in listed)))
    if problems:
        raise QuerySetError("query_set_invalid", problems)
    return rows


def _read(path: Path, model: type[Row]) -> Iterator[tuple[int, Row | Problem]]:
    """Line and row of one file, or a problem for each fault of a line that is none."""
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        yield 0, Problem("query_file_unreadable", str(path), params={"reason": str(error)})
        return
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = model.model_validate_json(line)
        except ValidationError as error:
            for fault in faults(error):
                yield number, problem("query_wrong", str(path), number, fault)
            continue
        industry = row.industry or path.resolve().parent.name
        yield number, row.model_copy(update={"industry": industry})
