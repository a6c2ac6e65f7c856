"""The inverted index: for each term, the articles it stands in and how much it counts there.

Fields are weighed as in BM25F (Robertson, Zaragoza and Taylor 2004, *Simple BM25 Extension to
Multiple Weighted Fields*): a term counts ``sum(weight of field × frequency in field)``, an article
is ``sum(weight × length)`` long. With whole weights that is BM25 over texts repeated as often.

What a term counts depends on all articles, on how many there are and how long they are. So it is
worked out when a term is first asked for, from the articles that are there now, and kept.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kbsearch.article import FIELDS
from kbsearch.index.bm25 import inverse_document_frequency, lucene_idf, saturated_frequency
from kbsearch.index.postings import Postings
from kbsearch.index.runs import Rows, placed
from kbsearch.settings import BM25Settings

_ASKED = [FIELDS.index("title"), FIELDS.index("questions")]


class Impacts(NamedTuple):
    """What one term counts.

    Attributes:
        rows: (n,) int64 the articles it stands in, ascending.
        scores: (n,) float32 BM25 score that it gives each of them.
        best: The greatest of the scores; 0 if there is none.
    """

    rows: NDArray[np.int64]
    scores: NDArray[np.float32]
    best: np.float32


class InvertedIndex:
    """Scores articles by the terms they share with a query; any number of threads may use it.

    Args:
        parts: Postings, each of other articles.
        rows: The row of each of their articles; -1 for those that are no longer there.
        settings: How to score.

    Attributes:
        count: Number of articles.
    """

    def __init__(
        self, parts: Sequence[Postings], rows: Sequence[Rows], settings: BM25Settings
    ) -> None:
        self.count = placed(rows)
        self._settings = settings
        self._weights = np.array([getattr(settings.weights, name) for name in FIELDS], np.float64)
        self._parts = [
            (part, None if _is_identity(row, self.count) else row)
            for part, row in zip(parts, rows, strict=True)
        ]
        # Grows to at most twelve bytes for each posting.
        self._known: dict[str, Impacts] = {}

    def scores(self, query: Mapping[str, float]) -> NDArray[np.float64]:
        """(articles,) BM25 score of every article; 0 where no term matches.

        Args:
            query: Term to its weight: how often it stands in the query.
        """
        scores = np.zeros(self.count)
        for term, weight in query.items():
            impacts = self.impacts(term)
            scores[impacts.rows] += weight * impacts.scores
        return scores

    def impacts(self, term: str) -> Impacts:
        """What `term` counts in each article that it stands in."""
        known = self._known.get(term)
        if known is None:
            known = self._new_impacts(term)
            if len(known.rows):  # what stands nowhere is not kept: queries are full of it
                self._known[term] = known
        return known

    def bound(self, query: Mapping[str, float]) -> float:
        """The score of an article that has each term of `query` where it counts most."""
        # Multiplied in float32 and added in float64, as `scores` does: no score may pass the bound.
        return sum(float(weight * self.impacts(term).best) for term, weight in query.items())

    def idf(self, term: str) -> float:
        """How rare `term` is, in Lucene's form; greatest for an unknown one."""
        return lucene_idf(len(self.impacts(term).rows), self.count)

    def frequency(self, term: str) -> int:
        """In how many articles `term` stands."""
        return len(self.impacts(term).rows)

    def asks_with(self, terms: Iterable[str]) -> bool:
        """Whether all `terms` stand in title and similar questions of one article."""
        rows: NDArray[np.integer] | None = None
        for term in terms:
            stands, frequencies = self._occurrences(term)
            found = stands[frequencies[:, _ASKED].any(axis=1)]
            rows = found if rows is None else np.intersect1d(rows, found, assume_unique=True)
        return rows is not None and len(rows) > 0

    def contains(self, term: str, row: int) -> bool:
        """Whether `term` stands in the article of `row`."""
        rows = self.impacts(term).rows
        place = int(np.searchsorted(rows, row))
        return place < len(rows) and int(rows[place]) == row

    @property
    def vocabulary(self) -> "Vocabulary":
        """The terms, each with the number of articles that it stands in."""
        return Vocabulary(self, [part.terms for part, _ in self._parts])

    def postings(self) -> Postings:
        """What stands where, of all articles: stored so, or joined anew."""
        if all(row is None for _, row in self._parts):
            return self._parts[0][0]
        return Postings.joined(*self._live())

    def _new_impacts(self, term: str) -> Impacts:
        rows, frequencies = self._occurrences(term)
        frequency = frequencies @ self._weights
        saturated = saturated_frequency(
            frequency,
            self._lengths[rows],
            self._average_length,
            self._settings.k1,
            self._settings.b,
        )
        # A field of weight 0 is as if it were not there: it counts in no document frequency.
        document_frequency = int(np.count_nonzero(frequency))
        idf = self._idf(document_frequency) if document_frequency else 0.0
        scores = (idf * saturated).astype(np.float32)
        # NumPy would make int64 of other row numbers at each search.
        return Impacts(rows.astype(np.int64), scores, scores.max(initial=np.float32(0)))

    def _occurrences(self, term: str) -> tuple[NDArray[np.integer], NDArray[np.uint16]]:
        """The articles that `term` stands in, ascending, and how often in each field."""
        found: list[tuple[NDArray[Any], NDArray[np.uint16]]] = []
        for part, row in self._parts:
            members = part.members(term)
            rows: NDArray[Any] = part.rows[members]
            frequencies = part.frequencies[members]
            if row is not None:
                placed_rows = row[rows]
                stays = placed_rows >= 0
                rows, frequencies = placed_rows[stays], frequencies[stays]
            found.append((rows, frequencies))
        if len(found) == 1:
            return found[0]
        everywhere = np.concatenate([rows for rows, _ in found])
        order = np.argsort(everywhere)
        return everywhere[order], np.concatenate([frequencies for _, frequencies in found])[order]

    def _idf(self, document_frequency: int) -> float:
        if self._settings.idf == "lucene":
            return lucene_idf(document_frequency, self.count)
        return self._okapi[document_frequency]

    @cached_property
    def _okapi(self) -> Mapping[int, float]:
        """Document frequency to idf in rank-bm25's form, whose floor depends on all terms."""
        postings = self.postings()
        stands = postings.frequencies @ self._weights > 0
        frequencies = np.add.reduceat(
            np.append(stands, False).astype(np.float64), postings.offsets[:-1]
        )
        frequencies = frequencies[frequencies > 0]
        idf = inverse_document_frequency(frequencies, self.count, "okapi")
        return dict(zip(frequencies.astype(int).tolist(), idf.tolist(), strict=True))

    def _live(self) -> tuple[list[Postings], list[Rows]]:
        rows = [np.arange(len(p.lengths)) if row is None else row for p, row in self._parts]
        return [part for part, _ in self._parts], rows

    @cached_property
    def _lengths(self) -> NDArray[np.float64]:
        """(articles,) weighed number of terms."""
        lengths = np.zeros(self.count)
        for part, row in zip(*self._live(), strict=True):
            lengths[row[row >= 0]] = (part.lengths @ self._weights)[row >= 0]
        return lengths

    @cached_property
    def _average_length(self) -> float:
        return float(self._lengths.mean()) if self._lengths.any() else 1.0


class Vocabulary(Mapping[str, int]):
    """Term to the number of articles that it stands in; 0 if all those are gone.

    Args:
        index: Where the terms stand.
        terms: The terms of each of its parts.
    """

    def __init__(self, index: InvertedIndex, terms: Sequence[Collection[str]]) -> None:
        self._index = index
        self._parts = terms

    @cached_property
    def _terms(self) -> frozenset[str]:
        return frozenset().union(*self._parts)

    def __getitem__(self, term: str) -> int:
        if term not in self._terms:
            raise KeyError(term)
        return self._index.frequency(term)

    def __contains__(self, term: object) -> bool:
        return term in self._terms

    def __iter__(self) -> Iterator[str]:
        return iter(self._terms)

    def __len__(self) -> int:
        return len(self._terms)


def _is_identity(rows: Rows, count: int) -> bool:
    return len(rows) == count and bool((rows == np.arange(count)).all())
