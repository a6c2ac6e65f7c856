"""The BM25 formula, in two forms of inverse document frequency.

``okapi`` is BM25Okapi of the library rank-bm25 0.2.2, floor included; ``lucene`` is the form of
Lucene's BM25Similarity, which is never zero or below. Both are Robertson and Zaragoza (2009), *The
Probabilistic Relevance Framework: BM25 and Beyond*, equations 3.3 (idf) and 3.15 (saturation).
"""

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Idf = Literal["okapi", "lucene"]
# Share of the mean idf that a term in more than half of the articles gets: rank-bm25's epsilon.
EPSILON = 0.25

Floats = NDArray[np.float64]


def inverse_document_frequency(document_frequency: Floats, count: int, form: Idf) -> Floats:
    """Idf of each term of the vocabulary.

    Args:
        document_frequency: (terms,) number of articles each term stands in, at least 1.
        count: Number of articles.
        form: Which form.
    """
    odds = (count - document_frequency + 0.5) / (document_frequency + 0.5)
    if form == "lucene":
        return np.log1p(odds)
    idf: Floats = np.log(odds)
    floor = EPSILON * idf.mean() if len(idf) else 0.0
    return np.where(idf < 0, floor, idf)


def lucene_idf(document_frequency: int, count: int) -> float:
    """Idf of a single term in Lucene's form; 0 articles give the greatest."""
    return math.log1p((count - document_frequency + 0.5) / (document_frequency + 0.5))


def saturated_frequency(
    frequency: Floats, length: Floats, average_length: float, k1: float, b: float
) -> Floats:
    """Term frequency that grows ever more slowly and counts for less in a longer article.

    Args:
        frequency: (postings,) how often the term stands in the article.
        length: (postings,) number of terms of the article.
        average_length: Mean length of all articles.
        k1: Saturation.
        b: Strength of length normalisation, 0 to 1.
    """
    normalization = k1 * (1 - b + b * length / average_length)
    return frequency * (k1 + 1) / (frequency + normalization)
