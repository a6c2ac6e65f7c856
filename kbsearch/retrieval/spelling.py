"""Spelling: words of the query that sound like words of the knowledge base.

Most slips in Chinese are made on a pinyin keyboard: the right syllables, the wrong characters
(「洗衣机不牌水」 for 排水); or the syllables are left as they were typed (「xiyiji」). So a stretch
of characters that is no word, neither of the index nor of the encoder, is read aloud, and if a word
of the index sounds the same and differs in one character, that word is what was meant.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import NamedTuple

from kbsearch.analysis.pinyin import syllables

_SHORTEST, _LONGEST = 2, 4  # characters of a word that may be misspelt
_HAN = re.compile(r"[\u4e00-\u9fff]+")
_LETTERS = re.compile(r"(?<![a-z])[a-z]{4,}(?![a-z])")
# Characters of grammar stand beside any other, so that a stretch with one of them is likelier two
# words than a misspelt one: 「这是」 sounds like 这时, 「那是」 like 那时.
_GRAMMAR = frozenset(
    "的了是不一这那个有说没到在也就要哪什么我你他她它们会可以都还能上下里外对把被让给跟和与吗呢吧啊儿"
    "怎为着过得地之其再很太多少几两三二四五六七八九十看想来去做用人家"
)


class Correction(NamedTuple):
    """What was typed, and the word of the index that it was taken for."""

    typed: str
    term: str


class Speller:
    """Corrects queries by the words of one index.

    Args:
        frequencies: Term of the index to the number of articles that it stands in.
        is_word: Whether a text is a word anyhow; for one that is, nothing else was meant.
    """

    def __init__(
        self, frequencies: Mapping[str, int], is_word: Callable[[str], bool] = lambda _: False
    ) -> None:
        self._frequencies = frequencies
        self._is_word = is_word

    def correct(self, text: str) -> tuple[str, tuple[Correction, ...]]:
        """The normalised `text` with its misspelt words corrected, and what was corrected."""
        found: list[Correction] = []

        def written(match: re.Match[str]) -> str:
            term = self._by_letters.get(match.group())
            if term is None:
                return match.group()
            found.append(Correction(match.group(), term))
            return term

        corrected = _LETTERS.sub(written, text)
        characters = list(corrected)
        for run in _HAN.finditer(corrected):
            for start, correction in self._misspelt(run.group()):
                begin = run.start() + start
                characters[begin : begin + len(correction.term)] = correction.term
                found.append(correction)
        return "".join(characters), tuple(found)

    def _misspelt(self, run: str) -> Iterable[tuple[int, Correction]]:
        """Where in a run of characters a word is misspelt, longer words first."""
        taken = self._known(run)
        for length in range(_LONGEST, _SHORTEST - 1, -1):
            for start in range(len(run) - length + 1):
                typed = run[start : start + length]
                if any(taken[start : start + length]) or not _GRAMMAR.isdisjoint(typed):
                    continue
                term = self._sounding_like(typed)
                if term and not self._is_word(typed):
                    taken[start : start + length] = [True] * length
                    yield start, Correction(typed, term)

    def _known(self, run: str) -> list[bool]:
        """Which characters of `run` belong to a word of the index."""
        known = [False] * len(run)
        for length in range(_SHORTEST, min(self._longest, len(run)) + 1):
            for start in range(len(run) - length + 1):
                if run[start : start + length] in self._frequencies:
                    known[start : start + length] = [True] * length
        return known

    def _sounding_like(self, typed: str) -> str | None:
        """The word of the index that sounds like `typed` and differs in one character."""
        fitting = [
            term
            for term in self._by_sound.get(syllables(typed), ())
            if sum(a != b for a, b in zip(term, typed, strict=True)) == 1
        ]
        return self._commonest(fitting) if fitting else None

    @cached_property
    def _by_sound(self) -> Mapping[tuple[str, ...], list[str]]:
        """Reading to the words of the index that are read so."""
        words: dict[tuple[str, ...], list[str]] = {}
        for term in self._frequencies:
            if _SHORTEST <= len(term) <= _LONGEST and _HAN.fullmatch(term):
                words.setdefault(syllables(term), []).append(term)
        return words

    @cached_property
    def _by_letters(self) -> Mapping[str, str]:
        """Syllables written together to the commonest word of the index that is read so."""
        words: dict[str, list[str]] = {}
        for sound, terms in self._by_sound.items():
            words.setdefault("".join(sound), []).extend(terms)
        return {
            letters: self._commonest(terms)
            for letters, terms in words.items()
            if letters not in self._frequencies  # a word of the index in Latin letters is itself
        }

    @cached_property
    def _longest(self) -> int:
        """Characters of the longest word of the index."""
        return max(map(len, self._frequencies), default=0)

    def _commonest(self, terms: Iterable[str]) -> str:
        """The term that stands in most articles."""
        return max(terms, key=lambda term: (self._frequencies[term], term))
