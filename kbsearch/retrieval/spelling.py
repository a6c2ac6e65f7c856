"""Spelling: words of the query that sound like words of the knowledge base.

Most slips in Chinese are made on a pinyin keyboard: the right syllables, the wrong characters
(「洗衣机不牌水」 for 排水); or the syllables are left as they were typed (「xiyiji」). So a stretch
of characters that is no word, neither of the index nor of the encoder, is read aloud, and if a word
of the index sounds the same and differs in one character, that word is what was meant.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import NamedTuple

import numpy as np

from kbsearch.analysis.pinyin import cuts, sound_of, sounds, syllables

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
            term = self._read_as(match.group())
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
        return self._commonest(
            term
            for term in self._by_sound(len(typed), sound_of(syllables(typed)))
            if sum(a != b for a, b in zip(term, typed, strict=True)) == 1
        )

    def _read_as(self, letters: str) -> str | None:
        """The word of the index that is read like the letters, if they are no word themselves."""
        if letters in self._frequencies:
            return None
        return self._commonest(
            term
            for cut in cuts(letters, _LONGEST)
            for term in self._by_sound(len(cut), sound_of(cut))
        )

    def _by_sound(self, length: int, sound: int) -> Iterable[str]:
        """The words of the index of so many characters that are read so."""
        if sound < 0 or length not in self._sounds:
            return ()
        known, terms = self._sounds[length]
        return terms[bisect_left(known, sound) : bisect_right(known, sound)]

    @cached_property
    def _sounds(self) -> Mapping[int, tuple[list[int], list[str]]]:
        """Length of a word to the sounds of such words of the index, ascending, and the words."""
        found = {}
        for length in range(_SHORTEST, _LONGEST + 1):
            terms = [term for term in self._frequencies if len(term) == length]
            read = sounds(terms)
            order = np.argsort(read, kind="stable")
            found[length] = read[order].tolist(), [terms[number] for number in order.tolist()]
        return found

    @cached_property
    def _longest(self) -> int:
        """Characters of the longest word of the index."""
        return max(map(len, self._frequencies), default=0)

    def _commonest(self, terms: Iterable[str]) -> str | None:
        """The term that stands in most articles; None if there is none that stands in any."""
        there = [(frequency, term) for term in terms if (frequency := self._frequencies[term])]
        return max(there)[1] if there else None
