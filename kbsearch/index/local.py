"""The whole index as it lies in one snapshot folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from kbsearch.adaptation import Adaptation
from kbsearch.errors import SnapshotCorruptError
from kbsearch.index.arrays import load_array
from kbsearch.index.article_store import ArticleStore
from kbsearch.index.facet_index import FacetIndex
from kbsearch.index.inverted_index import InvertedIndex
from kbsearch.index.manifest import Manifest
from kbsearch.index.runs import Rows
from kbsearch.index.segment import Segment, rows_by_id
from kbsearch.index.snapshot import SnapshotStore
from kbsearch.index.vector_index import Part, VectorIndex
from kbsearch.index.vectors import Vectors
from kbsearch.index.word_index import WordIndex

GONE = "gone.npy"
"""Rows of the first segment whose articles are deleted, or stand in the second as they are now."""


@dataclass(frozen=True)
class LocalIndex:
    """An opened snapshot: all that search needs of it, shared by any number of threads.

    Its rows are those of all articles by id, wherever they lie.

    Attributes:
        folder: Where it lies.
        manifest: What it is.
        segments: What it is made of, by name.
        rows: Row of each article of each segment; -1 for those that are gone.
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
    segments: Mapping[str, Segment]
    rows: Sequence[Rows]
    store: ArticleStore
    inverted: InvertedIndex
    vectors: VectorIndex
    words: WordIndex
    facets: FacetIndex
    dictionaries: Mapping[str, str]
    adaptation: Adaptation | None = None

    @classmethod
    def open(
        cls,
        snapshots: SnapshotStore,
        snapshot_id: str | None = None,
        *,
        running: Self | None = None,
    ) -> Self:
        """Opens a snapshot, by default the published one, after checking its files.

        Args:
            snapshots: Where to look for it.
            snapshot_id: Which one.
            running: An open index; segments that both have are not read again.

        Raises:
            SnapshotError: There is none, it is damaged, or another version wrote it.
        """
        opened = running.manifest.segment_files() if running else {}
        folder, manifest = snapshots.checked(snapshot_id)
        shared = {
            name: running.segments[other]
            for name, files in manifest.segment_files().items()
            for other, known in opened.items()
            if running and files == known
        }
        try:
            return cls._loaded(folder, manifest, shared)
        except FileNotFoundError as error:
            if snapshot_id is None and snapshots.current_id() != manifest.snapshot_id:
                # Another process has published, and collected this one, since it was checked.
                return cls.open(snapshots, running=running)
            params = {"file": error.filename, "snapshot": manifest.snapshot_id}
            raise SnapshotCorruptError("file_missing", params) from error

    @classmethod
    def _loaded(cls, folder: Path, manifest: Manifest, shared: Mapping[str, Segment]) -> Self:
        contents = manifest.contents
        segments = {
            name: shared.get(name) or Segment.load(folder / name, contents.settings.vectors)
            for name in contents.segments
        }
        for name, segment in segments.items():
            if misfit := segment.parts.misfit():
                params = {"file": folder / name / misfit, "snapshot": manifest.snapshot_id}
                raise SnapshotCorruptError("file_altered", params)
        parts = [segment.parts for segment in segments.values()]
        gone: list[set[int]] = [set() for _ in parts]
        if len(parts) > 1:
            gone[0] = set(load_array(folder / GONE).tolist())
        rows = rows_by_id([part.store for part in parts], gone)
        whole = len(parts) == 1
        vectors = parts[0].vectors if whole else Vectors.joined([p.vectors for p in parts], rows)
        return cls(
            folder=folder,
            manifest=manifest,
            segments=segments,
            rows=rows,
            store=parts[0].store if whole else ArticleStore.joined([p.store for p in parts], rows),
            inverted=InvertedIndex([p.postings for p in parts], rows, contents.settings.bm25),
            vectors=VectorIndex(
                vectors,
                [
                    Part.of(segment.nearest, segment.parts.vectors.runs, row)
                    for segment, row in zip(segments.values(), rows, strict=True)
                ],
            ),
            words=parts[0].words if whole else WordIndex.joined([p.words for p in parts], rows),
            facets=parts[0].facets if whole else FacetIndex.joined([p.facets for p in parts], rows),
            dictionaries={
                name: (folder / name).read_text(encoding="utf-8") for name in contents.dictionaries
            },
            adaptation=Adaptation.load(folder) if contents.encoder.adapted_to else None,
        )
