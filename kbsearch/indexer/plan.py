"""The plan: what has to be done to get from one set of articles to another."""

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
        kept: (old articles,) int64 new row of each; -1 drops it.
        added: Articles to index, by id.
        places: (added,) int64 their new rows.
        changed: How many of the added replace an old one.
        hashes: Content hashes of all articles that there will be.
    """

    kept: NDArray[np.int64]
    added: tuple[Article, ...]
    places: NDArray[np.int64]
    changed: int
    hashes: set[str]

    @classmethod
    def of(cls, store: ArticleStore, given: Iterable[Article], gone: Collection[str]) -> Self:
        """The plan that puts `given` into the store and takes `gone` out of it."""
        old = dict(zip(store.ids, store.hashes, strict=True))
        new = [a for a in given if a.id in gone or old.get(a.id) != a.content_hash()]
        added = tuple(sorted(new, key=lambda article: article.id))
        replaced = {article.id for article in added}
        stays = [name for name in store.ids if name not in replaced and name not in gone]
        row = {name: number for number, name in enumerate(sorted([*stays, *replaced]))}
        staying = set(stays)
        return cls(
            kept=np.array([row[n] if n in staying else -1 for n in store.ids], np.int64),
            added=added,
            places=np.array([row[article.id] for article in added], np.int64),
            changed=len(replaced & set(old)),
            hashes={old[name] for name in staying} | {a.content_hash() for a in added},
        )

    def articles(self, store: ArticleStore) -> list[Article]:
        """All articles that there will be, by id, those that stay taken from `store`."""
        staying = [store.article(row) for row in np.flatnonzero(self.kept >= 0).tolist()]
        return sorted([*staying, *self.added], key=lambda article: article.id)
