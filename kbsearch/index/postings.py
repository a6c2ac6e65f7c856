"""Postings: which terms stand where, how often, independent of any weight."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from kbsearch.article import FIELDS
from kbsearch.index.arrays import load_array, save_array
from kbsearch.index.runs import Rows, placed

_MOST = 65_535  # of a frequency


@dataclass(frozen=True)
class Postings:
    """What the articles say: enough to score, and to join.

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
        numbers: list[int] = []
        lengths: list[list[int]] = []
        for fields in articles:
            for name in FIELDS:
                numbers += [vocabulary.setdefault(t, len(vocabulary)) for t in fields.get(name, ())]
            lengths.append([len(fields.get(name, ())) for name in FIELDS])
        sizes = np.array(lengths, np.int32).reshape(-1, len(FIELDS))
        order = sorted(vocabulary)
        renumbered = np.zeros(len(vocabulary), np.int64)
        renumbered[[vocabulary[term] for term in order]] = np.arange(len(order))
        # One number for each occurrence, so that equal ones are the same term in the same field.
        places = np.repeat(np.arange(sizes.size), sizes.ravel())
        rows, columns = np.divmod(places, len(FIELDS))
        terms = renumbered[np.array(numbers, np.int64)]
        keys = (terms * len(sizes) + rows) * len(FIELDS) + columns
        keys, counts = np.unique(keys, return_counts=True)
        pairs, columns = np.divmod(keys, len(FIELDS))
        pairs, posting = np.unique(pairs, return_inverse=True)
        frequencies = np.zeros((len(pairs), len(FIELDS)), np.uint16)
        frequencies[posting, columns] = np.minimum(counts, _MOST)
        term_ids, rows = np.divmod(pairs, max(len(sizes), 1))
        return cls(
            terms=tuple(order),
            offsets=_offsets(term_ids, len(order)),
            rows=rows.astype(np.int32),
            frequencies=frequencies,
            lengths=sizes,
        )

    @classmethod
    def joined(cls, parts: Sequence[Self], rows: Sequence[Rows]) -> Self:
        """The postings of several parts, some articles left out, as `of` makes them of the rest."""
        vocabulary: dict[str, int] = {}
        lengths = np.zeros((placed(rows), len(FIELDS)), np.int32)
        terms, articles, frequencies = [], [], []
        for part, row in zip(parts, rows, strict=True):
            numbers = [vocabulary.setdefault(term, len(vocabulary)) for term in part.terms]
            new = row[part.rows]
            stays = new >= 0
            terms.append(np.repeat(np.array(numbers, np.int32), np.diff(part.offsets))[stays])
            articles.append(new[stays].astype(np.int32))
            frequencies.append(part.frequencies[stays])
            lengths[row[row >= 0]] = part.lengths[row >= 0]
        term_ids, new_rows = np.concatenate(terms), np.concatenate(articles)
        names = list(vocabulary)
        used = sorted(np.unique(term_ids).tolist(), key=names.__getitem__)
        renumbered = np.zeros(len(names), np.int32)
        renumbered[used] = np.arange(len(used))
        term_ids = renumbered[term_ids]
        order = np.lexsort((new_rows, term_ids))
        return cls(
            terms=tuple(names[number] for number in used),
            offsets=_offsets(term_ids, len(used)),
            rows=new_rows[order],
            frequencies=np.concatenate(frequencies)[order],
            lengths=lengths,
        )

    def members(self, term: str) -> slice:
        """Where the postings of `term` lie; nowhere for an unknown one."""
        number = bisect_left(self.terms, term)
        if self.terms[number : number + 1] != (term,):
            return slice(0, 0)
        return slice(int(self.offsets[number]), int(self.offsets[number + 1]))

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


def _offsets(term_ids: NDArray[np.signedinteger], terms: int) -> NDArray[np.int64]:
    """Where the postings of each term begin, and where the last end."""
    counts = np.bincount(term_ids, minlength=terms)
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
