"""Measures of a ranking, through ir_measures: the field's own names and definitions.

hit@k is ir_measures' ``Success@k``: whether any relevant article, of whatever grade, is among the
first k. MRR@10 is ``RR@10``; nDCG@10 uses the grades; recall@50 is ``R@50``; judged@5 is
``Judged@5``, the share of the first 5 that anybody has judged, rightly or wrongly.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from kbsearch.evaluation.significance import Estimate, mean, share

MEASURES = ("hit@1", "hit@3", "hit@5", "MRR@10", "nDCG@10", "recall@50", "judged@5")
DEPTH = 50

Run = Mapping[str, Sequence[str]]
"""Query id to article ids, best first."""
Judgments = Mapping[str, Mapping[str, int]]
"""Query id to article id to grade."""


def per_query(run: Run, judgments: Judgments) -> dict[str, dict[str, float]]:
    """Measure → query id → value, for every judged query; one that the run misses scores 0."""
    from ir_measures import iter_calc

    names = {str(measure): name for name, measure in _measures().items()}
    values = {name: dict.fromkeys(judgments, 0.0) for name in MEASURES}
    grades = {query: dict(by_article) for query, by_article in judgments.items()}
    # Ranks become scores, so that ties stay in the order in which they are shown.
    scored = {
        query: {article: float(-rank) for rank, article in enumerate(articles)}
        for query, articles in run.items()
        if articles
    }
    if scored:
        for metric in iter_calc([*_measures().values()], grades, scored):
            values[names[str(metric.measure)]][metric.query_id] = float(metric.value)
    return values


def estimate(values: Mapping[str, Mapping[str, float]]) -> dict[str, Estimate]:
    """Measure → mean over queries with its interval: Wilson for hit rates, else bootstrap."""
    return {
        name: share(int(sum(by_query.values())), len(by_query))
        if name.startswith("hit@")
        else mean([*by_query.values()])
        for name, by_query in values.items()
    }


@cache
def _measures() -> dict[str, Any]:
    """Our names for ir_measures' measures."""
    from ir_measures import RR, Judged, R, Success, nDCG

    return {
        "hit@1": Success @ 1,
        "hit@3": Success @ 3,
        "hit@5": Success @ 5,
        "MRR@10": RR @ 10,
        "nDCG@10": nDCG @ 10,
        "recall@50": R @ 50,
        "judged@5": Judged @ 5,
    }
