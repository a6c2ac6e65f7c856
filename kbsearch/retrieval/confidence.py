"""Confidence: how probable it is that an article answers the query.

A logistic model over a few features of the ranking, apart from the score that orders it: scores
cannot be thresholded, since what is a good score depends on the query. Its weights are settings
(`kbsearch.settings.ConfidenceSettings`), fitted by `kbsearch.tuning`.
"""

import math
from collections.abc import Mapping

from kbsearch.retrieval.candidates import Candidates
from kbsearch.settings import ConfidenceSettings

FEATURES = ("score", "margin", "question", "context")


def features(candidates: Candidates, place: int, *, in_context: bool = False) -> dict[str, float]:
    """What is known of the candidate at `place` (from 0), as numbers; names in `FEATURES`.

    - ``score``: the score that orders it.
    - ``margin``: that score less that of the best other candidate.
    - ``question``: as in `kbsearch.retrieval.features`.
    - ``context``: 1 if earlier turns are part of the query, which makes all similarities smaller.
    """
    scores = candidates.final
    others = scores[1] if place == 0 and len(scores) > 1 else (scores[0] if place else 0.0)
    return {
        "score": float(scores[place]),
        "margin": float(scores[place] - others),
        "question": float(candidates.features.question[place]),
        "context": float(in_context),
    }


def confidence(values: Mapping[str, float], settings: ConfidenceSettings) -> float:
    """Probability, 0 to 1, that an article with these features answers its query."""
    logit = settings.intercept + sum(getattr(settings, name) * values[name] for name in FEATURES)
    return 1 / (1 + math.exp(-max(logit, -700.0)))  # below, exp would overflow
