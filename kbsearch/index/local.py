"""The whole index as it lies in one snapshot folder."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from kbsearch.adaptation import Adaptation
from kbsearch.errors import SnapshotCorruptError
from kbsearch.index.article_store import ArticleStore
from kbsearch.index.facet_index import FacetIndex
from kbsearch.index.inverted_index import InvertedIndex, Postings
from kbsearch.index.snapshot import Manifest, SnapshotStore
from kbsearch.index.vector_index import VectorIndex, Vectors
from kbsearch.index.word_index import WordIndex
from kbsearch.settings import Settings


@dataclass(frozen=True)
class IndexParts:
    """What is known of every article, before any weight: the parts that can be merged."""

    store: ArticleStore
    postings: Postings
    vectors: Vectors
    words: WordIndex
    facets: FacetIndex

    def merge(self, kept: NDArray[np.int64], added: Self, places: NDArray[np.int64]) -> Self:
        """These articles with some left out and others added; the same as indexing all anew.

        Args:
            kept: (articles,) new row of each article of this index; -1 leaves it out.
            added: The new articles.
            places: (new articles,) row of each of them in the result.
        """
        return type(self)(
            store=self.store.merge(kept, added.store, places),
            postings=self.postings.merge(kept, added.postings, places),
            vectors=self.vectors.merge(kept, added.vectors, places),
            words=self.words.merge(kept, added.words, places),
            facets=self.facets.merge(kept, added.facets, places),
        )

    def save(self, folder: Path, settings: Settings) -> None:
        """Writes all parts, with the impacts and the graph that `settings` ask for."""
        self.store.save(folder)
        InvertedIndex.of(self.postings, settings.bm25).save(folder)
        VectorIndex(self.vectors, settings.vectors).save(folder)
        self.words.save(folder)
        self.facets.save(folder)


@dataclass(frozen=True)
class LocalIndex:
    """An opened snapshot: all that search needs of it, shared by any number of threads.

    Attributes:
        folder: Where it lies.
        manifest: What it is.
        store: Its articles.
        inverted: Its terms.
        vectors: Its vectors.
        words: The words that its encoder finds in them.
        facets: Its filters.
        dictionaries: File name to text of the word lists it was built with.
        adaptation: What its encoder learned from its articles; None if nothing.
    """

    folder: Path
    manifest: Manifest
    store: ArticleStore
    inverted: InvertedIndex
    vectors: VectorIndex
    words: WordIndex
    facets: FacetIndex
    dictionaries: Mapping[str, str]
    adaptation: Adaptation | None = None

    @classmethod
    def open(cls, snapshots: SnapshotStore, snapshot_id: str | None = None) -> Self:
        """Opens a snapshot, by default the published one, after checking every file.

        Raises:
            SnapshotError: There is none, it is damaged, or another version wrote it.
        """
        folder, manifest = snapshots.checked(snapshot_id)
        try:
            index = cls(
                folder=folder,
                manifest=manifest,
                store=ArticleStore.load(folder),
                inverted=InvertedIndex.load(folder),
                vectors=VectorIndex.load(folder, manifest.contents.settings.vectors),
                words=WordIndex.load(folder),
                facets=FacetIndex.load(folder),
                dictionaries={
                    name: (folder / name).read_text(encoding="utf-8")
                    for name in manifest.contents.dictionaries
                },
                adaptation=Adaptation.load(folder)
                if manifest.contents.encoder.adapted_to
                else None,
            )
        except FileNotFoundError as error:
            if snapshot_id is None and snapshots.current_id() != manifest.snapshot_id:
                # Another process has published, and collected this one, since it was checked.
                return cls.open(snapshots)
            params = {"file": error.filename, "snapshot": manifest.snapshot_id}
            raise SnapshotCorruptError("file_missing", params) from error
        index.check_sizes()
        return index

    @property
    def parts(self) -> IndexParts:
        """The mergeable parts."""
        return IndexParts(
            self.store, self.inverted.postings, self.vectors.vectors, self.words, self.facets
        )

    def check_sizes(self) -> None:
        """Raises SnapshotCorruptError if the parts do not speak of the same articles."""
        count = len(self.store.ids)
        sizes = {
            "article_offsets.npy": len(self.store.offsets) - 1,
            "lengths.npy": self.inverted.count,
            "vector_offsets.npy": len(self.vectors.vectors.offsets) - 1,
            "word_offsets.npy": len(self.words.words),
            "validity.npy": len(self.facets.validity),
        }
        for name, size in sizes.items():
            if size != count:
                params = {"file": self.folder / name, "snapshot": self.manifest.snapshot_id}
                raise SnapshotCorruptError("file_altered", params)
