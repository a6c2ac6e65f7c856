"""Pinyin: how characters are read, without tones.

`pinyin.txt` has the commonest reading of each character of GB 2312 (`kbsearch.training.readings`
writes it); characters with several readings, such as 重, have only one here.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

_BITS = 9  # of a syllable's number; there are 400
_CHARACTERS = 0x10000  # none beyond has a reading here


def syllables(text: str) -> tuple[str, ...]:
    """The reading of each character of `text`; a character without one stands for itself.

    >>> syllables("牌水")
    ('pai', 'shui')
    """
    readings = _readings()
    return tuple(readings.get(character, character) for character in text)


def sounds(words: Sequence[str]) -> NDArray[np.int64]:
    """(words,) a number for each of some words of one length: equal if they are read the same.

    A word with a character that has no reading gets -1.

    >>> one, same, without = sounds(["牌水", "排水", "ab"]).tolist()
    >>> one == same != without == -1
    True
    """
    if not words:
        return np.zeros(0, np.int64)
    codes = np.frombuffer("".join(words).encode("utf-32-le"), np.uint32).reshape(len(words), -1)
    numbers = _numbers()[np.minimum(codes, _CHARACTERS - 1)]
    sound = np.zeros(len(words), np.int64)
    for column in numbers.T:
        sound = (sound << _BITS) | column
    return np.where((numbers > 0).all(axis=1), sound, -1)


def cuts(letters: str, most: int) -> Iterator[tuple[str, ...]]:
    """Every way to cut Latin letters into at most so many syllables.

    >>> sorted(cuts("xian", 2))
    [('xi', 'an'), ('xia', 'n'), ('xian',)]
    """
    if not letters:
        yield ()
    elif most:
        for end in range(1, min(len(letters), _longest()) + 1):
            if letters[:end] in _syllables():
                for rest in cuts(letters[end:], most - 1):
                    yield (letters[:end], *rest)


def sound_of(syllables: Iterable[str]) -> int:
    """The number that `sounds` gives words that are read so; -1 if one is no syllable."""
    sound, numbers = 0, _syllables()
    for syllable in syllables:
        number = numbers.get(syllable)
        if number is None:
            return -1
        sound = (sound << _BITS) | number
    return sound


@cache
def _lines() -> Sequence[tuple[str, str]]:
    """Each syllable with the characters that are read so."""
    source = resources.files("kbsearch").joinpath("analysis", "pinyin.txt")
    lines = (line.split() for line in source.read_text(encoding="utf-8").splitlines())
    return [(syllable, characters) for syllable, characters in lines]


@cache
def _syllables() -> Mapping[str, int]:
    """Syllable to its number, from 1."""
    return {syllable: number for number, (syllable, _) in enumerate(_lines(), start=1)}


@cache
def _longest() -> int:
    return max(map(len, _syllables()))


@cache
def _numbers() -> NDArray[np.int64]:
    """(characters,) the number of the syllable that a character is read as; 0 without one."""
    numbers = np.zeros(_CHARACTERS, np.int64)
    for syllable, characters in _lines():
        numbers[[ord(character) for character in characters]] = _syllables()[syllable]
    return numbers


@cache
def _readings() -> Mapping[str, str]:
    return {character: syllable for syllable, characters in _lines() for character in characters}
