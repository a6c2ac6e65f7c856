"""The word index: which words of a static encoder stand in each article, for late interaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from kbsearch.index.arrays import load_array, save_array
from kbsearch.index.ragged import Ragged


@dataclass(frozen=True)
class WordIndex:
    """The distinct words of each article.

    Attributes:
        words: Word numbers of each article, ascending; int32. An encoder without words has none.
    """

    words: Ragged[np.int32]

    @classmethod
    def of(cls, articles: Sequence[NDArray[np.int32]]) -> Self:
        """The index of articles that are given as words, repetitions included."""
        return cls(Ragged.of([np.unique(words) for words in articles], np.dtype(np.int32)))

    def merge(self, kept: NDArray[np.int64], added: Self, places: NDArray[np.int64]) -> Self:
        """These articles with some left out and others added; see `Postings.merge`."""
        return type(self)(self.words.merge(kept, added.words, places))

    @cached_property
    def frequencies(self) -> NDArray[np.int64]:
        """How many articles each word stands in, up to the highest number that occurs."""
        return np.bincount(self.words.values)

    def idf(self, ids: NDArray[np.int32]) -> NDArray[np.float64]:
        """Inverse document frequency of words: ``ln(1 + (N - n + 0.5) / (n + 0.5))``.

        The form of Lucene's BM25, above zero for every word.
        """
        count = len(self.words)
        known = ids < len(self.frequencies)
        n = np.zeros(len(ids), np.int64)
        n[known] = self.frequencies[ids[known]]
        weights: NDArray[np.float64] = np.log1p((count - n + 0.5) / (n + 0.5))
        return weights

    def save(self, folder: Path) -> None:
        """Writes it into `folder`."""
        save_array(folder / "words.npy", self.words.values)
        save_array(folder / "word_offsets.npy", self.words.offsets)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """What `save` wrote, mapped into memory."""
        values, offsets = load_array(folder / "words.npy"), load_array(folder / "word_offsets.npy")
        return cls(Ragged(values, offsets))
