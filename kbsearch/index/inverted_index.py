"""The inverted index: for each term, the articles it stands in and how much it counts there.

Fields are weighed as in BM25F (Robertson, Zaragoza and Taylor 2004, *Simple BM25 Extension to
Multiple Weighted Fields*): a term counts ``sum(weight of field × frequency in field)``, an article
is ``sum(weight × length)`` long. With whole weights that is BM25 over texts repeated as often.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from kbsearch.article import FIELDS
from kbsearch.index.arrays import load_array, save_array
from kbsearch.index.bm25 import inverse_document_frequency, lucene_idf, saturated_frequency
from kbsearch.settings import BM25Settings

_ASKED = [FIELDS.index("title"), FIELDS.index("questions")]


@dataclass(frozen=True)
class Postings:
    """What the articles say, independent of any weight: enough to score, and to merge.

    Attributes:
        terms: The vocabulary, sorted; every term stands in some article.
        offsets: (terms + 1,) int64; postings of term t are ``offsets[t]:offsets[t + 1]``.
        rows: (postings,) int32 article of each posting, ascending within a term.
        frequencies: (postings, fields) uint16 term frequency in each of `FIELDS`.
        lengths: (articles, fields) int32 number of terms in each of `FIELDS`.
    """

    terms: tuple[str, ...]
    offsets: NDArray[np.int64]
    rows: NDArray[np.int32]
    frequencies: NDArray[np.uint16]
    lengths: NDArray[np.int32]

    @classmethod
    def of(cls, articles: Iterable[Mapping[str, Sequence[str]]]) -> Self:
        """Postings of articles in row order, each given as field name to its terms."""
        vocabulary: dict[str, int] = {}
        term_ids: list[int] = []
        rows: list[int] = []
        frequencies: list[list[int]] = []
        lengths: list[list[int]] = []
        for row, fields in enumerate(articles):
            counts: dict[str, list[int]] = {}
            for column, name in enumerate(FIELDS):
                for term, frequency in Counter(fields.get(name, ())).items():
                    counts.setdefault(term, [0] * len(FIELDS))[column] = min(frequency, 65_535)
            for term, frequency_by_field in counts.items():
                term_ids.append(vocabulary.setdefault(term, len(vocabulary)))
                rows.append(row)
                frequencies.append(frequency_by_field)
            lengths.append([len(fields.get(name, ())) for name in FIELDS])
        shape = (-1, len(FIELDS))
        return cls._ordered(
            list(vocabulary),
            np.array(term_ids, np.int64),
            np.array(rows, np.int32),
            np.array(frequencies, np.uint16).reshape(shape),
            np.array(lengths, np.int32).reshape(shape),
        )

    def merge(self, kept: NDArray[np.int64], added: Self, places: NDArray[np.int64]) -> Self:
        """These postings with some articles left out and others added.

        The result is the same, to the byte, as `of` over all the articles.

        Args:
            kept: (articles,) new row of each article of this index; -1 leaves it out.
            added: Postings of the new articles.
            places: (new articles,) row of each of them in the result.
        """
        rows = kept[self.rows]
        stays = rows >= 0
        offset = len(self.terms)
        vocabulary = [*self.terms, *added.terms]
        known = {term: number for number, term in enumerate(self.terms)}
        added_ids = np.array(
            [known.get(term, offset + number) for number, term in enumerate(added.terms)], np.int64
        )
        total = int((kept >= 0).sum()) + len(places)
        lengths = np.zeros((total, len(FIELDS)), np.int32)
        lengths[kept[kept >= 0]] = self.lengths[kept >= 0]
        lengths[places] = added.lengths
        return self._ordered(
            vocabulary,
            np.concatenate([self._term_ids()[stays], added_ids[added._term_ids()]]),
            np.concatenate([rows[stays], places[added.rows]]).astype(np.int32),
            np.concatenate([self.frequencies[stays], added.frequencies]),
            lengths,
        )

    def save(self, folder: Path) -> None:
        """Writes the postings into `folder`."""
        (folder / "terms.txt").write_text("\n".join(self.terms), encoding="utf-8")
        save_array(folder / "term_offsets.npy", self.offsets)
        save_array(folder / "posting_rows.npy", self.rows)
        save_array(folder / "posting_frequencies.npy", self.frequencies)
        save_array(folder / "lengths.npy", self.lengths)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Postings that `save` wrote, the arrays mapped into memory."""
        terms = (folder / "terms.txt").read_text(encoding="utf-8")
        return cls(
            terms=tuple(terms.split("\n")) if terms else (),
            offsets=load_array(folder / "term_offsets.npy"),
            rows=load_array(folder / "posting_rows.npy"),
            frequencies=load_array(folder / "posting_frequencies.npy"),
            lengths=load_array(folder / "lengths.npy"),
        )

    @classmethod
    def _ordered(
        cls,
        vocabulary: list[str],
        term_ids: NDArray[np.int64],
        rows: NDArray[np.int32],
        frequencies: NDArray[np.uint16],
        lengths: NDArray[np.int32],
    ) -> Self:
        """Sorts terms and postings, and drops terms without any."""
        used = np.unique(term_ids)
        ordered = sorted(used.tolist(), key=vocabulary.__getitem__)
        renumbered = np.zeros(len(vocabulary), np.int64)
        renumbered[ordered] = np.arange(len(ordered))
        term_ids = renumbered[term_ids]
        order = np.lexsort((rows, term_ids))
        counts = np.bincount(term_ids, minlength=len(ordered))
        return cls(
            terms=tuple(vocabulary[number] for number in ordered),
            offsets=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            rows=rows[order],
            frequencies=frequencies[order],
            lengths=lengths,
        )

    def _term_ids(self) -> NDArray[np.int64]:
        """(postings,) the term of each posting."""
        return np.repeat(np.arange(len(self.terms)), np.diff(self.offsets))


@dataclass(frozen=True)
class InvertedIndex:
    """Postings with each posting's share of the score worked out beforehand.

    Attributes:
        postings: What stands where.
        impacts: (postings,) float32 BM25 score that the term gives the article.
    """

    postings: Postings
    impacts: NDArray[np.float32]

    @classmethod
    def of(cls, postings: Postings, settings: BM25Settings) -> Self:
        """Works out the impacts from the present articles: count, frequencies, average length."""
        weights = np.array([getattr(settings.weights, name) for name in FIELDS], np.float64)
        frequency = postings.frequencies @ weights
        lengths = postings.lengths @ weights
        # A field of weight 0 is as if it were not there: its terms count in no document frequency.
        document_frequency = np.add.reduceat(
            np.append(frequency > 0, False).astype(np.float64), postings.offsets[:-1]
        )
        indexed = document_frequency > 0
        idf = np.zeros(len(postings.terms))
        idf[indexed] = inverse_document_frequency(
            document_frequency[indexed], len(lengths), settings.idf
        )
        saturated = saturated_frequency(
            frequency,
            lengths[postings.rows],
            float(lengths.mean()) if lengths.any() else 1.0,
            settings.k1,
            settings.b,
        )
        impacts = np.repeat(idf, np.diff(postings.offsets)) * saturated
        return cls(postings, impacts.astype(np.float32))

    def save(self, folder: Path) -> None:
        """Writes postings and impacts into `folder`."""
        self.postings.save(folder)
        save_array(folder / "impacts.npy", self.impacts)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The index that `save` wrote."""
        return cls(Postings.load(folder), load_array(folder / "impacts.npy"))

    @property
    def count(self) -> int:
        """Number of articles."""
        return len(self.postings.lengths)

    def scores(self, query: Mapping[str, float]) -> NDArray[np.float64]:
        """(articles,) BM25 score of every article; 0 where no term matches.

        Args:
            query: Term to its weight: how often it stands in the query.
        """
        scores = np.zeros(self.count)
        for term, weight in query.items():
            members = self._members(term)
            scores[self.postings.rows[members]] += weight * self.impacts[members]
        return scores

    def bound(self, query: Mapping[str, float]) -> float:
        """The score of an article that has each term of `query` where it counts most."""
        best = (self.impacts[self._members(term)].max(initial=0.0) for term in query)
        # Multiplied in float32 and added in float64, as `scores` does: no score may pass the bound.
        return sum(float(w * b) for w, b in zip(query.values(), best, strict=True))

    def idf(self, term: str) -> float:
        """How rare `term` is, in Lucene's form; greatest for an unknown one."""
        members = self._members(term)
        return lucene_idf(members.stop - members.start, self.count)

    def asks_with(self, terms: Iterable[str]) -> bool:
        """Whether all `terms` stand in title and similar questions of one article."""
        rows: NDArray[np.int32] | None = None
        for term in terms:
            members = self._members(term)
            asked = self.postings.frequencies[members][:, _ASKED].any(axis=1)
            found = self.postings.rows[members][asked]
            rows = found if rows is None else np.intersect1d(rows, found, assume_unique=True)
        return rows is not None and len(rows) > 0

    def contains(self, term: str, row: int) -> bool:
        """Whether `term` stands in the article of `row`."""
        rows = self.postings.rows[self._members(term)]
        place = int(np.searchsorted(rows, row))
        return place < len(rows) and int(rows[place]) == row

    def _members(self, term: str) -> slice:
        """Where the postings of `term` lie; nowhere for an unknown one."""
        number = self._numbers.get(term)
        if number is None:
            return slice(0, 0)
        return slice(int(self.postings.offsets[number]), int(self.postings.offsets[number + 1]))

    @cached_property
    def _numbers(self) -> Mapping[str, int]:
        return {term: number for number, term in enumerate(self.postings.terms)}
