"""Character filters: the one normal form in which articles and queries meet.

NFKC folds width and compatibility forms, OpenCC turns traditional characters into simplified ones,
letters become lower case, dashes become ``-``; control characters become spaces and invisible ones
vanish.
"""

import re
import unicodedata
from functools import cache
from typing import NamedTuple, Protocol

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]")
# Lone surrogates cannot be encoded, so they count as control characters.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_DASHES = re.compile("[\u2010-\u2015\u2212]")


class _Converter(Protocol):
    def convert(self, text: str) -> str: ...


class Normalized(NamedTuple):
    """Normalised text and where each of its characters came from.

    Attributes:
        text: The normal form.
        starts: For each character of `text`, the start of its source in the original.
        ends: For each character of `text`, the end of its source in the original.
    """

    text: str
    starts: list[int]
    ends: list[int]


def normalize(text: str) -> str:
    """The normal form of `text`.

    >>> normalize("我的手錶連不上ＷｉＦｉ")
    '我的手表连不上wifi'
    """
    return _simplify(_fold(text))


def normalize_with_offsets(text: str) -> Normalized:
    """The normal form of `text`, each character with its place in the original.

    It works cluster by cluster (a character and the marks that combine with it), so it is slower
    than `normalize`; use it where the place matters. OpenCC's traditional-to-simplified tables keep
    the number of characters, so only folding moves them.
    """
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    begin = 0
    while begin < len(text):
        end = begin + 1
        while end < len(text) and unicodedata.combining(text[end]):
            end += 1
        folded = _fold(text[begin:end])
        pieces.append(folded)
        starts += [begin] * len(folded)
        ends += [end] * len(folded)
        begin = end
    return Normalized(_simplify("".join(pieces)), starts, ends)


def _fold(text: str) -> str:
    """Width, compatibility forms, case, dashes, control and invisible characters."""
    text = _CONTROL.sub(" ", _INVISIBLE.sub("", text))
    text = unicodedata.normalize("NFKC", text).lower()
    return _DASHES.sub("-", text)


def _simplify(text: str) -> str:
    """Traditional characters to simplified ones; text without Han characters comes back as is."""
    return text if text.isascii() else _converter().convert(text)


@cache
def _converter() -> _Converter:
    """OpenCC's converter; building it takes a millisecond, importing the package ten."""
    from opencc import OpenCC

    converter: _Converter = OpenCC("t2s")
    return converter
