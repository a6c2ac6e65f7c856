"""Experiments: a query set over a knowledge base, each leg alone and both together."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from kbsearch.evaluation.measures import DEPTH, estimate, per_query
from kbsearch.evaluation.query_set import JudgedQuery, QuerySet
from kbsearch.evaluation.significance import Estimate, share
from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.retrieval.candidates import Leg
from kbsearch.retrieval.response import Decision, SearchResponse

_SHOWN = 5  # articles listed for a miss


@dataclass(frozen=True, slots=True)
class Miss:
    """An answerable query whose first article is not relevant.

    Attributes:
        query_id: Id of the query.
        text: The query.
        type: How it is put.
        relevant: Articles that answer it.
        rankings: First articles by each leg.
    """

    query_id: str
    text: str
    type: str
    relevant: tuple[str, ...]
    rankings: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Declining:
    """How well the decision knows what it does not know.

    Attributes:
        declined: Share of unanswerable queries with the decision ``abstain``.
        not_answered: Share of unanswerable queries with any decision but ``answer``.
        wrongly_declined: Share of answerable queries with the decision ``abstain``.
        right_when_answered: Share of queries with the decision ``answer`` whose first article is
            relevant: the precision of that band.
    """

    declined: Estimate
    not_answered: Estimate
    wrongly_declined: Estimate
    right_when_answered: Estimate


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a query set says about a knowledge base.

    Attributes:
        query_set: Name of the query set.
        query_set_digest: SHA-256 of its queries.
        snapshot_id: The snapshot that was measured.
        answerable: Number of answerable queries.
        unanswerable: Number of queries that must be declined.
        systems: Leg → measure → estimate, over answerable queries.
        types: Query type → hit@1 of both legs together.
        declining: Abstention.
        latency_ms: ``p50``, ``p95``, ``p99`` of whole searches, in milliseconds.
        misses: Answerable queries whose first article is wrong.
        unknown_articles: Judged articles that the snapshot does not have.
    """

    query_set: str
    query_set_digest: str
    snapshot_id: str
    answerable: int
    unanswerable: int
    systems: Mapping[str, Mapping[str, Estimate]]
    types: Mapping[str, Estimate]
    declining: Declining
    latency_ms: Mapping[str, float]
    misses: tuple[Miss, ...]
    unknown_articles: tuple[str, ...]

    @property
    def accuracy(self) -> Estimate:
        """Query accuracy: hit@1 of both legs together, over answerable queries."""
        return self.systems[Leg.HYBRID]["hit@1"]

    def meets(self, target: float, *, point: bool = False) -> bool:
        """Whether accuracy reaches `target`: its lower bound, or with `point` the bare figure."""
        return (self.accuracy.value if point else self.accuracy.low) >= target


def evaluate(
    knowledge_base: KnowledgeBase,
    query_set: QuerySet,
    *,
    progress: Callable[[str, int, int], None] | None = None,
) -> Evaluation:
    """Runs every query through each leg and through search, and measures.

    Raises:
        ValueError: The query set is empty.
    """
    if not query_set.queries:
        raise ValueError("the query set is empty")
    answerable = query_set.answerable
    judgments = {query.id: query.relevant for query in answerable}
    runs = {leg: rankings(knowledge_base, answerable, leg) for leg in Leg}
    values = {leg: per_query(run, judgments) for leg, run in runs.items()}
    responses, milliseconds = _search(knowledge_base, query_set.queries, progress)
    known = {article.id for article in knowledge_base.articles()}
    judged = {article for query in answerable for article in query.relevant}
    hits = values[Leg.HYBRID]["hit@1"]
    return Evaluation(
        query_set=query_set.name,
        query_set_digest=query_set.digest,
        snapshot_id=knowledge_base.snapshot_id,
        answerable=len(answerable),
        unanswerable=len(query_set.unanswerable),
        systems={str(leg): estimate(by_measure) for leg, by_measure in values.items()},
        types=_by_type(answerable, hits),
        declining=_declining(query_set, responses, hits),
        latency_ms=_percentiles(milliseconds),
        misses=tuple(_misses(answerable, hits, runs)),
        unknown_articles=tuple(sorted(judged - known)),
    )


def rankings(
    knowledge_base: KnowledgeBase, queries: Iterable[JudgedQuery], leg: Leg
) -> dict[str, list[str]]:
    """Query id → article ids by one leg, best first."""
    return {
        query.id: [
            article
            for article, _ in knowledge_base.rank(
                query.text, leg=leg, filters=query.filters, context=query.context, depth=DEPTH
            )
        ]
        for query in queries
    }


def _search(
    knowledge_base: KnowledgeBase,
    queries: Sequence[JudgedQuery],
    progress: Callable[[str, int, int], None] | None,
) -> tuple[dict[str, SearchResponse], list[float]]:
    """Query id → response, and how long each took, in milliseconds."""
    responses: dict[str, SearchResponse] = {}
    milliseconds = []
    for number, query in enumerate(queries):
        begin = time.perf_counter()
        responses[query.id] = knowledge_base.search(
            query.text, filters=query.filters, context=query.context
        )
        milliseconds.append((time.perf_counter() - begin) * 1000)
        if progress:
            progress("search", number + 1, len(queries))
    return responses, milliseconds


def _by_type(queries: Iterable[JudgedQuery], hits: Mapping[str, float]) -> dict[str, Estimate]:
    """Query type → hit@1, by name of the type."""
    by_type: dict[str, list[float]] = {}
    for query in queries:
        by_type.setdefault(query.type, []).append(hits[query.id])
    return {name: share(int(sum(v)), len(v)) for name, v in sorted(by_type.items())}


def _declining(
    query_set: QuerySet, responses: Mapping[str, SearchResponse], hits: Mapping[str, float]
) -> Declining:
    decisions = {name: response.decision for name, response in responses.items()}
    bad = [decisions[query.id] for query in query_set.unanswerable]
    good = [decisions[query.id] for query in query_set.answerable]
    answered = [name for name, decision in decisions.items() if decision is Decision.ANSWER]
    right = int(sum(hits.get(name, 0.0) for name in answered))
    return Declining(
        declined=share(bad.count(Decision.ABSTAIN), len(bad)),
        not_answered=share(len(bad) - bad.count(Decision.ANSWER), len(bad)),
        wrongly_declined=share(good.count(Decision.ABSTAIN), len(good)),
        right_when_answered=share(right, len(answered)),
    )


def _percentiles(milliseconds: Sequence[float]) -> dict[str, float]:
    import numpy as np

    return {f"p{p}": float(np.percentile(milliseconds, p)) for p in (50, 95, 99)}


def _misses(
    queries: Iterable[JudgedQuery],
    hits: Mapping[str, float],
    runs: Mapping[Leg, Mapping[str, Sequence[str]]],
) -> Iterable[Miss]:
    for query in queries:
        if not hits[query.id]:
            shown = {str(leg): tuple(run[query.id][:_SHOWN]) for leg, run in runs.items()}
            relevant = sorted(query.relevant, key=lambda name: -query.relevant[name])
            yield Miss(query.id, query.text, query.type, tuple(relevant), shown)
