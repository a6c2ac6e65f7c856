"""The facet index: which articles carry which value, for filters and counts, and when they hold."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from kbsearch.article import Article
from kbsearch.index.arrays import load_array, save_array

FACETS = (
    "kind",
    "products",
    "tags",
    "category",
    "audience",
    "channels",
    "regions",
    "visibility",
)
# An article that names none of these is meant for all of them.
OPEN_FACETS = frozenset({"audience", "channels", "regions"})
_ANY = ""
_ALWAYS = (0, np.iinfo(np.int32).max)


@dataclass(frozen=True)
class FacetIndex:
    """Facet values of every article.

    Attributes:
        values: (facet, value) pairs, sorted. A category stands once for each prefix of its path;
            the value "" of an open facet means all values.
        offsets: (articles + 1,) int64; values of row r are ``numbers[offsets[r]:offsets[r + 1]]``.
        numbers: int32 places in `values`.
        validity: (articles, 2) int32 first and last day, as proleptic Gregorian ordinals.
    """

    values: tuple[tuple[str, str], ...]
    offsets: NDArray[np.int64]
    numbers: NDArray[np.int32]
    validity: NDArray[np.int32]

    @classmethod
    def of(cls, articles: Iterable[Article]) -> Self:
        """Facets of articles in row order."""
        rows: list[list[tuple[str, str]]] = []
        validity: list[tuple[int, int]] = []
        for article in articles:
            rows.append([(facet, value) for facet in FACETS for value in _values(article, facet)])
            first = article.valid_from.toordinal() if article.valid_from else _ALWAYS[0]
            last = article.valid_until.toordinal() if article.valid_until else _ALWAYS[1]
            validity.append((first, last))
        values = tuple(sorted({pair for row in rows for pair in row}))
        number = {pair: place for place, pair in enumerate(values)}
        sizes = [len(row) for row in rows]
        return cls(
            values,
            np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
            np.array([number[pair] for row in rows for pair in row], np.int32),
            np.array(validity, np.int32).reshape(-1, 2),
        )

    def merge(self, kept: NDArray[np.int64], added: Self, places: NDArray[np.int64]) -> Self:
        """These facets with some articles left out and others added; see `Postings.merge`."""
        total = int((kept >= 0).sum()) + len(places)
        everything = sorted({*self.values, *added.values})
        number = {pair: place for place, pair in enumerate(everything)}
        owners, numbers = [], []
        validity = np.empty((total, 2), np.int32)
        for source, rows in ((self, kept), (added, places)):
            owner = rows[source._owners]
            renumbered = np.array([number[pair] for pair in source.values], np.int32)
            owners.append(owner[owner >= 0])
            numbers.append(renumbered[source.numbers[owner >= 0]])
            validity[rows[rows >= 0]] = source.validity[rows >= 0]
        owner, merged = np.concatenate(owners), np.concatenate(numbers)
        used = np.unique(merged)
        renumbered = np.zeros(len(everything), np.int32)
        renumbered[used] = np.arange(len(used))
        counts = np.bincount(owner, minlength=total)
        return type(self)(
            values=tuple(everything[place] for place in used.tolist()),
            offsets=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            numbers=renumbered[merged[np.argsort(owner, kind="stable")]],
            validity=validity,
        )

    def allowed(self, wanted: Mapping[str, Sequence[str]], day: date) -> NDArray[np.bool_]:
        """(articles,) bool: holds on `day` and has one of the values of every facet in `wanted`."""
        ordinal = day.toordinal()
        allowed: NDArray[np.bool_] = (self.validity[:, 0] <= ordinal) & (
            ordinal <= self.validity[:, 1]
        )
        for facet, values in wanted.items():
            has_one = np.zeros(len(allowed), np.bool_)
            for value in (*values, _ANY) if facet in OPEN_FACETS else values:
                has_one[self._rows_with(facet, value)] = True
            allowed &= has_one
        return allowed

    def counts(self, rows: NDArray[np.int64]) -> dict[str, dict[str, int]]:
        """Facet → value → how many of the articles `rows` have it, most frequent first."""
        begins, ends = self.offsets[rows], self.offsets[rows + 1]
        sizes = ends - begins
        within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        members = self.numbers[np.repeat(begins, sizes) + within]
        count = np.bincount(members, minlength=len(self.values))
        counts: dict[str, dict[str, int]] = {}
        present = np.flatnonzero(count)
        for number in present[np.argsort(-count[present], kind="stable")].tolist():
            facet, value = self.values[number]
            if value != _ANY:
                counts.setdefault(facet, {})[value] = int(count[number])
        return counts

    def known(self, facet: str) -> tuple[str, ...]:
        """All values of one facet, sorted."""
        return tuple(value for name, value in self.values if name == facet and value != _ANY)

    def save(self, folder: Path) -> None:
        """Writes the facets into `folder`."""
        values = json.dumps(self.values, ensure_ascii=False, indent=0)
        (folder / "facets.json").write_text(values, encoding="utf-8")
        save_array(folder / "facet_offsets.npy", self.offsets)
        save_array(folder / "facet_numbers.npy", self.numbers)
        save_array(folder / "validity.npy", self.validity)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The facets that `save` wrote."""
        values = json.loads((folder / "facets.json").read_text(encoding="utf-8"))
        return cls(
            values=tuple((facet, value) for facet, value in values),
            offsets=load_array(folder / "facet_offsets.npy"),
            numbers=load_array(folder / "facet_numbers.npy"),
            validity=load_array(folder / "validity.npy"),
        )

    def _rows_with(self, facet: str, value: str) -> NDArray[np.int64]:
        number = self._places.get((facet, value))
        if number is None:
            return np.zeros(0, np.int64)
        begin, end = np.searchsorted(self._by_value[0], [number, number + 1])
        return self._by_value[1][begin:end]

    @cached_property
    def _places(self) -> dict[tuple[str, str], int]:
        return {pair: place for place, pair in enumerate(self.values)}

    @cached_property
    def _by_value(self) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Value numbers, ascending, and the row that carries each."""
        order = np.argsort(self.numbers, kind="stable")
        return self.numbers[order], self._owners[order]

    @cached_property
    def _owners(self) -> NDArray[np.int64]:
        """(values of all rows,) the row that each number belongs to."""
        return np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))


def _values(article: Article, facet: str) -> list[str]:
    """The values of one facet that an article carries."""
    if facet == "category":
        names = article.category.split("/") if article.category else []
        return ["/".join(names[: depth + 1]) for depth in range(len(names))]
    value = getattr(article, facet)
    values = [str(value)] if isinstance(value, str) else sorted({str(name) for name in value})
    return values or ([_ANY] if facet in OPEN_FACETS else [])
