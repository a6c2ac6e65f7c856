"""The plan: what has to be done to get from one set of articles to another."""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from kbsearch.article import Article
from kbsearch.index.article_store import ArticleStore


@dataclass(frozen=True)
class Plan:
    """What has to be done to get from one set of articles to another.

    Attributes:
        gone: (old articles,) bool, which of them are deleted or replaced.
        added: Articles to index, by id.
        changed: How many of the added replace an old one.
        hashes: (articles, 32) uint8 content hashes of all articles that there will be.
    """

    gone: NDArray[np.bool_]
    added: tuple[Article, ...]
    changed: int
    hashes: NDArray[np.uint8]

    @classmethod
    def of(cls, store: ArticleStore, given: Iterable[Article], gone: Collection[str]) -> Self:
        """The plan that puts `given` into the store and takes `gone` out of it."""
        left_out = np.zeros(len(store.ids), np.bool_)
        left_out[[row for name in gone if (row := store.row(name)) is not None]] = True
        added: list[Article] = []
        hashes: list[bytes] = []
        changed = 0
        for article in sorted(given, key=lambda article: article.id):
            row = store.row(article.id)
            own = bytes.fromhex(article.content_hash())
            stays = row is not None and not left_out[row]
            if stays and store.hashes[row].tobytes() == own:
                continue
            added.append(article)
            hashes.append(own)
            if row is not None:
                left_out[row] = True
                changed += 1
        new = np.frombuffer(b"".join(hashes), np.uint8).reshape(-1, 32)
        return cls(
            gone=left_out,
            added=tuple(added),
            changed=changed,
            hashes=np.concatenate([store.hashes[~left_out], new]),
        )

    @property
    def digest(self) -> str:
        """SHA-256 over the content hashes of all articles, whatever their order."""
        ordered = sorted(row.tobytes() for row in self.hashes)
        return hashlib.sha256(b"".join(ordered)).hexdigest()

    def articles(self, store: ArticleStore) -> list[Article]:
        """All articles that there will be, by id, those that stay taken from `store`."""
        staying = [store.article(row) for row in np.flatnonzero(~self.gone).tolist()]
        return sorted([*staying, *self.added], key=lambda article: article.id)
