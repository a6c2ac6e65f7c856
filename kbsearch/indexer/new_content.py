"""New content: the segments of the next snapshot.

A small knowledge base is written anew as one segment. Of a large one the main segment lies as it
is, and what has changed since goes into a second one, until that is no longer small.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from kbsearch.index.arrays import save_array
from kbsearch.index.local import GONE, LocalIndex
from kbsearch.index.segment import Parts, rows_by_id
from kbsearch.settings import VectorSettings

MAIN, RECENT = "main", "recent"
# A main segment of fewer articles is joined with what is new in less than a second.
_LARGE = 5_000
# Share of the main segment that the second one, with what is gone, may reach.
_MOST_RECENT = 0.1


@dataclass(frozen=True)
class NewContent:
    """What the next snapshot holds.

    Attributes:
        written: The segment that is written.
        kept: Name of the segment that is taken over; None if everything is written.
        gone: Its rows that the snapshot no longer shows.
        counts: Number of articles and vectors, and of terms and postings as they are stored.
    """

    written: Parts
    kept: str | None
    gone: NDArray[np.int64]
    counts: Mapping[str, int]

    @classmethod
    def of(cls, parts: Parts) -> Self:
        """One segment with all articles."""
        counts = {
            "articles": len(parts),
            "vectors": len(parts.vectors.runs.owners),
            "terms": len(parts.postings.terms),
            "postings": len(parts.postings.rows),
        }
        return cls(parts, None, np.zeros(0, np.int64), counts)

    @classmethod
    def changed(cls, index: LocalIndex, gone: NDArray[np.bool_], added: Parts) -> Self:
        """The articles of `index` less those that are `gone`, and those that are new.

        Args:
            index: The published index.
            gone: (articles,) bool, by row of the index.
            added: Indexed as the index was.
        """
        main, *recent = (segment.parts for segment in index.segments.values())
        # Behind them all stands what was gone before, which has row -1.
        left_out = np.append(gone, True)
        lost, *outdated = (np.flatnonzero(left_out[row]) for row in index.rows)
        new = _joined([*recent, added], outdated)
        if len(main) < _LARGE or len(new) + len(lost) > _MOST_RECENT * len(main):
            return cls.of(_joined([main, new], [lost]))
        counts = {
            "articles": len(main) - len(lost) + len(new),
            "vectors": int(main.vectors.runs.counts.sum() - main.vectors.runs.counts[lost].sum())
            + len(new.vectors.runs.owners),
            "terms": len({*main.postings.terms, *new.postings.terms}),
            "postings": len(main.postings.rows) + len(new.postings.rows),
        }
        return cls(new, MAIN, lost, counts)

    @property
    def segments(self) -> tuple[str, ...]:
        """Names of the segments."""
        return (MAIN,) if self.kept is None else (MAIN, RECENT)

    def save(self, folder: Path, settings: VectorSettings) -> None:
        """Writes what is not taken over into the folder of a snapshot."""
        own = folder / self.segments[-1]
        own.mkdir()
        self.written.save(own, settings)
        if self.kept:
            save_array(folder / GONE, self.gone)


def _joined(parts: Sequence[Parts], gone: Sequence[NDArray[np.int64]]) -> Parts:
    """The parts as one, less the rows of the first ones that are `gone`."""
    if len(parts) == 1:
        return parts[0]
    left_out = [set(rows.tolist()) for rows in gone] + [set()] * (len(parts) - len(gone))
    return Parts.joined(parts, rows_by_id([part.store for part in parts], left_out))
