"""Ragged arrays: a run of values for each article, one after the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

Scalar = TypeVar("Scalar", bound=np.generic)


@dataclass(frozen=True)
class Ragged(Generic[Scalar]):
    """Values grouped by article.

    Attributes:
        values: (n, …) all values.
        offsets: (articles + 1,) int64; those of row r are ``offsets[r]:offsets[r + 1]``.
    """

    values: NDArray[Scalar]
    offsets: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @classmethod
    def of(cls, runs: Sequence[NDArray[Scalar]], dtype: np.dtype[Any]) -> Self:
        """The runs one after the other."""
        offsets = np.cumsum([0, *map(len, runs)]).astype(np.int64)
        return cls(np.concatenate([np.zeros(0, dtype), *runs]).astype(dtype), offsets)

    def members(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Where the values of some articles stand, run after run, and how many each has."""
        begins = self.offsets[rows]
        counts = self.offsets[rows + 1] - begins
        starts = np.cumsum(counts) - counts
        return np.repeat(begins - starts, counts) + np.arange(int(counts.sum())), counts

    def merge(self, kept: NDArray[np.int64], added: Self, places: NDArray[np.int64]) -> Self:
        """These runs with some left out and others added; see `Postings.merge`."""
        total = int((kept >= 0).sum()) + len(places)
        counts = np.zeros(total, np.int64)
        counts[kept[kept >= 0]] = np.diff(self.offsets)[kept >= 0]
        counts[places] = np.diff(added.offsets)
        offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        values = np.empty((int(offsets[-1]), *added.values.shape[1:]), added.values.dtype)
        for source, rows in ((self, kept), (added, places)):
            owners = np.repeat(np.arange(len(source)), np.diff(source.offsets))
            owner = rows[owners]
            within = np.arange(len(owner)) - source.offsets[owners]
            stays = owner >= 0
            values[offsets[owner[stays]] + within[stays]] = source.values[stays]
        return type(self)(values, offsets)
