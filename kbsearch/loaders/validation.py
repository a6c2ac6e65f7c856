"""Drafts to articles: everything that can be told wrong from one article alone."""

import difflib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic import BaseModel, ValidationError

from kbsearch.article import (
    Article,
    Attachment,
    AttachmentType,
    Audience,
    Kind,
    Link,
    Relation,
    Status,
    Visibility,
)
from kbsearch.errors import Problem, Severity
from kbsearch.loaders.characters import CONTROL, LONE_SURROGATE, code_point, without_controls
from kbsearch.loaders.draft import Draft, root_of

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

DATE_FIELDS = ("valid_from", "valid_until", "review_due", "updated_at")

_ENUMS: Mapping[str, type[StrEnum]] = {
    "kind": Kind,
    "audience": Audience,
    "visibility": Visibility,
    "status": Status,
    "rel": Relation,
    "type": AttachmentType,
}
_FIELDS_OF: Mapping[str, type[BaseModel]] = {"attachments": Attachment, "links": Link}
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?([T ][\d:.,+Z-]+)?")
_ABSENCES = frozenset({"missing_field", "empty_body"})
_MAX_DEPTH = 3  # fields, list, mapping: nothing in an article lies deeper

# Problem code for each type of error that pydantic finds; see _code for the three that depend on
# the field.
_CODES = {
    "missing": "missing_field",
    "extra_forbidden": "unknown_field",
    "enum": "bad_enum",
    "string_type": "not_text",
    "tuple_type": "not_list",
    "string_too_short": "empty_text",
    "int_type": "bad_version",
    "int_parsing": "bad_version",
    "int_parsing_size": "bad_version",
    "int_from_float": "bad_version",
    "finite_number": "bad_version",
    "greater_than_equal": "bad_version",
}


def validate(draft: Draft) -> tuple[Article | None, tuple[Problem, ...]]:
    """The article of `draft`, or None if it has errors, and all its problems, warnings included.

    Dates may be written 2026-03-01, 2026/3/1, 2026.3.1 or 2026年3月1日; a time of day after them is
    dropped. A field that is None counts as not given. Control characters are taken out of the
    article, with a warning.
    """
    problems = list(draft.problems)
    fields = _without_bad_characters(draft, problems)
    draft = replace(draft, fields=fields)
    _read_dates(draft, fields, problems)
    if isinstance(fields.get("version"), bool):  # pydantic would take true for 1
        problems.append(draft.problem("bad_version", "version", value=fields.pop("version")))
    article = None
    try:
        article = Article.model_validate(fields)
    except ValidationError as error:
        details = error.errors(include_url=False)
        problems += [found for detail in details if (found := _problem_of(draft, detail))]
    problems += _cross_field_problems(draft)
    problems += _missing_files(draft)
    problems += _warnings(draft)
    # A cell that gives no value has been reported; that its field is missing then is no news.
    unread = {problem.field for problem in draft.problems}
    problems = [p for p in problems if p.code not in _ABSENCES or p.field not in unread]
    if any(problem.severity is Severity.ERROR for problem in problems):
        article = None
    return article, tuple(problems)


def mappings(draft: Draft, name: str) -> Iterator[tuple[int, Mapping[str, object]]]:
    """Place and content of each mapping in the list `name`: ``links`` or ``attachments``."""
    value = draft.fields.get(name)
    if isinstance(value, list | tuple):
        yield from ((i, entry) for i, entry in enumerate(value) if isinstance(entry, dict))


def suggestion(word: str, known: Iterable[str]) -> str:
    """The one of `known` that `word` is most like, or "" if it is like none.

    >>> suggestion("Categroy", ["category", "tags"])
    'category'
    """
    return next(iter(difflib.get_close_matches(word[:64].lower(), list(known), n=1)), "")


def _without_bad_characters(draft: Draft, problems: list[Problem]) -> dict[str, object]:
    """The fields that are given, with text that prints and can be written; else to `problems`."""

    def cleaned(value: object, name: str, depth: int) -> object:
        if isinstance(value, str):
            return _clean_text(draft, value, name, problems)
        if depth == _MAX_DEPTH:
            return value
        if isinstance(value, list):
            return [cleaned(entry, f"{name}[{i}]", depth + 1) for i, entry in enumerate(value)]
        if isinstance(value, dict):
            given = {_escaped(key): entry for key, entry in value.items() if entry is not None}
            return {
                key: cleaned(entry, f"{name}.{key}".lstrip("."), depth + 1)
                for key, entry in given.items()
            }
        return value

    fields = cleaned(dict(draft.fields), "", 0)
    return fields if isinstance(fields, dict) else {}


def _clean_text(draft: Draft, text: str, name: str, problems: list[Problem]) -> str:
    """`text` without control characters and lone surrogates, which are reported."""
    if found := LONE_SURROGATE.search(text):
        problems.append(draft.problem("broken_character", name, value=code_point(found[0])))
        text = LONE_SURROGATE.sub("\ufffd", text)
    if found := CONTROL.search(text):
        value = code_point(found[0])
        problems.append(
            draft.problem("control_character", name, value=value, severity=Severity.WARNING)
        )
        text = without_controls(text)
    return text


def _escaped(key: str) -> str:
    """A key that can be printed and handed to pydantic, whatever stands in it."""
    return key.encode("utf-8", "backslashreplace").decode()


def _read_dates(draft: Draft, fields: dict[str, object], problems: list[Problem]) -> None:
    """Replace what the date fields hold by dates; what is none goes to `problems`."""
    for name in DATE_FIELDS:
        if name in fields:
            value = fields.pop(name)
            day = _date_of(value)
            if day is None:
                problems.append(draft.problem("bad_date", name, value=value))
            else:
                fields[name] = day


def _date_of(value: object) -> date | None:
    """The day that a date or text gives, or None if it gives none."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    found = _DATE.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:  # the 30th of February
        return None


def _problem_of(draft: Draft, detail: "ErrorDetails") -> Problem | None:
    """One error of pydantic as a problem; None for those that `_cross_field_problems` finds."""
    kind, loc = detail["type"], detail["loc"]
    if kind in {"date_order", "attachment_location"}:
        return None
    name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc)
    name = name.lstrip(".")
    leaf = next((part for part in reversed(loc) if isinstance(part, str)), "")
    value = "" if kind == "missing" else detail["input"]
    code = _code(kind, name, leaf)
    params: dict[str, str] = {}
    if code == "unknown_field":
        model = _FIELDS_OF.get(root_of(name), Article) if len(loc) > 1 else Article
        if like := suggestion(leaf, model.model_fields):
            code, params = "misspelt_field", {"suggestion": like}
        else:
            params = {"allowed": ", ".join(model.model_fields)}
    elif code == "bad_enum":
        params = {"allowed": ", ".join(_ENUMS[leaf])}
    elif code == "invalid_value":
        params = {"reason": detail["msg"]}
    return draft.problem(code, name, value=value, params=params)


def _code(kind: str, name: str, leaf: str) -> str:
    """The problem code for a type of pydantic error at field `name`."""
    if kind == "string_pattern_mismatch":
        return "bad_category" if leaf == "category" else "bad_id"
    if kind == "model_type":
        return "link_form" if leaf == "links" else "attachment_form"
    if kind == "string_too_short" and name == "title":
        return "empty_title"
    return _CODES.get(kind, "invalid_value")


def _cross_field_problems(draft: Draft) -> Iterator[Problem]:
    """What pydantic looks at only when all else is right, so that one run reports everything."""
    begin, end = draft.fields.get("valid_from"), draft.fields.get("valid_until")
    if isinstance(begin, date) and isinstance(end, date) and end < begin:
        params = {"valid_from": str(begin), "valid_until": str(end)}
        yield draft.problem("date_order", "valid_until", value=end, params=params)
    for i, attachment in mappings(draft, "attachments"):
        if bool(_stripped(attachment.get("path"))) == bool(_stripped(attachment.get("url"))):
            yield draft.problem("attachment_location", f"attachments[{i}]")


def _missing_files(draft: Draft) -> Iterator[Problem]:
    """Attachments whose path leads to no file beside the article's file."""
    for i, attachment in mappings(draft, "attachments"):
        path = _stripped(attachment.get("path"))
        if not isinstance(path, str) or not path:
            continue
        name = f"attachments[{i}].path"
        if os.path.isabs(path) or re.match(r"[A-Za-z]:|\\", path):
            yield draft.problem("attachment_not_relative", name, value=path)
        elif not os.path.isfile(os.path.join(draft.file.path.parent, path)):
            yield draft.problem("attachment_missing", name, value=path)


def _warnings(draft: Draft) -> Iterator[Problem]:
    """What does no harm but is hardly meant: a question twice, no body."""
    questions = draft.fields.get("questions")
    wordings = {"title": draft.fields.get("title")}
    if isinstance(questions, list):
        wordings |= {f"questions[{i}]": text for i, text in enumerate(questions)}
    first: dict[str, str] = {}
    for name, text in wordings.items():
        key = str(_stripped(text)).casefold() if isinstance(text, str) else ""
        if key in first:
            params = {"first": draft.name_of(first[key])}
            yield draft.problem(
                "duplicate_question", name, value=text, params=params, severity=Severity.WARNING
            )
        elif key:
            first[key] = name
    if not _stripped(draft.fields.get("body", "")):
        yield draft.problem("empty_body", "body", severity=Severity.WARNING)


def _stripped(value: object) -> object:
    """Text without blanks around it; anything else as it is."""
    return value.strip() if isinstance(value, str) else value
