"""The word index: which words of a static encoder stand where in each article.

For late interaction, which compares the query with an article word by word.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from kbsearch.index.arrays import Column, joined, load_array, save_array
from kbsearch.index.runs import Rows, Runs


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
        runs: Where the words of each article stand.
        words: int32 word numbers, ascending within an article. An encoder without words has none.
        in_heading: bool, whether the word stands in the article's heading.
        frequencies: (words up to the highest number,) int32, how many articles each stands in.
    """

    runs: Runs
    words: Column[np.int32]
    in_heading: Column[np.bool_]
    frequencies: NDArray[np.int32]

    @classmethod
    def of(cls, articles: Sequence[ArticleWords]) -> Self:
        """The index of articles that are given as words."""
        distinct = [np.unique(np.concatenate(article)) for article in articles]
        in_heading = [
            np.isin(words, article.heading)
            for words, article in zip(distinct, articles, strict=True)
        ]
        words = np.concatenate([np.zeros(0, np.int32), *distinct]).astype(np.int32)
        return cls(
            runs=Runs.of([len(own) for own in distinct]),
            words=words,
            in_heading=np.concatenate([np.zeros(0, np.bool_), *in_heading]),
            frequencies=np.bincount(words).astype(np.int32),
        )

    @classmethod
    def joined(cls, parts: Sequence[Self], rows: Sequence[Rows]) -> Self:
        """The words of several parts as one; what is large is not copied."""
        frequencies = np.zeros(max(len(part.frequencies) for part in parts), np.int32)
        for part, row in zip(parts, rows, strict=True):
            frequencies[: len(part.frequencies)] += part.frequencies
            gone, _ = part.runs.members(np.flatnonzero(row < 0))
            np.subtract.at(frequencies, part.words[gone], 1)
        highest = np.flatnonzero(frequencies)
        sizes = [len(part.words) for part in parts]
        return cls(
            runs=Runs.joined([part.runs for part in parts], sizes, rows),
            words=joined([part.words for part in parts]),
            in_heading=joined([part.in_heading for part in parts]),
            frequencies=frequencies[: highest[-1] + 1 if len(highest) else 0],
        )

    def article(self, row: int) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
        """The words of one article, and which of them stand in its heading."""
        own = self.runs.at(row)
        return self.words[own], self.in_heading[own]

    def idf(self, ids: NDArray[np.int32]) -> NDArray[np.float64]:
        """Inverse document frequency of words: ``ln(1 + (N - n + 0.5) / (n + 0.5))``.

        The form of Lucene's BM25, above zero for every word.
        """
        n = np.zeros(len(ids), np.int32)
        known = ids < len(self.frequencies)
        n[known] = self.frequencies[ids[known]]
        weights: NDArray[np.float64] = np.log1p((len(self.runs) - n + 0.5) / (n + 0.5))
        return weights

    def save(self, folder: Path) -> None:
        """Writes it into `folder`."""
        self.runs.save(folder / "word_offsets.npy")
        self.runs.save_column(folder / "words.npy", self.words)
        self.runs.save_column(folder / "word_in_heading.npy", self.in_heading)
        save_array(folder / "word_frequencies.npy", self.frequencies)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """What `save` wrote, mapped into memory."""
        return cls(
            runs=Runs.load(folder / "word_offsets.npy"),
            words=load_array(folder / "words.npy"),
            in_heading=load_array(folder / "word_in_heading.npy"),
            frequencies=load_array(folder / "word_frequencies.npy"),
        )
