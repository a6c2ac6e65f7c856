"""Runs: where the values of each article stand in a column."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from kbsearch.index.arrays import Column, load_array, save_array

Rows = NDArray[np.int64]
"""The row that each article of a part gets where parts are joined; -1 leaves it out."""

_BLOCK = 4096  # articles copied at once: a large column never lies in memory twice


@dataclass(frozen=True)
class Runs:
    """Values of row r are ``begins[r] : begins[r] + counts[r]`` of a column.

    Attributes:
        begins: (articles,) int64.
        counts: (articles,) int64.
    """

    begins: NDArray[np.int64]
    counts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.begins)

    @classmethod
    def of(cls, counts: Sequence[int] | NDArray[np.int64]) -> Self:
        """Runs of these lengths, one behind the other."""
        sizes = np.asarray(counts, np.int64)
        return cls(np.cumsum(sizes) - sizes, sizes)

    @classmethod
    def joined(cls, parts: Sequence[Self], sizes: Sequence[int], rows: Sequence[Rows]) -> Self:
        """The runs of several parts in the column that `arrays.joined` makes of their columns.

        Args:
            parts: The runs of each part.
            sizes: How many values its column has.
            rows: Where its articles go.
        """
        total = placed(rows)
        begins, counts = np.zeros(total, np.int64), np.zeros(total, np.int64)
        start = 0
        for part, size, row in zip(parts, sizes, rows, strict=True):
            stays = row >= 0
            begins[row[stays]] = start + part.begins[stays]
            counts[row[stays]] = part.counts[stays]
            start += size
        return cls(begins, counts)

    def at(self, row: int) -> slice:
        """Where the values of one article stand."""
        begin = int(self.begins[row])
        return slice(begin, begin + int(self.counts[row]))

    def members(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Where the values of some articles stand, run after run, and how many each has."""
        counts = self.counts[rows]
        ends = np.cumsum(counts)
        shift = self.begins[rows] - ends + counts
        return np.repeat(shift, counts) + np.arange(ends[-1] if len(ends) else 0), counts

    @cached_property
    def owners(self) -> NDArray[np.int64]:
        """(values,) the row that each value of the articles belongs to, run after run."""
        return np.repeat(np.arange(len(self)), self.counts)

    def save(self, path: Path) -> None:
        """Writes the runs as offsets into a column that `save_column` wrote."""
        save_array(path, np.concatenate([[0], np.cumsum(self.counts)]).astype(np.int64))

    def save_column(self, path: Path, column: Column[Any]) -> None:
        """Writes the values of the articles, run after run."""
        if isinstance(column, np.ndarray) and self._is_contiguous(len(column)):
            save_array(path, column)
            return
        # Written, not mapped: writing to a mapped file on a full disk kills the process.
        header = {
            "descr": np.lib.format.dtype_to_descr(column.dtype),
            "fortran_order": False,
            "shape": (int(self.counts.sum()), *column.shape[1:]),
        }
        with path.open("wb") as file:
            np.lib.format.write_array_header_1_0(file, header)
            for first in range(0, len(self), _BLOCK):
                members, _ = self.members(np.arange(first, min(first + _BLOCK, len(self))))
                if len(members):
                    file.write(np.ascontiguousarray(column[members]).data)

    @classmethod
    def load(cls, path: Path) -> Self:
        """What `save` wrote."""
        offsets = load_array(path)
        return cls(offsets[:-1], np.diff(offsets))

    def _is_contiguous(self, size: int) -> bool:
        begins = np.cumsum(self.counts) - self.counts
        return int(self.counts.sum()) == size and bool((self.begins == begins).all())


def placed(rows: Sequence[Rows]) -> int:
    """How many articles there are where parts are joined."""
    return sum(int((row >= 0).sum()) for row in rows)
