"""The referee: rank-bm25 scores the same articles, and must agree with the inverted index.

rank-bm25 is simple enough to be read in a minute and slow enough to be no rival, which makes it a
good judge. It knows only its Okapi form, so an index with Lucene's idf lends it that idf;
frequencies and length normalisation are rank-bm25's own in both cases.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from kbsearch.article import FIELDS
from kbsearch.index.bm25 import inverse_document_frequency
from kbsearch.settings import BM25Settings

TOLERANCE = 1e-4


class Referee:
    """BM25Okapi of rank-bm25 over the given articles.

    Args:
        articles: Field name to terms, for each article in row order; not empty.
        settings: As the index has them.
    """

    def __init__(
        self, articles: Sequence[Mapping[str, Sequence[str]]], settings: BM25Settings
    ) -> None:
        from rank_bm25 import BM25Okapi

        repeated = [
            [
                term
                for name in FIELDS
                for _ in range(getattr(settings.weights, name))
                for term in fields.get(name, ())
            ]
            for fields in articles
        ]
        self._bm25 = BM25Okapi(repeated, k1=settings.k1, b=settings.b)
        if settings.idf == "lucene":
            terms = list(self._bm25.idf)
            frequency = {term: 0 for term in terms}
            for text in repeated:
                for term in set(text):
                    frequency[term] += 1
            counts = np.array([frequency[term] for term in terms], np.float64)
            idf = inverse_document_frequency(counts, len(repeated), "lucene")
            self._bm25.idf = dict(zip(terms, idf.tolist(), strict=True))

    def scores(self, terms: Sequence[str]) -> NDArray[np.float64]:
        """(articles,) score of every article for a query of these terms."""
        # With b = 1 an article without terms is 0 / 0 for rank-bm25; nothing matches it.
        with np.errstate(invalid="ignore"):
            scores: NDArray[np.float64] = self._bm25.get_scores(list(terms))
        return np.nan_to_num(scores)
