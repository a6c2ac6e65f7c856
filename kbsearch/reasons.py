"""Reasons: why pydantic refused a value, in the reader's language."""

from collections.abc import Mapping

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from kbsearch.errors import KBSearchError, Problem
from kbsearch.messages import Phrase, catalogue


def faults(error: ValidationError) -> list[ErrorDetails]:
    """All that is wrong."""
    return error.errors(include_url=False)


def first_reason(error: ValidationError) -> str:
    """``field: reason`` of the first fault, or the reason alone if the whole is at fault."""
    fault = faults(error)[0]
    field = _field(fault)
    return (
        Phrase("reason.at", {"field": field, "reason": reason(fault)}) if field else reason(fault)
    )


def problem(code: str, path: str, line: int | None, fault: ErrorDetails) -> Problem:
    """A fault as the problem `code` of a file, with field, value and reason."""
    value = "" if isinstance(fault["input"], Mapping) else str(fault["input"])
    return Problem(code, path, line, _field(fault), value, {"reason": reason(fault)})


def reason(fault: ErrorDetails) -> str:
    """What is wrong; in pydantic's own words if it has no text under ``reason.`` in `locales/`."""
    key = f"reason.{fault['type']}"
    if key not in catalogue("en"):
        return fault["msg"]
    return Phrase(key, {name: _told(value) for name, value in _context(fault)})


def _field(fault: ErrorDetails) -> str:
    return ".".join(str(part) for part in fault["loc"])


def _context(fault: ErrorDetails) -> list[tuple[str, object]]:
    """The values that pydantic mentions, ``'a', 'b' or 'c'`` as a plain list."""
    return [
        (name, str(value).replace(" or ", ", ") if name == "expected" else value)
        for name, value in fault.get("ctx", {}).items()
    ]


def _told(value: object) -> object:
    """An error of ours as the phrase that it is."""
    if isinstance(value, KBSearchError):
        return Phrase(f"error.{value.key}", value.params)
    return value
