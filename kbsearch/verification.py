"""Verification: is a published snapshot what it claims to be?

Every file is checked against its checksum on opening; here the content is checked too. Articles
are analysed again and scored by rank-bm25 for a sample of queries, and a sample of texts is encoded
again.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from kbsearch.analysis.analyzer import Analyzer
from kbsearch.article import FIELDS
from kbsearch.encoders.protocol import Encoder
from kbsearch.index.local import LocalIndex
from kbsearch.index.referee import TOLERANCE, Referee
from kbsearch.indexer.content import field_terms, vector_texts
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
    """

    snapshot_id: str
    files: int
    queries: int
    worst_difference: float
    wrong_queries: tuple[str, ...]
    vectors: int
    wrong_articles: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing was wrong."""
        return not self.wrong_queries and not self.wrong_articles


def verify(
    index: LocalIndex, *, sample: int = 50, progress: Callable[[str, int, int], None] | None = None
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
    differences = _bm25_differences(index, analyzer, rows, progress)
    wrong = [row for row in rows if not _vectors_agree(index, encoder, row)]
    return Verification(
        snapshot_id=index.manifest.snapshot_id,
        files=len(index.manifest.files),
        queries=len(differences),
        worst_difference=max(differences.values(), default=0.0),
        wrong_queries=tuple(t for t, d in differences.items() if not d <= TOLERANCE),
        vectors=len(rows),
        wrong_articles=tuple(index.store.ids[row] for row in wrong),
    )


def _bm25_differences(
    index: LocalIndex,
    analyzer: Analyzer,
    rows: list[int],
    progress: Callable[[str, int, int], None] | None,
) -> dict[str, float]:
    """Query → greatest difference between our scores and rank-bm25's."""
    fields = []
    for number, article in enumerate(index.store.articles()):
        if progress and number % 100 == 0:
            progress("analyse", number, len(index.store.ids))
        fields.append(field_terms(article, analyzer))
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
    """Whether the stored vectors of an article are those of its texts."""
    vectors = index.vectors.vectors
    begin, end = vectors.offsets[row : row + 2]
    texts, has_body = vector_texts(index.store.article(row))
    stored = vectors.matrix[begin:end]
    if len(texts) != len(stored) or has_body != bool(vectors.is_body[end - 1]):
        return False
    return bool(np.abs(encoder.encode(texts) - stored).max() <= _VECTOR_TOLERANCE)
