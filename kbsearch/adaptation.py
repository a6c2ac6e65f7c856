"""An adaptation: the rows of a static model that one knowledge base has changed."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

_WORDS, _ROWS, _ARTICLES = "adapted_words.npy", "adapted_rows.npy", "adapted_articles.npy"


@dataclass(frozen=True)
class Adaptation:
    """What `kbsearch.learning.adaptation` learned, small enough to lie in every snapshot.

    Attributes:
        words: (n,) int32 numbers of the changed words, ascending.
        rows: (n, dim) float16 their new rows.
        articles: (articles, 32) uint8 content hashes of the articles it learned from, ascending.
    """

    words: NDArray[np.int32]
    rows: NDArray[np.float16]
    articles: NDArray[np.uint8]

    @property
    def digest(self) -> bytes:
        """SHA-256 over words and rows."""
        return hashlib.sha256(self.words.tobytes() + self.rows.tobytes()).digest()

    def share_unknown(self, hashes: NDArray[np.uint8]) -> float:
        """Share of articles that only one side has, it or the given knowledge base: 0 to 1.

        This is the Jaccard distance of the two sets.

        Args:
            hashes: (articles, 32) content hashes of all articles of the knowledge base.
        """
        # 64 of their 256 bits tell millions of articles apart.
        learned, given = (
            np.ascontiguousarray(side[:, :8]).view(np.uint64).ravel()
            for side in (self.articles, hashes)
        )
        union = len(np.union1d(learned, given))
        return len(np.setxor1d(learned, given)) / union if union else 0.0

    def save(self, folder: Path) -> None:
        """Writes it into `folder`."""
        np.save(folder / _WORDS, self.words, allow_pickle=False)
        np.save(folder / _ROWS, self.rows, allow_pickle=False)
        np.save(folder / _ARTICLES, self.articles, allow_pickle=False)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """What `save` wrote."""
        return cls(*(np.load(folder / n, allow_pickle=False) for n in (_WORDS, _ROWS, _ARTICLES)))
