"""Character filters: the one normal form in which articles and queries meet.

NFKC folds width and compatibility forms, OpenCC turns traditional characters into simplified ones,
letters become lower case, dashes become ``-``; control characters become spaces and invisible ones
vanish.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple, Protocol

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]")
# Lone surrogates cannot be encoded, so they count as control characters.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# Characters that each fold to exactly one (a test holds them to it): most Chinese text.
_ONE_TO_ONE = re.compile("[\t\n\r -~°·×—‘’“”→①-⑨\u3000-\u3029\u3030-\u303f\u3400-\u9fff！-～]+")
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
    starts: Sequence[int]
    ends: Sequence[int]


def normalize(text: str) -> str:
    """The normal form of `text`.

    >>> normalize("我的手錶連不上ＷｉＦｉ")
    '我的手表连不上wifi'
    """
    return _simplify(_fold(text))


def fold_characters(text: str) -> str:
    """`text`, each character folded by itself where that gives one: as long as it was.

    Faster than `normalize`, and every place in it is one in `text`; where characters fold together
    or into several, it is not the normal form.

    >>> fold_characters("手錶ＡＢ")
    '手表ab'
    """
    return text.translate(_folded)


class _Folded(dict[int, str]):
    """Character to what it folds to, found when first asked for."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        folded = normalize(character)
        self[code] = folded if len(folded) == 1 else character
        return self[code]


_folded = _Folded()


def normalize_with_offsets(text: str) -> Normalized:
    """The normal form of `text`, each character with its place in the original.

    Stretches of characters that fold one to one go at once, others cluster by cluster (a character
    and what combines with it). OpenCC's traditional-to-simplified tables keep the number of
    characters.
    """
    if _one_to_one_until(text, 0) == len(text):
        return Normalized(normalize(text), range(len(text)), range(1, len(text) + 1))
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    begin = 0
    while begin < len(text):
        end = _one_to_one_until(text, begin)
        if end > begin:
            pieces.append(_fold(text[begin:end]))
            starts += range(begin, end)
            ends += range(begin + 1, end + 1)
        else:
            end = begin + 1
            while end < len(text) and _joins(text[begin:end], text[end]):
                end += 1
            folded = _fold(text[begin:end])
            pieces.append(folded)
            starts += [begin] * len(folded)
            ends += [end] * len(folded)
        begin = end
    return Normalized(_simplify("".join(pieces)), starts, ends)


def _one_to_one_until(text: str, begin: int) -> int:
    """End of the stretch from `begin` that folds one to one, less a character that has marks."""
    match = _ONE_TO_ONE.match(text, begin)
    end = match.end() if match else begin
    has_mark = begin < end < len(text) and _joins(text[end - 1], text[end])
    return end - 1 if has_mark else end


def _joins(before: str, character: str) -> bool:
    """Whether `character` belongs to what is `before` it: a mark, half a syllable, or invisible."""
    if _ONE_TO_ONE.match(character):
        return False
    alone = _fold(character)
    return (
        not alone
        or unicodedata.combining(alone[0]) > 0
        or _fold(before + character) != _fold(before) + alone
    )


def _fold(text: str) -> str:
    """Width, compatibility forms, case, dashes, control and invisible characters."""
    text = _CONTROL.sub(" ", _INVISIBLE.sub("", text))
    # Where a word ends, lower() gives another sigma; the form of a letter must not hang on that.
    text = unicodedata.normalize("NFKC", text).lower().replace("ς", "σ")
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
