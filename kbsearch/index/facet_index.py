"""The facet index: which articles carry which value, for filters and counts, and when they hold."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from kbsearch.article import Article
from kbsearch.index.arrays import load_array, save_array
from kbsearch.index.runs import Rows, Runs

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
        runs: Where the values of each article stand in `numbers`.
        numbers: int32 places in `values`.
        validity: (articles, 2) int32 first and last day, as proleptic Gregorian ordinals.
    """

    values: tuple[tuple[str, str], ...]
    runs: Runs
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
        return cls(
            values,
            Runs.of([len(row) for row in rows]),
            np.array([number[pair] for row in rows for pair in row], np.int32),
            np.array(validity, np.int32).reshape(-1, 2),
        )

    @classmethod
    def joined(cls, parts: Sequence[Self], rows: Sequence[Rows]) -> Self:
        """The facets of several parts as one."""
        everything = sorted({pair for part in parts for pair in part.values})
        place = {pair: number for number, pair in enumerate(everything)}
        numbers = np.concatenate(
            [np.array([place[pair] for pair in p.values], np.int32)[p.numbers] for p in parts]
        )
        runs = Runs.joined([p.runs for p in parts], [len(p.numbers) for p in parts], rows)
        numbers = numbers[runs.members(np.arange(len(runs)))[0]]
        validity = np.zeros((len(runs), 2), np.int32)
        for part, row in zip(parts, rows, strict=True):
            validity[row[row >= 0]] = part.validity[row >= 0]
        used = np.flatnonzero(np.bincount(numbers, minlength=len(everything)))
        renumbered = np.zeros(len(everything), np.int32)
        renumbered[used] = np.arange(len(used))
        return cls(
            values=tuple(everything[number] for number in used.tolist()),
            runs=Runs.of(runs.counts),
            numbers=renumbered[numbers],
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
        members, _ = self.runs.members(rows)
        count = np.bincount(self.numbers[members], minlength=len(self.values))
        count[self._says_nothing] = 0
        present = np.flatnonzero(count)
        order = present[np.lexsort((-count[present], self._facets[present]))]
        ends = np.searchsorted(self._facets[order], np.arange(len(FACETS)), "right").tolist()
        names = [self.values[number][1] for number in order.tolist()]
        numbers = count[order].tolist()
        return {
            FACETS[facet]: dict(zip(names[begin:end], numbers[begin:end], strict=True))
            for facet, (begin, end) in enumerate(pairwise([0, *ends]))
            if end > begin
        }

    def known(self, facet: str) -> tuple[str, ...]:
        """All values of one facet, sorted."""
        return tuple(value for name, value in self.values if name == facet and value != _ANY)

    def save(self, folder: Path) -> None:
        """Writes the facets into `folder`."""
        values = json.dumps(self.values, ensure_ascii=False, indent=0)
        (folder / "facets.json").write_text(values, encoding="utf-8")
        self.runs.save(folder / "facet_offsets.npy")
        save_array(folder / "facet_numbers.npy", self.numbers)
        save_array(folder / "validity.npy", self.validity)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The facets that `save` wrote."""
        values = json.loads((folder / "facets.json").read_text(encoding="utf-8"))
        return cls(
            values=tuple((facet, value) for facet, value in values),
            runs=Runs.load(folder / "facet_offsets.npy"),
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
    def _facets(self) -> NDArray[np.int64]:
        """(values,) the place in `FACETS` of each value's facet."""
        return np.array([FACETS.index(facet) for facet, _ in self.values], np.int64)

    @cached_property
    def _says_nothing(self) -> NDArray[np.int64]:
        """Which values stand for all values of their facet."""
        return np.array([n for n, (_, value) in enumerate(self.values) if value == _ANY], np.int64)

    @cached_property
    def _places(self) -> dict[tuple[str, str], int]:
        return {pair: place for place, pair in enumerate(self.values)}

    @cached_property
    def _by_value(self) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Value numbers, ascending, and the row that carries each."""
        order = np.argsort(self.numbers, kind="stable")
        return self.numbers[order], self.runs.owners[order]


def _values(article: Article, facet: str) -> list[str]:
    """The values of one facet that an article carries."""
    if facet == "category":
        names = article.category.split("/") if article.category else []
        return ["/".join(names[: depth + 1]) for depth in range(len(names))]
    value = getattr(article, facet)
    values = [str(value)] if isinstance(value, str) else sorted({str(name) for name in value})
    return values or ([_ANY] if facet in OPEN_FACETS else [])
