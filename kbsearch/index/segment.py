"""A segment: all that is indexed of some articles, in a folder that never changes.

An index is made of one segment, or of a large one and a small one with what has changed since: an
update writes the small one anew and lets the large one lie.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from kbsearch.index.arrays import load_array
from kbsearch.index.article_store import ArticleStore
from kbsearch.index.facet_index import FacetIndex
from kbsearch.index.nearest import CompressedVectors, NearestVectors, is_exact, nearest_vectors
from kbsearch.index.postings import Postings
from kbsearch.index.runs import Rows
from kbsearch.index.vectors import Vectors
from kbsearch.index.word_index import WordIndex
from kbsearch.settings import VectorSettings


@dataclass(frozen=True)
class Parts:
    """What is known of some articles, before any weight: the parts that can be joined."""

    store: ArticleStore
    postings: Postings
    vectors: Vectors
    words: WordIndex
    facets: FacetIndex

    def __len__(self) -> int:
        return len(self.store.ids)

    @classmethod
    def joined(cls, parts: Sequence[Self], rows: Sequence[Rows]) -> Self:
        """The articles of several parts as one, the same as indexing them all together.

        Args:
            parts: At least one.
            rows: Of each part, the row that each of its articles gets; -1 leaves it out.
        """
        return cls(
            store=ArticleStore.joined([p.store for p in parts], rows),
            postings=Postings.joined([p.postings for p in parts], rows),
            vectors=Vectors.joined([p.vectors for p in parts], rows),
            words=WordIndex.joined([p.words for p in parts], rows),
            facets=FacetIndex.joined([p.facets for p in parts], rows),
        )

    def save(self, folder: Path, settings: VectorSettings) -> None:
        """Writes a segment: all parts, and the compressed vectors that `settings` ask for."""
        self.store.save(folder)
        self.postings.save(folder)
        self.vectors.save(folder)
        self.words.save(folder)
        self.facets.save(folder)
        if not is_exact(len(self.vectors.runs.owners), settings):
            CompressedVectors.write(folder, load_array(folder / "vectors.npy"))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The parts that `save` wrote, what is large mapped into memory."""
        return cls(
            store=ArticleStore.load(folder),
            postings=Postings.load(folder),
            vectors=Vectors.load(folder),
            words=WordIndex.load(folder),
            facets=FacetIndex.load(folder),
        )

    def misfit(self) -> str | None:
        """Name of a file that does not speak of the same articles as the others; None if all do."""
        sizes = {
            "article_offsets.npy": len(self.store.lines),
            "hashes.npy": len(self.store.hashes),
            "lengths.npy": len(self.postings.lengths),
            "vector_offsets.npy": len(self.vectors.runs),
            "word_offsets.npy": len(self.words.runs),
            "validity.npy": len(self.facets.validity),
        }
        return next((name for name, size in sizes.items() if size != len(self)), None)


@dataclass(frozen=True)
class Segment:
    """An opened segment, shared by all snapshots that have it.

    Attributes:
        parts: Its articles, those included that a snapshot no longer shows.
        nearest: Searches their vectors.
    """

    parts: Parts
    nearest: NearestVectors

    @classmethod
    def load(cls, folder: Path, settings: VectorSettings) -> Self:
        """The segment that `Parts.save` wrote."""
        parts = Parts.load(folder)
        return cls(parts, nearest_vectors(folder, np.asarray(parts.vectors.matrix), settings))


def rows_by_id(stores: Sequence[ArticleStore], gone: Sequence[set[int]]) -> list[Rows]:
    """The row that each article of some stores gets when all of them are ordered by id.

    Args:
        stores: No id stands in two of them, but for articles that are gone.
        gone: Of each store, the rows to leave out, which get -1.
    """
    names: list[str] = []
    sources: list[int] = []
    begins = np.cumsum([0, *(len(store.ids) for store in stores)]).tolist()
    for store, begin, left_out in zip(stores, begins, gone, strict=False):
        if not left_out:
            names += store.ids
            sources += range(begin, begin + len(store.ids))
            continue
        for row, name in enumerate(store.ids):
            if row not in left_out:
                names.append(name)
                sources.append(begin + row)
    rows = np.full(begins[-1], -1, np.int64)
    # The stores are sorted each, which the sort makes use of.
    order = sorted(range(len(names)), key=names.__getitem__)
    rows[np.array(sources, np.int64)[order]] = np.arange(len(order))
    return np.split(rows, begins[1:-1])
