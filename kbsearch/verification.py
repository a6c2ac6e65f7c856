"""Verification: is a published snapshot what it claims to be?

Every file is checked against its checksum on opening; here the content is checked too. Articles
are analysed again, which must give the same postings and facets; rank-bm25 scores them for a sample
of queries; and a sample of texts is encoded again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, is_dataclass
from dataclasses import fields as fields_of

import numpy as np

from kbsearch.analysis.analyzer import Analyzer
from kbsearch.article import FIELDS
from kbsearch.encoders.protocol import Encoder
from kbsearch.index.facet_index import FacetIndex
from kbsearch.index.local import LocalIndex
from kbsearch.index.postings import Postings
from kbsearch.index.referee import TOLERANCE, Referee
from kbsearch.index.word_index import WordIndex
from kbsearch.indexer.content import Progress, field_terms, normal_texts, vectors_and_words
from kbsearch.indexer.opening import open_analyzer, open_encoder

_VECTOR_TOLERANCE = 1e-4
_SEED = 0


@dataclass(frozen=True, slots=True)
class Verification:
    """What `verify` found.

    Attributes:
        snapshot_id: The snapshot that was checked.
        files: Number of files whose size and checksum are right.
        queries: Number of queries scored by both sides.
        worst_difference: Greatest difference from rank-bm25 over all queries and articles.
        wrong_queries: Queries whose scores differ by more than `TOLERANCE`.
        vectors: Number of articles encoded again.
        wrong_articles: Articles whose vectors are not those of their texts.
        wrong_parts: Parts of the index that are not what its articles give: terms, facets.
    """

    snapshot_id: str
    files: int
    queries: int
    worst_difference: float
    wrong_queries: tuple[str, ...]
    vectors: int
    wrong_articles: tuple[str, ...]
    wrong_parts: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing was wrong."""
        return not (self.wrong_queries or self.wrong_articles or self.wrong_parts)


def verify(
    index: LocalIndex, *, sample: int = 50, progress: Progress | None = None
) -> Verification:
    """Checks an opened snapshot, whose files opening has checked already.

    Args:
        index: The snapshot.
        sample: How many titles are scored as queries, and how many articles are encoded again.
        progress: Told how far it is.

    Raises:
        ValueError: `sample` is below 1.
        SnapshotIncompatibleError: Analysis has changed since.
        EncoderError: The encoder is another.
    """
    if sample < 1:
        raise ValueError(f"sample must be at least 1, got {sample}")
    count = len(index.store.ids)
    rows = np.random.default_rng(_SEED).permutation(count)[:sample].tolist()
    analyzer, encoder = open_analyzer(index), open_encoder(index)
    fields = _analysed(index, analyzer, progress)
    differences = _bm25_differences(index, analyzer, fields, rows, progress)
    wrong = [row for row in rows if not _vectors_agree(index, encoder, row)]
    return Verification(
        snapshot_id=index.manifest.snapshot_id,
        files=len(index.manifest.files),
        queries=len(differences),
        worst_difference=max(differences.values(), default=0.0),
        wrong_queries=tuple(t for t, d in differences.items() if not d <= TOLERANCE),
        vectors=len(rows),
        wrong_articles=tuple(index.store.ids[row] for row in wrong),
        wrong_parts=tuple(_wrong_parts(index, fields)),
    )


def _analysed(
    index: LocalIndex, analyzer: Analyzer, progress: Progress | None
) -> list[dict[str, list[str]]]:
    """The terms of all articles, analysed again."""
    fields = []
    for number, article in enumerate(index.store.articles()):
        if progress and number % 100 == 0:
            progress("analyse", number, len(index.store.ids))
        fields.append(field_terms(article, analyzer))
    return fields


def _wrong_parts(index: LocalIndex, fields: list[dict[str, list[str]]]) -> Iterator[str]:
    """Names of the parts that are not, to the byte, what the articles give."""
    facets = FacetIndex.of(index.store.articles())
    for name, stored, expected in (
        ("terms", index.inverted.postings(), Postings.of(fields)),
        ("facets", index.facets, facets),
    ):
        if not _equal(stored, expected):
            yield name


def _equal(stored: object, expected: object) -> bool:
    """Whether two dataclasses of arrays hold the same."""
    if is_dataclass(stored):
        names = [field.name for field in fields_of(stored)]
        return all(_equal(getattr(stored, name), getattr(expected, name)) for name in names)
    return np.array_equal(stored, expected)  # type: ignore[arg-type]


def _bm25_differences(
    index: LocalIndex,
    analyzer: Analyzer,
    fields: list[dict[str, list[str]]],
    rows: list[int],
    progress: Progress | None,
) -> dict[str, float]:
    """Query → greatest difference between our scores and rank-bm25's."""
    bm25 = index.manifest.contents.settings.bm25
    searched = [name for name in FIELDS if getattr(bm25.weights, name)]
    if not any(article[name] for article in fields for name in searched):
        return {}  # rank-bm25 divides by the number of terms
    referee = Referee(fields, bm25)
    differences: dict[str, float] = {}
    for number, row in enumerate(rows):
        if progress:
            progress("compare", number + 1, len(rows))
        title = index.store.article(row).title
        terms = analyzer.terms(title)
        ours = np.zeros(len(fields))
        for term in terms:
            ours += index.inverted.scores({term: 1.0})
        differences[title] = float(np.abs(ours - referee.scores(terms)).max())
    return differences


def _vectors_agree(index: LocalIndex, encoder: Encoder, row: int) -> bool:
    """Whether the stored vectors and words of an article are those of its texts."""
    stored, is_body = index.vectors.vectors.article(row)
    article = index.store.article(row)
    vectors, own_words = vectors_and_words(article, encoder)
    if normal_texts(article).is_body != is_body.tolist():
        return False
    if not np.abs(vectors - stored).max() <= _VECTOR_TOLERANCE:  # nor if it is NaN
        return False
    words, in_heading = index.words.article(row)
    expected, expected_in_heading = WordIndex.of([own_words]).article(0)
    return np.array_equal(words, expected) and np.array_equal(in_heading, expected_in_heading)
