"""The tokens and vectors of a corpus as kbsearch makes them; every peer indexes these."""

import sys
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from kbsearch.analysis.analyzer import Analyzer
from kbsearch.analysis.filters import normalize
from kbsearch.article import Article
from kbsearch.encoders.protocol import Encoder, unit_rows
from kbsearch.indexer.opening import open_analyzer
from kbsearch.knowledge_base import KnowledgeBase

_BATCH = 4096  # texts encoded at a time


class Reader(NamedTuple):
    """Reads a text as kbsearch reads it: analyzer and encoder of a knowledge base."""

    analyzer: Analyzer
    encoder: Encoder

    @classmethod
    def of(cls, knowledge_base: KnowledgeBase) -> Self:
        """The reader of an opened knowledge base, with an analyzer of its own: no shared cache."""
        searcher = knowledge_base.searcher
        return cls(open_analyzer(searcher.index), searcher.encoder)

    def read(self, text: str) -> tuple[list[str], NDArray[np.float32]]:
        """The tokens and the (dim,) vector of a query."""
        return self.analyzer.terms(text), self.encoder.encode([normalize(text)])[0]


class Rows(NamedTuple):
    """What an engine with one vector a row indexes.

    Attributes:
        owners: (rows,) article of each row.
        tokens: Of each row.
        vectors: (rows, dim) float32, unit rows.
    """

    owners: NDArray[np.int64]
    tokens: Sequence[Sequence[str]]
    vectors: NDArray[np.float32]


class Documents(NamedTuple):
    """All articles.

    Attributes:
        ids: Of the articles.
        tokens: Of each article, all fields.
        texts: A row for each title, question and body.
    """

    ids: list[str]
    tokens: list[list[str]]
    texts: Rows

    @classmethod
    def of(cls, articles: Iterable[Article], reader: Reader) -> Self:
        """Reads the articles."""
        ids, together, tokens, texts, owners = [], [], [], [], []
        for number, article in enumerate(articles):
            fields = article.field_texts()
            body = "\n".join([*fields["body"], *fields["captions"]])
            own = [*fields["title"], *fields["questions"], *([body] if body.strip() else [])]
            terms = [[sys.intern(term) for term in reader.analyzer.terms(text)] for text in own]
            tags = [term for text in fields["tags"] for term in reader.analyzer.terms(text)]
            ids.append(article.id)
            together.append([term for part in (*terms, tags) for term in part])
            tokens += terms
            texts += [normalize(text) for text in own]
            owners += [number] * len(own)
        batches = [
            reader.encoder.encode(texts[begin : begin + _BATCH])
            for begin in range(0, len(texts), _BATCH)
        ]
        rows = Rows(np.array(owners, np.int64), tokens, np.concatenate(batches))
        return cls(ids, together, rows)

    @property
    def articles(self) -> Rows:
        """A row for each article: its tokens, and the mean of its texts' vectors."""
        starts = np.searchsorted(self.texts.owners, np.arange(len(self.ids)))
        means = unit_rows(np.add.reduceat(self.texts.vectors, starts))
        return Rows(np.arange(len(self.ids)), self.tokens, means)
