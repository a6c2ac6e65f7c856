"""The content of articles as the index wants it: terms, vectors, words, facets."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kbsearch.analysis.analyzer import Analyzer
from kbsearch.analysis.filters import normalize
from kbsearch.article import Article
from kbsearch.encoders.protocol import Encoder
from kbsearch.index.article_store import ArticleStore
from kbsearch.index.facet_index import FacetIndex
from kbsearch.index.postings import Postings
from kbsearch.index.runs import Runs
from kbsearch.index.segment import Parts
from kbsearch.index.vectors import Vectors
from kbsearch.index.word_index import ArticleWords, WordIndex

Progress = Callable[[str, int, int], None]
"""Called with the name of a stage, how much of it is done, and how much there is."""

_BATCH = 128  # articles between two reports of progress
_NO_WORDS = np.zeros(0, np.int32)


def index_articles(
    articles: Sequence[Article], analyzer: Analyzer, encoder: Encoder, progress: Progress
) -> Parts:
    """The parts of an index of `articles`, which are sorted by id."""
    texts: list[NormalTexts] = []
    terms: list[dict[str, list[str]]] = []
    for number, article in enumerate(articles):
        if number % 100 == 0:
            progress("analyse", number, len(articles))
        texts.append(normal_texts(article))
        terms.append(_terms(texts[-1], analyzer))
    progress("analyse", len(articles), len(articles))
    encoded, words = _encode(texts, encoder, progress)
    return Parts(
        store=ArticleStore.of(articles),
        postings=Postings.of(terms),
        vectors=Vectors(
            Runs.of([len(own.encoded) for own in texts]),
            encoded,
            np.array([is_body for own in texts for is_body in own.is_body], np.bool_),
        ),
        words=WordIndex.of(words),
        facets=FacetIndex.of(articles),
    )


class NormalTexts(NamedTuple):
    """The texts of an article in normal form.

    Attributes:
        fields: The texts of each searchable field.
        encoded: Those that get a vector: title, questions, and the body if there is one. Captions
            and transcripts belong to the body here.
        is_body: Whether each of them is the body.
        tags: What stands in the heading beside the title.
    """

    fields: Mapping[str, Sequence[str]]
    encoded: Sequence[str]
    is_body: Sequence[bool]
    tags: str


def normal_texts(article: Article) -> NormalTexts:
    """The texts of an article in normal form."""
    fields = {
        name: [normalize(text) for text in texts] for name, texts in article.field_texts().items()
    }
    questions = [*fields["title"], *fields["questions"]]
    body = " ".join([*fields["body"], *fields["captions"]])
    has_body = bool(body.strip())
    return NormalTexts(
        fields=fields,
        encoded=[*questions, body] if has_body else questions,
        is_body=[False] * len(questions) + [True] * has_body,
        tags=" ".join(fields["tags"]),
    )


def field_terms(article: Article, analyzer: Analyzer) -> dict[str, list[str]]:
    """The terms of each searchable field."""
    return _terms(normal_texts(article), analyzer)


def vectors_and_words(
    article: Article, encoder: Encoder
) -> tuple[NDArray[np.float32], ArticleWords]:
    """(texts, dim) the vectors of an article, and the encoder's words in it."""
    encoded, words = _encode([normal_texts(article)], encoder, lambda *_: None)
    return encoded, words[0]


def _terms(texts: NormalTexts, analyzer: Analyzer) -> dict[str, list[str]]:
    return {
        name: [term for text in own for term in analyzer.normal_terms(text)]
        for name, own in texts.fields.items()
    }


def _encode(
    articles: Sequence[NormalTexts], encoder: Encoder, progress: Progress
) -> tuple[NDArray[np.float32], list[ArticleWords]]:
    """All vectors, and the words of each article; none if the encoder has no words."""
    total = sum(len(article.encoded) for article in articles)
    batches = [np.zeros((0, encoder.dim), np.float32)]
    words: list[ArticleWords] = []
    done = 0
    for begin in range(0, len(articles), _BATCH):
        progress("encode", done, total)
        some = articles[begin : begin + _BATCH]
        texts = [text for article in some for text in article.encoded]
        if encoder.words is None:
            batches.append(encoder.encode(texts))
            words += [ArticleWords(_NO_WORDS, _NO_WORDS)] * len(some)
        else:
            ids = encoder.words.ids([*texts, *(article.tags for article in some)])
            batches.append(encoder.words.encode(ids[: len(texts)]))
            words += _article_words(some, ids)
        done += len(texts)
    progress("encode", total, total)
    return np.concatenate(batches), words


def _article_words(
    articles: Sequence[NormalTexts], ids: Sequence[NDArray[np.int32]]
) -> Iterator[ArticleWords]:
    """The words of articles whose texts have the words `ids`, the tags of all at the end."""
    begin = 0
    for article, tags in zip(articles, ids[-len(articles) :], strict=True):
        title, *rest = ids[begin : begin + len(article.encoded)]
        yield ArticleWords(np.concatenate([title, tags]), np.concatenate([_NO_WORDS, *rest]))
        begin += len(article.encoded)
