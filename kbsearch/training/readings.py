"""Writes `kbsearch/analysis/pinyin.txt`: how each common character is read.

::

    python -m kbsearch.training.readings

The readings are those of pypinyin (MIT licence), the commonest of each character of GB 2312, whose
6,763 simplified characters are those that people write; a line is a syllable without its tone and
the characters read so.
"""

from collections import defaultdict
from collections.abc import Iterator
from importlib import resources
from pathlib import Path


def table() -> str:
    """The text of the file."""
    from pypinyin import lazy_pinyin

    characters: dict[str, list[str]] = defaultdict(list)
    for character in _common():
        (syllable,) = lazy_pinyin(character)
        characters[syllable].append(character)
    return "".join(
        f"{syllable} {''.join(characters[syllable])}\n" for syllable in sorted(characters)
    )


def _common() -> Iterator[str]:
    """The characters of GB 2312, in its order."""
    for first in range(0xB0, 0xF8):
        for second in range(0xA1, 0xFF):
            try:
                yield bytes([first, second]).decode("gb2312")
            except UnicodeDecodeError:
                continue  # the standard leaves five places free


if __name__ == "__main__":
    Path(str(resources.files("kbsearch").joinpath("analysis", "pinyin.txt"))).write_text(
        table(), encoding="utf-8"
    )
