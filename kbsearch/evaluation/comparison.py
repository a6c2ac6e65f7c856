"""Comparison: is one index better than another on the same queries, or is it chance?"""

from collections.abc import Mapping
from dataclasses import dataclass

from kbsearch.evaluation.experiment import rankings
from kbsearch.evaluation.measures import estimate, per_query
from kbsearch.evaluation.query_set import QuerySet
from kbsearch.evaluation.significance import Estimate, mcnemar, randomization
from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.retrieval.candidates import Leg

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Change:
    """A query that one index answers and the other does not; first articles of both."""

    query_id: str
    text: str
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two indexes on the same answerable queries.

    Attributes:
        before: Measure → estimate of the first.
        after: Measure → estimate of the second.
        p_values: Measure → p-value of no difference: exact McNemar for hit rates, else a paired
            randomisation test.
        wins: Queries that only the second answers with its first article.
        losses: Queries that only the first answers with its first article.
    """

    before: Mapping[str, Estimate]
    after: Mapping[str, Estimate]
    p_values: Mapping[str, float]
    wins: tuple[Change, ...]
    losses: tuple[Change, ...]


def compare(before: KnowledgeBase, after: KnowledgeBase, query_set: QuerySet) -> Comparison:
    """Ranks every answerable query with both indexes and tests the differences."""
    queries = query_set.answerable
    judgments = {query.id: query.relevant for query in queries}
    runs = [rankings(side, queries, Leg.HYBRID) for side in (before, after)]
    values = [per_query(run, judgments) for run in runs]
    p_values = {}
    for name in values[0]:
        differences = [values[1][name][q] - values[0][name][q] for q in judgments]
        won, lost = (sum(d * sign > 0 for d in differences) for sign in (1, -1))
        is_share = name.startswith("hit@")
        p_values[name] = mcnemar(won, lost) if is_share else randomization(differences)
    changes: dict[int, list[Change]] = {1: [], -1: []}
    for query in queries:
        difference = int(values[1]["hit@1"][query.id] - values[0]["hit@1"][query.id])
        if difference:
            shown = (tuple(run[query.id][:_SHOWN]) for run in runs)
            changes[difference].append(Change(query.id, query.text, *shown))
    return Comparison(
        before=estimate(values[0]),
        after=estimate(values[1]),
        p_values=p_values,
        wins=tuple(changes[1]),
        losses=tuple(changes[-1]),
    )
