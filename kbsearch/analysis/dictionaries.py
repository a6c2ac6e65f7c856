"""The four word lists that an editor owns: user dictionary, stop words, synonyms, pins.

They are UTF-8 text files; ``#`` starts a comment line.

- ``user_dict.txt``: one word a line, as for jieba: ``word [frequency [tag]]``. Without a frequency
  a word gets `DEFAULT_FREQUENCY`, enough to beat its parts.
- ``stop_words.txt``: one word a line; replaces the built-in list.
- ``synonyms.txt``: ``手表,腕表`` for words that mean the same, ``掉电 => 耗电,费电`` for one way
  only.
- ``pins.txt``: ``手表 没电 => watch-battery-drain,watch-care`` puts articles first for the queries
  in which all the words stand, ``手表 没电 =/> care-plan`` keeps an article from them;
  ``/开不了?机/ => boot`` does so for those in which a regular expression is found. Both look at the
  query in its normal form (`kbsearch.analysis.filters`).

A snapshot keeps the exact text it was built with.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import NamedTuple, Self

from kbsearch.analysis.filters import normalize
from kbsearch.errors import DictionaryError, Problem

USER_DICT, STOP_WORDS = "user_dict.txt", "stop_words.txt"
SYNONYMS, PINS = "synonyms.txt", "pins.txt"
NAMES = (USER_DICT, STOP_WORDS, SYNONYMS, PINS)
QUERY_SIDE = frozenset({SYNONYMS, PINS})
"""Lists that act on queries alone: a change asks for no article to be analysed again."""
DEFAULT_FREQUENCY = 2000

_PIN = re.compile(
    r"(?:/(?P<regex>.+)/|(?P<words>[^/=>][^=>]*))\s*(?P<arrow>=/?>)\s*(?P<articles>[^=>]+)"
)
_PATIENCE = 0.05  # seconds that one regular expression may take of a search
_ARTICLE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


class PinRule(NamedTuple):
    """What an editor decided for some queries.

    Attributes:
        line: Where it stands, from 1.
        found_in: Whether the rule fits the normal form of a query.
        articles: Ids of the articles, in the editor's order.
        blocks: Whether they are kept out; else they come first.
    """

    line: int
    found_in: Callable[[str], bool]
    articles: tuple[str, ...]
    blocks: bool


def default_stop_words() -> str:
    """Text of the built-in stop-word list."""
    return resources.files("kbsearch").joinpath("analysis", STOP_WORDS).read_text(encoding="utf-8")


@dataclass(frozen=True)
class Dictionaries:
    """The text of the four files, checked, and what it says.

    Args:
        user_dict: Text of ``user_dict.txt``.
        stop_words: Text of ``stop_words.txt``; by default the built-in list.
        synonyms: Text of ``synonyms.txt``.
        pins: Text of ``pins.txt``.

    Raises:
        DictionaryError: A line cannot be read; names every such line.
    """

    user_dict: str = ""
    stop_words: str = field(default_factory=default_stop_words)
    synonyms: str = ""
    pins: str = ""

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
            pins=texts.get(PINS, ""),
        )

    @classmethod
    def of(cls, texts: Mapping[str, str]) -> Self:
        """The dictionaries whose `texts` these are; older snapshots have no pins."""
        return cls(texts[USER_DICT], texts[STOP_WORDS], texts[SYNONYMS], texts.get(PINS, ""))

    @cached_property
    def texts(self) -> Mapping[str, str]:
        """File name to text, as a snapshot stores it."""
        return {
            USER_DICT: self.user_dict,
            STOP_WORDS: self.stop_words,
            SYNONYMS: self.synonyms,
            PINS: self.pins,
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

    @cached_property
    def pin_rules(self) -> tuple[PinRule, ...]:
        """What the editor pinned and blocked, in the order of the file."""
        return pin_rules(self.pins)


def pin_rules(text: str) -> tuple[PinRule, ...]:
    """The rules of a ``pins.txt`` without faults."""
    return tuple(_pin_rule(number, line) for number, line in _lines(text))


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
        if name == PINS:
            try:
                _pin_rule(number, line)
            except (re.error, OverflowError, RecursionError) as error:
                params = {"reason": str(error)}
                yield Problem("pin_pattern", path, number, value=line, params=params)
            except ValueError:
                yield Problem("pin_form", path, number, value=line)


def _is_user_word(line: str) -> bool:
    _, *rest = line.split()
    return len(rest) <= 2 and (not rest or (rest[0].isdecimal() and int(rest[0]) > 0))


def _is_synonym_line(line: str) -> bool:
    left, arrow, right = line.partition("=>")
    if arrow:
        return bool(_split(left) and _split(right)) and "=>" not in right
    return len(_split(left)) > 1


def _pin_rule(number: int, line: str) -> PinRule:
    """The rule of one line; raises ValueError, or what `re` raises for a bad pattern."""
    match = _PIN.fullmatch(line)
    articles = [name.strip() for name in re.split("[,，]", match["articles"])] if match else []
    words = normalize(match["words"] or "").split() if match else []
    if match is None or not (match["regex"] or words):
        raise ValueError(line)
    if not all(_ARTICLE_ID.fullmatch(name) for name in articles):
        raise ValueError(line)
    fits = _pattern_test(match["regex"]) if match["regex"] else _words_test(words)
    return PinRule(number, fits, tuple(articles), match["arrow"] == "=/>")


def _words_test(words: Sequence[str]) -> Callable[[str], bool]:
    """Whether all `words` stand in a text."""
    pattern = re.compile(r"\A" + "".join(f"(?=.*{_whole(word)})" for word in words), re.DOTALL)
    return lambda text: pattern.search(text) is not None


def _pattern_test(source: str) -> Callable[[str], bool]:
    """Whether a regular expression is found in a text, in a bounded time: some would take years."""
    import regex

    try:
        pattern = regex.compile(source, regex.IGNORECASE | regex.DOTALL)
    except regex.error as error:
        raise re.error(str(error)) from error

    def found_in(text: str) -> bool:
        try:
            return pattern.search(text, timeout=_PATIENCE) is not None
        except TimeoutError:
            return False

    return found_in


def _whole(word: str) -> str:
    """Pattern of a word that does not begin or end within another one of letters and digits."""
    begin = "(?<![a-z0-9])" if word[0].isascii() and word[0].isalnum() else ""
    end = "(?![a-z0-9])" if word[-1].isascii() and word[-1].isalnum() else ""
    return begin + re.escape(word) + end
