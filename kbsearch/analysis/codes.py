"""Codes, model numbers and English words: kept whole and split.

PPR-9087 must match PPR9087, ppr 9087 and, less strongly, 9087; Wi-Fi 6 must match wifi6. So a code
gives its whole form without connectors, and its parts.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

CODE = re.compile(r"[a-z0-9]+(?:[-_./+&'][a-z0-9]+)*\+?")
_CONNECTORS = re.compile(r"[-_/&']|\.(?!\d)|(?<!\d)\.|\+(?=.)")
_PART = re.compile(r"[a-z]+|\d+(?:\.\d+)*")
_LONGEST_WORD_JOINED_TO_A_NUMBER = 7  # 「windows 11」, but not every English word before a number


class Token(NamedTuple):
    """A term and the place ``[start, end)`` where it stands in the analysed text."""

    term: str
    start: int
    end: int


def code_tokens(text: str) -> Iterator[Token]:
    """The terms of every code in normalised `text`, code by code.

    >>> [token.term for token in code_tokens("ppr-9087 wi-fi 6")]
    ['ppr9087', 'ppr', '9087', 'wifi', 'wi', 'fi', '6', 'wifi6']
    """
    previous: re.Match[str] | None = None
    for match in CODE.finditer(text):
        yield from _whole_and_parts(match)
        if previous and _belong_together(previous, match):
            joined = _whole(previous.group()) + _whole(match.group())
            yield Token(joined, previous.start(), match.end())
        previous = match


def _whole_and_parts(match: re.Match[str]) -> Iterator[Token]:
    """The code without connectors; then parts of two characters and more, if there are several."""
    whole = _whole(match.group())
    yield Token(whole, match.start(), match.end())
    for part in _PART.finditer(match.group()):
        if len(part.group()) > 1 and part.group() != whole:
            start = match.start() + part.start()
            yield Token(part.group(), start, start + len(part.group()))


def _whole(code: str) -> str:
    return _CONNECTORS.sub("", code)


def _belong_together(left: re.Match[str], right: re.Match[str]) -> bool:
    """Whether one blank parts a word from a number, as in 「wi-fi 6」 or 「7 kw」."""
    if right.start() - left.end() != 1 or left.string[left.end()] != " ":
        return False
    a, b = _whole(left.group()), _whole(right.group())
    word, number = (a, b) if b[0].isdigit() else (b, a)
    return (
        word.isalpha()
        and number.replace(".", "").isdigit()
        and len(word) <= _LONGEST_WORD_JOINED_TO_A_NUMBER
    )
