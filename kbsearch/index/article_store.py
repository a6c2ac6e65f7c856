"""The article store: the articles themselves, by row, and their content hashes."""

import mmap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from kbsearch.article import Article
from kbsearch.index.arrays import load_array, save_array


@dataclass(frozen=True)
class ArticleStore:
    """Articles in row order, that is by id.

    Attributes:
        ids: Article id of each row, ascending.
        hashes: Content hash of each row.
        content: The articles as JSON lines, UTF-8.
        offsets: (articles + 1,) int64; row r is ``content[offsets[r]:offsets[r + 1]]``.
    """

    ids: tuple[str, ...]
    hashes: tuple[str, ...]
    content: bytes | mmap.mmap
    offsets: NDArray[np.int64]

    @classmethod
    def of(cls, articles: Iterable[Article]) -> Self:
        """Stores articles that are sorted by id."""
        return cls._joined(
            (article.id, article.content_hash(), article.model_dump_json().encode() + b"\n")
            for article in articles
        )

    def merge(self, kept: NDArray[np.int64], added: Self, places: NDArray[np.int64]) -> Self:
        """These articles with some left out and others added; see `Postings.merge`."""
        entries: list[tuple[str, str, bytes]] = [("", "", b"")] * (
            int((kept >= 0).sum()) + len(places)
        )
        for source, rows in ((self, kept), (added, places)):
            for row, place in enumerate(rows.tolist()):
                if place >= 0:
                    entries[place] = (source.ids[row], source.hashes[row], source._line(row))
        return self._joined(entries)

    def article(self, row: int) -> Article:
        """The article of `row`."""
        return Article.model_validate_json(self._line(row))

    def articles(self) -> Iterable[Article]:
        """All articles, in row order."""
        return (self.article(row) for row in range(len(self.ids)))

    def row(self, article_id: str) -> int | None:
        """Row of an article; None if it is not here."""
        return self._rows.get(article_id)

    def save(self, folder: Path) -> None:
        """Writes the store into `folder`."""
        (folder / "articles.jsonl").write_bytes(self.content[:])
        save_array(folder / "article_offsets.npy", self.offsets)
        _write_lines(folder / "ids.txt", self.ids)
        _write_lines(folder / "hashes.txt", self.hashes)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The store that `save` wrote, the articles mapped into memory."""
        ids = _read_lines(folder / "ids.txt")
        with (folder / "articles.jsonl").open("rb") as file:
            # An empty file cannot be mapped.
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if ids else b""
        hashes = _read_lines(folder / "hashes.txt")
        return cls(ids, hashes, content, load_array(folder / "article_offsets.npy"))

    @classmethod
    def _joined(cls, entries: Iterable[tuple[str, str, bytes]]) -> Self:
        columns = list(zip(*entries, strict=True)) or [(), (), ()]
        ids, hashes, lines = columns
        sizes = [len(line) for line in lines]
        offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        return cls(tuple(ids), tuple(hashes), b"".join(lines), offsets)

    def _line(self, row: int) -> bytes:
        return self.content[int(self.offsets[row]) : int(self.offsets[row + 1])]

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {article_id: row for row, article_id in enumerate(self.ids)}


def _write_lines(path: Path, lines: Sequence[str]) -> None:
    path.write_text("\n".join(lines), encoding="utf-8")


def _read_lines(path: Path) -> tuple[str, ...]:
    text = path.read_text(encoding="utf-8")
    return tuple(text.split("\n")) if text else ()
