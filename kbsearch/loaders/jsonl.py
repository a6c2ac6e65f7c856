"""JSONL: one article a line, as a JSON object."""

import json
import re
from collections.abc import Iterator

from kbsearch.errors import Problem
from kbsearch.loaders.draft import Draft, SourceFile, shown
from kbsearch.loaders.files import read_text

_ID = re.compile(r'"id"\s*:\s*"([^"\\]{1,128})"')


def read_jsonl(file: SourceFile) -> Iterator[Draft | Problem]:
    """A draft for each line that holds a JSON object, a problem for each other line.

    Blank lines are skipped. A key that stands twice in an object is an error of its article.
    """
    text = read_text(file)
    if isinstance(text, Problem):
        yield text
        return
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield _read_line(
                file, number, line.lstrip("\ufeff")
            )  # marks stay when files are joined


def _read_line(file: SourceFile, number: int, line: str) -> Draft | Problem:
    """The article of one line, or why there is none."""
    repeated: list[str] = []

    def note_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
        fields: dict[str, object] = {}
        for key, value in pairs:
            if key in fields:
                repeated.append(key)
            fields[key] = value
        return fields

    try:
        fields = json.loads(line, object_pairs_hook=note_repeats)
    except RecursionError:
        return Problem("too_deep", file.name, number)
    except json.JSONDecodeError as error:
        params = {"column": str(error.colno), "reason": error.msg}
        value = line[error.pos : error.pos + 40]
    except ValueError as error:  # a number of more than 4,300 digits
        params, value = {"column": "1", "reason": str(error)}, ""
    else:
        if not isinstance(fields, dict):
            return Problem("json_not_object", file.name, number, value=shown(fields))
        draft = Draft(file, number, fields)
        problems = [
            draft.problem("duplicate_key", key, params={"first": str(number)}) for key in repeated
        ]
        return Draft(file, number, fields, problems=tuple(problems))
    # The id lets a link to this article be told from a link to nowhere.
    found = _ID.search(line)
    return Problem(
        "json_syntax", file.name, number, "", shown(value), params, found[1] if found else ""
    )
