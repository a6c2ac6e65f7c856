"""Late interaction: every word of the query looks for its nearest word in the article.

MaxSim of Khattab and Zaharia (2020, *ColBERT*, section 3.3), over the word vectors of a static
encoder and with weights: ``sum of weight × idf × max(0, best cosine)`` over the query's words,
divided by ``sum of weight × idf``. Unlike BM25 it sees that 冷气 is near 空调, and unlike one
vector for a whole text it sees that a rare word of the query is missing. It is computed twice: over
all words of the article, and over those of its heading, which say what it is about.
"""

from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from kbsearch.encoders.protocol import WordVectors
from kbsearch.index.word_index import WordIndex


@dataclass(frozen=True)
class QueryWords:
    """The words of one query.

    Attributes:
        ids: (n,) int32 words that have a vector.
        counts: (n,) float64 how often each stands in the query, times its weight.
        vectors: (n, dim) float32 unit rows.
        table: Where the vectors of the articles' words come from.
    """

    ids: NDArray[np.int32]
    counts: NDArray[np.float64]
    vectors: NDArray[np.float32]
    table: WordVectors

    @classmethod
    def of(cls, ids: NDArray[np.int32], table: WordVectors) -> Self:
        """The words `ids`, repetitions included."""
        distinct, counts = np.unique(ids, return_counts=True)
        weighted = counts.astype(np.float64) * table.weights[distinct]
        known = weighted > 0
        distinct, weighted = distinct[known], weighted[known]
        return cls(distinct, weighted, table.vectors(distinct), table)

    def with_context(self, earlier: Self, share: float) -> Self:
        """These words and, each counting `share` of what it would, those of earlier turns."""
        return type(self)(
            np.concatenate([self.ids, earlier.ids]),
            np.concatenate([self.counts, share * earlier.counts]),
            np.concatenate([self.vectors, earlier.vectors]),
            self.table,
        )


class Coverage(NamedTuple):
    """How well articles cover the query's words: (articles,) float64 each, 0 to 1.

    Attributes:
        words: With all their words.
        heading_words: With those of title, tags, products and category.
    """

    words: NDArray[np.float64]
    heading_words: NDArray[np.float64]


def late_interaction(query: QueryWords, index: WordIndex, rows: NDArray[np.int64]) -> Coverage:
    """How well the articles `rows` cover the query's words."""
    coverage = Coverage(*(np.zeros(len(rows)) for _ in Coverage._fields))
    members, counts = index.runs.members(rows)
    weights = query.counts * index.idf(query.ids)
    if not len(members) or weights.sum() <= 0:
        return coverage
    ids = index.words[members]
    # The same word stands in many candidates: compare each with the query once.
    occurs = np.zeros(int(ids.max()) + 1, np.bool_)
    occurs[ids] = True
    distinct = np.flatnonzero(occurs).astype(np.int32)
    place = np.empty(len(occurs), np.int32)
    place[distinct] = np.arange(len(distinct))
    likeness = query.table.likeness(distinct, query.vectors)
    np.minimum(np.maximum(likeness, 0.0, out=likeness), 1.0, out=likeness)
    cosines = likeness.take(place[ids], axis=1)
    filled = counts > 0
    starts = (np.cumsum(counts) - counts)[filled]
    for scores, some in zip(coverage, (cosines, cosines * index.in_heading[members]), strict=True):
        best = np.maximum.reduceat(some, starts, axis=1)
        # Not `@`: BLAS adds up in an order that hangs on the place, but equal articles must tie.
        scores[filled] = np.einsum("ij,i->j", best, weights) / weights.sum()
    return coverage
