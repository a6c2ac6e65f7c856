"""The word index: which words of a static encoder stand where in each article.

For late interaction, which compares the query with an article word by word.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from kbsearch.index.arrays import load_array, save_array
from kbsearch.index.ragged import Ragged


class ArticleWords(NamedTuple):
    """The words of one article, (n,) int32 each, in any order, repetitions included.

    Attributes:
        heading: Those of title, tags, products and category.
        rest: All others.
    """

    heading: NDArray[np.int32]
    rest: NDArray[np.int32]


@dataclass(frozen=True)
class WordIndex:
    """The distinct words of each article.

    Attributes:
        words: Word numbers of each article, ascending; int32. An encoder without words has none.
        in_heading: (words,) bool whether the word stands in the article's heading.
    """

    words: Ragged[np.int32]
    in_heading: NDArray[np.bool_]

    @classmethod
    def of(cls, articles: Sequence[ArticleWords]) -> Self:
        """The index of articles that are given as words."""
        distinct = [np.unique(np.concatenate(article)) for article in articles]
        in_heading = [
            np.isin(words, article.heading)
            for words, article in zip(distinct, articles, strict=True)
        ]
        words = Ragged.of(distinct, np.dtype(np.int32))
        return cls(words, np.concatenate([np.zeros(0, np.bool_), *in_heading]))

    def article(self, row: int) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
        """The words of one article, and which of them stand in its heading."""
        own = slice(int(self.words.offsets[row]), int(self.words.offsets[row + 1]))
        return self.words.values[own], self.in_heading[own]

    def merge(self, kept: NDArray[np.int64], added: Self, places: NDArray[np.int64]) -> Self:
        """These articles with some left out and others added; see `Postings.merge`."""
        words = self.words.merge(kept, added.words, places)
        own, new = (Ragged(index.in_heading, index.words.offsets) for index in (self, added))
        return type(self)(words, own.merge(kept, new, places).values)

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
        save_array(folder / "word_in_heading.npy", self.in_heading)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """What `save` wrote, mapped into memory."""
        values, offsets = load_array(folder / "words.npy"), load_array(folder / "word_offsets.npy")
        return cls(Ragged(values, offsets), load_array(folder / "word_in_heading.npy"))
