"""The article store: the articles themselves, by row, and their content hashes."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from kbsearch.article import Article
from kbsearch.index.arrays import Column, joined, load_array, save_array
from kbsearch.index.runs import Rows, Runs, placed

_RECENT = 1024  # articles, a few kilobytes each


@dataclass(frozen=True)
class ArticleStore:
    """Articles in row order, that is by id.

    Attributes:
        ids: Article id of each row, ascending.
        hashes: (articles, 32) uint8 content hash of each row.
        lines: Where the articles stand in `content`.
        content: uint8, the articles as JSON lines, UTF-8.
    """

    ids: tuple[str, ...]
    hashes: NDArray[np.uint8]
    lines: Runs
    content: Column[np.uint8]

    @classmethod
    def of(cls, articles: Iterable[Article]) -> Self:
        """Stores articles that are sorted by id."""
        known = list(articles)
        hashes = _array(bytes.fromhex(article.content_hash()) for article in known)
        lines = [article.model_dump_json().encode() + b"\n" for article in known]
        return cls(
            ids=tuple(article.id for article in known),
            hashes=hashes.reshape(-1, 32),
            lines=Runs.of([len(line) for line in lines]),
            content=_array(lines),
        )

    @classmethod
    def joined(cls, parts: Sequence[Self], rows: Sequence[Rows]) -> Self:
        """The articles of several stores as one; nothing of their content is copied."""
        total = placed(rows)
        ids = [""] * total
        hashes = np.zeros((total, 32), np.uint8)
        for part, row in zip(parts, rows, strict=True):
            for name, place in zip(part.ids, row.tolist(), strict=True):
                if place >= 0:
                    ids[place] = name
            stays = row >= 0
            hashes[row[stays]] = part.hashes[stays]
        sizes = [len(part.content) for part in parts]
        return cls(
            ids=tuple(ids),
            hashes=hashes,
            lines=Runs.joined([part.lines for part in parts], sizes, rows),
            content=joined([part.content for part in parts]),
        )

    def article(self, row: int) -> Article:
        """The article of `row`; those read lately are kept."""
        return self._recent(row)

    def articles(self) -> Iterable[Article]:
        """All articles, in row order."""
        return (self._read(row) for row in range(len(self.ids)))

    def row(self, article_id: str) -> int | None:
        """Row of an article; None if it is not here."""
        place = bisect_left(self.ids, article_id)
        return place if self.ids[place : place + 1] == (article_id,) else None

    def content_hash(self, row: int) -> str:
        """Content hash of the article of `row`, hexadecimal."""
        raw: bytes = self.hashes[row].tobytes()
        return raw.hex()

    @cached_property
    def _recent(self) -> Callable[[int], Article]:
        return lru_cache(maxsize=_RECENT)(self._read)

    def _read(self, row: int) -> Article:
        return Article.model_validate_json(self.content[self.lines.at(row)].tobytes())

    def save(self, folder: Path) -> None:
        """Writes the store into `folder`."""
        with (folder / "articles.jsonl").open("wb") as file:
            for row in range(len(self.ids)):
                file.write(self.content[self.lines.at(row)].tobytes())
        self.lines.save(folder / "article_offsets.npy")
        (folder / "ids.txt").write_text("\n".join(self.ids), encoding="utf-8")
        save_array(folder / "hashes.npy", self.hashes)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The store that `save` wrote, the articles mapped into memory."""
        ids = (folder / "ids.txt").read_text(encoding="utf-8")
        path = folder / "articles.jsonl"
        # An empty file cannot be mapped.
        content = np.memmap(path, np.uint8, "r").view(np.ndarray) if ids else _array([])
        return cls(
            ids=tuple(ids.split("\n")) if ids else (),
            hashes=load_array(folder / "hashes.npy"),
            lines=Runs.load(folder / "article_offsets.npy"),
            content=content,
        )


def _array(pieces: Iterable[bytes]) -> NDArray[np.uint8]:
    return np.frombuffer(b"".join(pieces), np.uint8)
