"""Comparison: is one ranking better than another on the same queries, or is it chance?"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from kbsearch.evaluation.experiment import evaluate
from kbsearch.evaluation.measures import MEASURES, estimate
from kbsearch.evaluation.outcome import Outcome
from kbsearch.evaluation.query_set import QuerySet
from kbsearch.evaluation.result import Evaluation
from kbsearch.evaluation.significance import Estimate, mcnemar, randomization
from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.retrieval.candidates import Leg

_SHOWN = 3

Side = KnowledgeBase | Evaluation
"""What can be compared: an index, which is evaluated first, or an evaluation."""


@dataclass(frozen=True, slots=True)
class Change:
    """A query that one side answers and the other does not; first articles of both."""

    query_id: str
    text: str
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two rankings of the same answerable queries.

    Attributes:
        leg: Which ranking is compared.
        queries: How many queries are.
        left_out: Queries that only one side has, or that are not judged alike.
        before: Measure → estimate of the first.
        after: Measure → estimate of the second.
        p_values: Measure → p-value of no difference: exact McNemar for hit rates, else a paired
            randomisation test.
        wins: Queries that only the second answers with its first article.
        losses: Queries that only the first answers with its first article.
        titles: Article id → title, of the articles named in `wins` and `losses`.
    """

    leg: Leg
    queries: int
    left_out: int
    before: Mapping[str, Estimate]
    after: Mapping[str, Estimate]
    p_values: Mapping[str, float]
    wins: tuple[Change, ...]
    losses: tuple[Change, ...]
    titles: Mapping[str, str]


def compare(
    before: Side,
    after: Side,
    query_set: QuerySet | None = None,
    *,
    leg: Leg = Leg.FINAL,
    progress: Callable[[str, int, int], None] | None = None,
) -> Comparison:
    """Tests the differences on the answerable queries that both sides have, judged alike.

    Args:
        before: The first index or evaluation.
        after: The second.
        query_set: What indexes are evaluated with; not needed for two evaluations.
        leg: Which ranking to compare.
        progress: Called with stage, done and total while an index is evaluated.

    Raises:
        ValueError: There is no query set for an index, or both sides have no query in common.
    """
    sides = [_evaluated(side, query_set, progress) for side in (before, after)]
    pairs = common(*sides)
    if not pairs:
        raise ValueError("the two evaluations have no answerable query in common")
    values = [_by_measure((pair[n] for pair in pairs), leg) for n in (0, 1)]
    p_values = {}
    for name in MEASURES:
        differences = [values[1][name][q.id] - values[0][name][q.id] for q, _ in pairs]
        won, lost = (sum(d * sign > 0 for d in differences) for sign in (1, -1))
        is_share = name.startswith("hit@")
        p_values[name] = mcnemar(won, lost) if is_share else randomization(differences)
    changes: dict[int, list[Change]] = {1: [], -1: [], 0: []}
    for pair in pairs:
        query = pair[0].id
        shown = [outcome.rankings[leg][:_SHOWN] for outcome in pair]
        change = Change(query, pair[0].text, shown[0], shown[1])
        changes[int(values[1]["hit@1"][query] - values[0]["hit@1"][query])].append(change)
    named = [a for each in (*changes[1], *changes[-1]) for a in (*each.before, *each.after)]
    titles = {**sides[0].titles, **sides[1].titles}
    ids = {outcome.id for side in sides for outcome in side.outcomes if outcome.answerable}
    return Comparison(
        leg=leg,
        queries=len(pairs),
        left_out=len(ids) - len(pairs),
        before=estimate(values[0]),
        after=estimate(values[1]),
        p_values=p_values,
        wins=tuple(changes[1]),
        losses=tuple(changes[-1]),
        titles={name: titles[name] for name in sorted(set(named)) if name in titles},
    )


def common(before: Evaluation, after: Evaluation) -> list[tuple[Outcome, Outcome]]:
    """The outcomes of answerable queries that both have: same id, text, turns and judgments."""
    own = {outcome.id: outcome for outcome in before.outcomes if outcome.answerable}
    pairs = [(own[each.id], each) for each in after.outcomes if each.id in own and each.answerable]
    return [pair for pair in pairs if _asked(pair[0]) == _asked(pair[1])]


def _asked(outcome: Outcome) -> tuple[object, ...]:
    return outcome.text, outcome.context, outcome.relevant


def _evaluated(
    side: Side, query_set: QuerySet | None, progress: Callable[[str, int, int], None] | None
) -> Evaluation:
    if isinstance(side, Evaluation):
        return side
    if query_set is None:
        raise ValueError("an index can only be compared with a query set")
    return evaluate(side, query_set, progress=progress)


def _by_measure(outcomes: Iterable[Outcome], leg: Leg) -> dict[str, dict[str, float]]:
    """Measure → query id → value."""
    values: dict[str, dict[str, float]] = {name: {} for name in MEASURES}
    for outcome in outcomes:
        for name in MEASURES:
            values[name][outcome.id] = outcome.values[leg][name]
    return values
