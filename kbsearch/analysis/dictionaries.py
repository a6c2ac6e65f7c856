"""The three word lists that an editor owns: user dictionary, stop words, synonyms.

They are UTF-8 text files; ``#`` starts a comment line.

- ``user_dict.txt``: one word a line, as for jieba: ``word [frequency [tag]]``. Without a frequency
  a word gets `DEFAULT_FREQUENCY`, enough to beat its parts.
- ``stop_words.txt``: one word a line; replaces the built-in list.
- ``synonyms.txt``: ``手表,腕表`` for words that mean the same, ``掉电 => 耗电,费电`` for one way
  only.

A snapshot keeps the exact text it was built with.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Self

from kbsearch.analysis.filters import normalize
from kbsearch.errors import DictionaryError, Problem

USER_DICT, STOP_WORDS, SYNONYMS = "user_dict.txt", "stop_words.txt", "synonyms.txt"
NAMES = (USER_DICT, STOP_WORDS, SYNONYMS)
DEFAULT_FREQUENCY = 2000


def default_stop_words() -> str:
    """Text of the built-in stop-word list."""
    return resources.files("kbsearch").joinpath("analysis", STOP_WORDS).read_text(encoding="utf-8")


@dataclass(frozen=True)
class Dictionaries:
    """The text of the three files, checked, and what it says.

    Args:
        user_dict: Text of ``user_dict.txt``.
        stop_words: Text of ``stop_words.txt``; by default the built-in list.
        synonyms: Text of ``synonyms.txt``.

    Raises:
        DictionaryError: A line cannot be read; names every such line.
    """

    user_dict: str = ""
    stop_words: str = field(default_factory=default_stop_words)
    synonyms: str = ""

    def __post_init__(self) -> None:
        _raise([p for name, text in self.texts.items() for p in _line_problems(name, text, name)])

    @classmethod
    def read(cls, files: Mapping[str, Sequence[Path]]) -> Self:
        """Reads the files given by name (`NAMES`); several of one name are joined.

        A list that is not given is the built-in one, or empty.

        Raises:
            DictionaryError: A file is missing, not UTF-8, or has a line that cannot be read.
        """
        texts: dict[str, str] = {}
        problems: list[Problem] = []
        for name, paths in files.items():
            for path in paths:
                try:
                    text = path.read_text(encoding="utf-8-sig")
                except (OSError, UnicodeDecodeError) as error:
                    params = {"reason": str(error)}
                    problems.append(Problem("dictionary_unreadable", str(path), params=params))
                    continue
                problems += _line_problems(name, text, str(path))
                texts[name] = f"{texts[name]}\n{text}" if name in texts else text
        _raise(problems)
        return cls(
            user_dict=texts.get(USER_DICT, ""),
            stop_words=texts.get(STOP_WORDS, default_stop_words()),
            synonyms=texts.get(SYNONYMS, ""),
        )

    @classmethod
    def of(cls, texts: Mapping[str, str]) -> Self:
        """The dictionaries whose `texts` these are."""
        return cls(texts[USER_DICT], texts[STOP_WORDS], texts[SYNONYMS])

    @cached_property
    def texts(self) -> Mapping[str, str]:
        """File name to text, as a snapshot stores it."""
        return {
            USER_DICT: self.user_dict,
            STOP_WORDS: self.stop_words,
            SYNONYMS: self.synonyms,
        }

    @cached_property
    def hashes(self) -> Mapping[str, str]:
        """File name to SHA-256 of its text."""
        return {
            name: hashlib.sha256(text.encode()).hexdigest() for name, text in self.texts.items()
        }

    @cached_property
    def user_words(self) -> Mapping[str, int]:
        """Word to frequency."""
        words = {}
        for _, line in _lines(self.user_dict):
            word, *rest = line.split()
            words[normalize(word)] = int(rest[0]) if rest else DEFAULT_FREQUENCY
        return words

    @cached_property
    def stop_set(self) -> frozenset[str]:
        """The stop words, normalised."""
        return frozenset(normalize(line) for _, line in _lines(self.stop_words))

    @cached_property
    def synonym_map(self) -> Mapping[str, tuple[str, ...]]:
        """Word or phrase to what it may also be called, both normalised."""
        others: dict[str, dict[str, None]] = defaultdict(dict)
        for _, line in _lines(self.synonyms):
            left, arrow, right = line.partition("=>")
            sources = _split(left)
            targets = _split(right) if arrow else sources
            for source in sources:
                others[source].update(dict.fromkeys(t for t in targets if t != source))
        return {source: tuple(targets) for source, targets in others.items()}


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """(line number, content) of the lines that say something."""
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if line and not line.startswith("#"):
            yield number, line


def _split(words: str) -> list[str]:
    """Comma-separated words, normalised (which folds the Chinese comma too)."""
    return [word.strip() for word in normalize(words).split(",") if word.strip()]


def _raise(problems: Sequence[Problem]) -> None:
    if problems:
        raise DictionaryError("dictionary_invalid", problems)


def _line_problems(name: str, text: str, path: str) -> Iterator[Problem]:
    """The lines of one file that cannot be read."""
    for number, line in _lines(text):
        if name == USER_DICT and not _is_user_word(line):
            yield Problem("user_word_form", path, number, value=line)
        if name == SYNONYMS and not _is_synonym_line(line):
            yield Problem("synonym_form", path, number, value=line)


def _is_user_word(line: str) -> bool:
    _, *rest = line.split()
    return len(rest) <= 2 and (not rest or (rest[0].isdecimal() and int(rest[0]) > 0))


def _is_synonym_line(line: str) -> bool:
    left, arrow, right = line.partition("=>")
    if arrow:
        return bool(_split(left) and _split(right)) and "=>" not in right
    return len(_split(left)) > 1
