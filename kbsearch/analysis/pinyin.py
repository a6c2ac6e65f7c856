"""Pinyin: how characters are read, without tones.

`pinyin.txt` has the commonest reading of each character of GB 2312 (`kbsearch.training.readings`
writes it); characters with several readings, such as 重, have only one here.
"""

from collections.abc import Mapping
from functools import cache
from importlib import resources


def syllables(text: str) -> tuple[str, ...]:
    """The reading of each character of `text`; a character without one stands for itself.

    >>> syllables("牌水")
    ('pai', 'shui')
    """
    readings = _readings()
    return tuple(readings.get(character, character) for character in text)


@cache
def _readings() -> Mapping[str, str]:
    source = resources.files("kbsearch").joinpath("analysis", "pinyin.txt")
    lines = (line.split() for line in source.read_text(encoding="utf-8").splitlines())
    return {character: syllable for syllable, characters in lines for character in characters}
