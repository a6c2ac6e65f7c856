"""The content of articles as the index wants it: terms, vectors, words, facets."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from kbsearch.analysis.analyzer import Analyzer
from kbsearch.analysis.filters import normalize
from kbsearch.article import Article
from kbsearch.encoders.protocol import Encoder
from kbsearch.index.article_store import ArticleStore
from kbsearch.index.facet_index import FacetIndex
from kbsearch.index.inverted_index import Postings
from kbsearch.index.local import IndexParts
from kbsearch.index.vector_index import Vectors
from kbsearch.index.word_index import ArticleWords, WordIndex

Progress = Callable[[str, int, int], None]
"""Called with the name of a stage, how much of it is done, and how much there is."""

_ENCODING_BATCH = 1024  # texts between two reports of progress


def index_articles(
    articles: Sequence[Article], analyzer: Analyzer, encoder: Encoder, progress: Progress
) -> IndexParts:
    """The parts of an index of `articles`, which are sorted by id."""
    terms = []
    for number, article in enumerate(articles):
        if number % 100 == 0:
            progress("analyse", number, len(articles))
        terms.append(field_terms(article, analyzer))
    progress("analyse", len(articles), len(articles))
    return IndexParts(
        store=ArticleStore.of(articles),
        postings=Postings.of(terms),
        vectors=_encode(articles, encoder, progress),
        words=WordIndex.of(article_words(articles, encoder)),
        facets=FacetIndex.of(articles),
    )


def field_terms(article: Article, analyzer: Analyzer) -> dict[str, list[str]]:
    """The terms of each searchable field."""
    return {
        name: [term for text in texts for term in analyzer.terms(text)]
        for name, texts in article.field_texts().items()
    }


def vector_texts(article: Article) -> tuple[list[str], bool]:
    """The texts that get a vector, in normal form: title, questions, body; and whether it has one.

    Captions and transcripts belong to the body here.
    """
    fields = article.field_texts()
    questions = [normalize(text) for text in (*fields["title"], *fields["questions"])]
    body = normalize("\n".join([*fields["body"], *fields["captions"]]))
    return ([*questions, body], True) if body.strip() else (questions, False)


def article_words(articles: Sequence[Article], encoder: Encoder) -> list[ArticleWords]:
    """The encoder's words in each article, by where they stand; none if it has no words."""
    if encoder.words is None:
        nothing = np.zeros(0, np.int32)
        return [ArticleWords(nothing, nothing) for _ in articles]
    texts = [text for article in articles for text in _word_texts(article)]
    words: list[NDArray[np.int32]] = []
    for begin in range(0, len(texts), _ENCODING_BATCH):
        words += encoder.words.ids(texts[begin : begin + _ENCODING_BATCH])
    return [ArticleWords(*pair) for pair in zip(words[::2], words[1::2], strict=True)]


def _word_texts(article: Article) -> tuple[str, str]:
    """The texts of `ArticleWords`, in normal form."""
    fields = article.field_texts()
    heading = (*fields["title"], *fields["tags"])
    rest = (*fields["questions"], *fields["body"], *fields["captions"])
    return normalize("\n".join(heading)), normalize("\n".join(rest))


def _encode(articles: Sequence[Article], encoder: Encoder, progress: Progress) -> Vectors:
    """One vector for each title, question and body."""
    texts: list[str] = []
    sizes: list[int] = []
    is_body: list[bool] = []
    for article in articles:
        own, has_body = vector_texts(article)
        texts += own
        sizes.append(len(own))
        is_body += [False] * (len(own) - has_body) + [True] * has_body
    batches = [np.zeros((0, encoder.dim), np.float32)]
    for begin in range(0, len(texts), _ENCODING_BATCH):
        progress("encode", begin, len(texts))
        batches.append(encoder.encode(texts[begin : begin + _ENCODING_BATCH]))
    progress("encode", len(texts), len(texts))
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    return Vectors(np.concatenate(batches), offsets, np.array(is_body, np.bool_))
