"""Confidence: how probable it is that an article answers the query.

A logistic model over a few features of the ranking, apart from the score that orders it: fused
scores cannot be thresholded, since what is a good score depends on the query. The weights lie in
`confidence.json` with the data they were fitted on; `kbsearch.training.calibration`
fits them anew.
"""

import json
import math
from collections.abc import Mapping
from functools import cache
from importlib import resources

from kbsearch.index.local import LocalIndex
from kbsearch.retrieval.candidates import Candidates
from kbsearch.retrieval.query import Query

FEATURES = ("semantic", "coverage", "margin")


def features(
    index: LocalIndex, query: Query, candidates: Candidates, place: int
) -> dict[str, float]:
    """What is known of the candidate at `place` (from 0), as numbers; names in `FEATURES`.

    - ``semantic``: normalised score of the dense leg.
    - ``coverage``: share of the query's idf that stands in the article.
    - ``margin``: fused score less that of the best other candidate.
    """
    scores = candidates.scores
    others = scores[1] if place == 0 and len(scores) > 1 else (scores[0] if place else 0.0)
    return {
        "semantic": float(candidates.semantic[place]),
        "coverage": coverage(index, query, int(candidates.rows[place])),
        "margin": float(scores[place] - others),
    }


def coverage(index: LocalIndex, query: Query, row: int) -> float:
    """Share of the query's idf that stands in the article; 0 for a query without terms."""
    idf = {term: index.inverted.idf(term) for term in query.terms}
    total = sum(idf.values())
    found = sum(value for term, value in idf.items() if index.inverted.contains(term, row))
    return found / total if total else 0.0


def confidence(values: Mapping[str, float]) -> float:
    """Probability, 0 to 1, that an article with these features answers its query."""
    weights = _weights()
    logit = weights["intercept"] + sum(weights[name] * values[name] for name in FEATURES)
    return 1 / (1 + math.exp(-logit))


@cache
def _weights() -> dict[str, float]:
    source = resources.files("kbsearch").joinpath("retrieval", "confidence.json")
    weights: dict[str, float] = json.loads(source.read_text(encoding="utf-8"))["weights"]
    return weights
