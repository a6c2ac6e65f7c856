"""Experiments: a query set over a knowledge base, each leg alone and what search shows."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime

import numpy as np

from kbsearch.article import Article
from kbsearch.evaluation.declining import Declining
from kbsearch.evaluation.diagnosis import Cause, confusions, diagnose, is_missed, to_judge
from kbsearch.evaluation.foreign_ids import with_foreign_ids
from kbsearch.evaluation.measures import DEPTH, estimate, per_query
from kbsearch.evaluation.outcome import Outcome
from kbsearch.evaluation.provenance import Provenance
from kbsearch.evaluation.query_set import JudgedQuery, QuerySet
from kbsearch.evaluation.reliability import calibration_error, coverage_curve, reliability
from kbsearch.evaluation.result import Evaluation, KnownFailures
from kbsearch.evaluation.slices import slices
from kbsearch.evaluation.suggestions import suggest
from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.retrieval.candidates import Leg
from kbsearch.retrieval.response import SearchResponse

__all__ = ["Evaluation", "evaluate"]

_Runs = dict[Leg, dict[str, list[str]]]


def evaluate(
    knowledge_base: KnowledgeBase,
    query_set: QuerySet,
    *,
    progress: Callable[[str, int, int], None] | None = None,
) -> Evaluation:
    """Runs every query through each leg and through search, and measures.

    What an editor pinned or blocked is left out, so that all figures are the engine's own.

    Args:
        knowledge_base: What to measure.
        query_set: Queries with judgments.
        progress: Called with stage, done and total.

    Raises:
        ValueError: The query set is empty.
    """
    queries = query_set.queries
    if not queries:
        raise ValueError("the query set is empty")
    report = progress or _silently
    runs, responses, milliseconds = _run(knowledge_base, queries, report)
    judgments = {query.id: query.relevant for query in query_set.answerable}
    values = {}
    for number, (leg, run) in enumerate(runs.items(), start=1):
        values[leg] = per_query({name: run[name] for name in judgments}, judgments)
        report("measure", number, len(runs))
    outcomes = [
        _outcome(query, runs, values, response, each)
        for query, response, each in zip(queries, responses, milliseconds, strict=True)
    ]
    articles = _articles(knowledge_base, outcomes)
    titles = {name: article.title for name, article in articles.items()}
    missed = sum(is_missed(outcome) for outcome in outcomes)
    diagnosed = []
    for miss in diagnose(knowledge_base, queries, outcomes, runs, titles):
        diagnosed.append(miss)
        report("explain", len(diagnosed), missed)
    misses = [miss for miss in diagnosed if miss.cause is not Cause.DECLINED]
    confused = confusions(misses)
    by_id = {outcome.id: outcome for outcome in outcomes}
    confidence = [outcome.confidence for outcome in outcomes]
    right = [outcome.right for outcome in outcomes]
    bins = reliability(confidence, right)
    judged = {article for outcome in outcomes for article in outcome.relevant}
    evaluation = Evaluation(
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        measured=Provenance.of(knowledge_base.info(), knowledge_base.settings, query_set),
        answerable=len(query_set.answerable),
        unanswerable=len(query_set.unanswerable),
        systems={str(leg): estimate(by_measure) for leg, by_measure in values.items()},
        slices=slices(outcomes, articles),
        declining=Declining.of(outcomes),
        coverage=coverage_curve(confidence, right),
        reliability=bins,
        calibration_error=calibration_error(bins),
        latency_ms={f"p{p}": float(np.percentile(milliseconds, p)) for p in (50, 95, 99)},
        known_failures=_known_failures(outcomes),
        outcomes=tuple(outcomes),
        misses=tuple(misses),
        declined=tuple(miss for miss in diagnosed if miss.cause is Cause.DECLINED),
        confusions=confused,
        to_judge=to_judge(outcomes),
        suggestions=suggest(knowledge_base, misses, confused, by_id, articles),
        unknown_articles=tuple(sorted(judged - titles.keys())),
        titles=titles,
        pinned=sum(knowledge_base.searcher.pins.touched(query.text) for query in queries),
    )
    return with_foreign_ids(evaluation)


def _silently(stage: str, done: int, total: int) -> None:
    """Tells nobody."""


def _run(
    knowledge_base: KnowledgeBase,
    queries: Sequence[JudgedQuery],
    report: Callable[[str, int, int], None],
) -> tuple[_Runs, list[SearchResponse], list[float]]:
    """Leg → query id → article ids; responses, and how long each search took, in milliseconds."""
    engine = knowledge_base.searcher.without_pins()
    runs: _Runs = {leg: {} for leg in Leg}
    responses, milliseconds = [], []
    first = queries[0]  # once unmeasured: what is loaded at the first search is no search
    knowledge_base.search(first.text, filters=first.filters, context=first.context)
    for number, query in enumerate(queries, start=1):
        study = engine.study(
            query.text, allowed=engine.allowed(query.filters), context=query.context, depth=DEPTH
        )
        responses.append(study.response)
        milliseconds.append(study.response.took_ms)
        for leg, ranked in study.rankings.items():
            runs[leg][query.id] = [article for article, _ in ranked]
        report("search", number, len(queries))
    return runs, responses, milliseconds


def _outcome(
    query: JudgedQuery,
    runs: _Runs,
    values: Mapping[Leg, Mapping[str, Mapping[str, float]]],
    response: SearchResponse,
    milliseconds: float,
) -> Outcome:
    return Outcome(
        id=query.id,
        text=query.text,
        type=query.type,
        industry=query.industry,
        context=query.context,
        relevant=dict(query.relevant),
        known_failure=query.known_failure,
        values={
            str(leg): {name: by_query[query.id] for name, by_query in by_measure.items()}
            for leg, by_measure in values.items()
            if query.answerable
        },
        rankings={str(leg): tuple(run[query.id]) for leg, run in runs.items()},
        decision=response.decision,
        confidence=response.hits[0].confidence if response.hits else 0.0,
        milliseconds=milliseconds,
    )


def _articles(knowledge_base: KnowledgeBase, outcomes: Iterable[Outcome]) -> dict[str, Article]:
    """Every article that is judged or was found, of those that the snapshot has."""
    named: dict[str, None] = {}
    for outcome in outcomes:
        named |= dict.fromkeys(outcome.relevant)
        for articles in outcome.rankings.values():
            named |= dict.fromkeys(articles)
    found = {}
    for name in sorted(named):
        try:
            found[name] = knowledge_base.article(name)
        except ValueError:  # judged, but not in the snapshot
            continue
    return found


def _known_failures(outcomes: Iterable[Outcome]) -> KnownFailures:
    marked = [outcome for outcome in outcomes if outcome.known_failure and outcome.answerable]
    return KnownFailures(
        count=len(marked),
        still_failing=tuple(outcome.id for outcome in marked if not outcome.right),
        now_passing=tuple(outcome.id for outcome in marked if outcome.right),
    )
