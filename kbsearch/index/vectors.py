"""Vectors: one for the title of an article, one for each similar question, one for its body.

A mean over the whole article would blur colloquial questions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from kbsearch.index.arrays import Column, joined, load_array
from kbsearch.index.runs import Rows, Runs

_BLOCK = 4096  # articles whose vectors are read at once


class ArticleVectors(NamedTuple):
    """The vectors of one article.

    Attributes:
        matrix: (vectors, dim) float32: title, questions in their order, then the body if any.
        is_body: (vectors,) bool.
    """

    matrix: NDArray[np.float32]
    is_body: NDArray[np.bool_]


@dataclass(frozen=True)
class Vectors:
    """All vectors, grouped by article.

    Attributes:
        runs: Where the vectors of each article stand.
        matrix: (vectors, dim) float32 unit rows; zero rows for texts without a known word.
        is_body: (vectors,) bool.
    """

    runs: Runs
    matrix: Column[np.float32]
    is_body: Column[np.bool_]

    @classmethod
    def empty(cls, dim: int) -> Self:
        """No articles."""
        return cls(Runs.of([]), np.zeros((0, dim), np.float32), np.zeros(0, np.bool_))

    @classmethod
    def joined(cls, parts: Sequence[Self], rows: Sequence[Rows]) -> Self:
        """The vectors of several parts as one; none is copied."""
        sizes = [len(part.matrix) for part in parts]
        return cls(
            runs=Runs.joined([part.runs for part in parts], sizes, rows),
            matrix=joined([part.matrix for part in parts]),
            is_body=joined([part.is_body for part in parts]),
        )

    def article(self, row: int) -> ArticleVectors:
        """The vectors of one article."""
        own = self.runs.at(row)
        return ArticleVectors(self.matrix[own], self.is_body[own])

    def sums(self) -> NDArray[np.float32]:
        """(articles, dim) sum of the vectors of each article."""
        sums = np.zeros((len(self.runs), self.matrix.shape[1]), np.float32)
        for first in range(0, len(sums), _BLOCK):
            members, counts = self.runs.members(np.arange(first, min(first + _BLOCK, len(sums))))
            starts = np.cumsum(counts) - counts
            sums[first : first + _BLOCK] = np.add.reduceat(self.matrix[members], starts, axis=0)
        return sums

    def save(self, folder: Path) -> None:
        """Writes the vectors into `folder`."""
        self.runs.save(folder / "vector_offsets.npy")
        self.runs.save_column(folder / "vectors.npy", self.matrix)
        self.runs.save_column(folder / "vector_is_body.npy", self.is_body)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Vectors that `save` wrote, mapped into memory."""
        return cls(
            runs=Runs.load(folder / "vector_offsets.npy"),
            matrix=load_array(folder / "vectors.npy"),
            is_body=load_array(folder / "vector_is_body.npy"),
        )
