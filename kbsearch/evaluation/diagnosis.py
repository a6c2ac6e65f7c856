"""Diagnosis: why each miss missed, which articles are confused, and what to judge next."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from kbsearch.evaluation.measures import DEPTH, Run
from kbsearch.evaluation.outcome import Outcome
from kbsearch.evaluation.query_set import JudgedQuery
from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.retrieval.candidates import Leg
from kbsearch.retrieval.response import Decision

_EXPLAINED = 10  # articles that count as shown: their features are given


class Cause(StrEnum):
    """Why the right article is not the answer."""

    UNKNOWN_ARTICLE = "unknown_article"  # the snapshot does not have it
    FILTERED = "filtered"  # the query's filters, or its validity, leave it out
    NOT_FOUND = "not_found"  # no leg has it among its first 50
    UNJUDGED = "unjudged"  # an article nobody has judged for the query comes first
    OUTRANKED = "outranked"  # a wrong article comes first
    DECLINED = "declined"  # it comes first, but the decision is to abstain


@dataclass(frozen=True, slots=True)
class Miss:
    """A query that was not answered with its article, and why.

    Attributes:
        query_id: Id of the query; its outcome has text and rankings.
        cause: Why.
        right: The right article: of those that can be found and have the best grade, the first.
        ranks: Leg → rank of `right`, from 1; None if the leg does not have it.
        rival: The article that came first instead; "" if there is none.
        right_features: What the ranking weighs, for `right`; empty if it was not shown.
        rival_features: The same for `rival`.
        missing_terms: Terms of the query that do not stand in `right`; empty if it was not shown.
        covered: Share of the query's idf that stands in `right`; 0 if it was not shown.
        params: For the sentence ``cli.eval.cause_{cause}`` of the locales.
    """

    query_id: str
    cause: Cause
    right: str
    ranks: Mapping[str, int | None]
    rival: str
    right_features: Mapping[str, float]
    rival_features: Mapping[str, float]
    missing_terms: tuple[str, ...]
    params: Mapping[str, str]
    covered: float = 0.0


@dataclass(frozen=True, slots=True)
class _Explained:
    """Why an article stands where it stands.

    Attributes:
        ranking: What the ranking weighs.
        matched: Terms of the query that stand in it, with their idf.
        missing: Those that do not.
    """

    ranking: Mapping[str, float]
    matched: Mapping[str, float]
    missing: Mapping[str, float]

    @property
    def covered(self) -> float:
        """Share of the query's idf that stands in the article; 0 for a query without terms."""
        matched = sum(self.matched.values())
        total = matched + sum(self.missing.values())
        return matched / total if total else 0.0


@dataclass(frozen=True, slots=True)
class Confusion:
    """One article that came first where another was right.

    Attributes:
        right: The right article.
        rival: The one that came first.
        query_ids: Queries in which it did.
        both_ways: Number of queries in which either came first instead of the other.
    """

    right: str
    rival: str
    query_ids: tuple[str, ...]
    both_ways: int


@dataclass(frozen=True, slots=True)
class ToJudge:
    """An article that some leg puts first and nobody has judged for the query.

    Attributes:
        query_id: Id of the query.
        article_id: The article to judge for it.
        legs: Legs that put it first.
    """

    query_id: str
    article_id: str
    legs: tuple[str, ...]


def diagnose(
    knowledge_base: KnowledgeBase,
    queries: Iterable[JudgedQuery],
    outcomes: Iterable[Outcome],
    runs: Mapping[Leg, Run],
    titles: Mapping[str, str],
) -> Iterator[Miss]:
    """Why each answerable query was not answered with its article, in the order of the queries.

    An article on top that has no grade is a wrong one in query sets that grade none 0, and unjudged
    in those that do.

    Args:
        knowledge_base: What was measured.
        queries: The queries.
        outcomes: Their outcomes, in the same order.
        runs: Leg → query id → the first 50 articles.
        titles: Article id → title, of the articles that the snapshot has.
    """
    pairs = list(zip(queries, outcomes, strict=True))
    judged_wrong = {query.industry for query, _ in pairs if 0 in query.relevant.values()}
    for query, outcome in pairs:
        if not is_missed(outcome):
            continue
        ranked = {leg: runs[leg].get(query.id, ()) for leg in runs}
        right, cause = _right(knowledge_base, query, ranked, titles)
        rival = next(iter(ranked[Leg.FINAL]), "") if not outcome.right else ""
        if outcome.right:
            cause = Cause.DECLINED
        elif cause is None:
            unjudged = query.industry in judged_wrong and rival not in query.relevant
            cause = Cause.UNJUDGED if unjudged else Cause.OUTRANKED
        ranks = {str(leg): _rank(articles, right) for leg, articles in ranked.items()}
        shown = ranked[Leg.FINAL][:_EXPLAINED]
        explained = _explained(knowledge_base, query, {right, rival} & {*shown})
        yield Miss(
            query_id=query.id,
            cause=cause,
            right=right,
            ranks=ranks,
            rival=rival,
            right_features=explained[right].ranking if right in explained else {},
            rival_features=explained[rival].ranking if rival in explained else {},
            missing_terms=tuple(explained[right].missing) if right in explained else (),
            covered=explained[right].covered if right in explained else 0.0,
            params={
                "right": titles.get(right, right),
                "rival": titles.get(rival, rival),
                "rank": str(ranks[Leg.FINAL] or f"{DEPTH}+"),
                "confidence": f"{outcome.confidence:.0%}",
            },
        )


def is_missed(outcome: Outcome) -> bool:
    """Whether there is something to explain: its article does not come first, or is declined."""
    return outcome.answerable and (not outcome.right or outcome.decision is Decision.ABSTAIN)


def confusions(misses: Iterable[Miss]) -> tuple[Confusion, ...]:
    """Which article came first instead of which, most frequent pair first."""
    pairs: dict[tuple[str, str], list[str]] = {}
    for miss in misses:
        if miss.cause in {Cause.OUTRANKED, Cause.UNJUDGED}:
            pairs.setdefault((miss.right, miss.rival), []).append(miss.query_id)
    found = [
        Confusion(right, rival, tuple(ids), len(ids) + len(pairs.get((rival, right), ())))
        for (right, rival), ids in pairs.items()
    ]
    return tuple(sorted(found, key=lambda c: (-len(c.query_ids), -c.both_ways, c.right, c.rival)))


def to_judge(outcomes: Iterable[Outcome]) -> tuple[ToJudge, ...]:
    """Articles without a grade that some leg puts first: what search shows first, then the rest."""
    found = []
    for outcome in outcomes:
        tops: dict[str, list[str]] = {}
        for leg, articles in outcome.rankings.items() if outcome.answerable else ():
            if articles and articles[0] not in outcome.relevant:
                tops.setdefault(articles[0], []).append(leg)
        found += [ToJudge(outcome.id, article, tuple(legs)) for article, legs in tops.items()]
    return tuple(sorted(found, key=lambda each: (Leg.FINAL not in each.legs, -len(each.legs))))


def _right(
    knowledge_base: KnowledgeBase,
    query: JudgedQuery,
    ranked: Mapping[Leg, Sequence[str]],
    titles: Mapping[str, str],
) -> tuple[str, Cause | None]:
    """The right article, and why it cannot come first; None if only its rank is to blame."""
    known = [article for article in query.answers if article in titles]
    if not known:
        return query.answers[0], Cause.UNKNOWN_ARTICLE
    allowed = [article for article in known if knowledge_base.allows(article, query.filters)]
    if not allowed:
        return known[0], Cause.FILTERED
    best = [name for name in allowed if query.relevant[name] == query.relevant[allowed[0]]]

    def places(article: str) -> list[int]:
        ranks = [_rank(ranked[leg], article) for leg in reversed(Leg)]
        return [rank or DEPTH + 1 for rank in ranks]

    right = min(best, key=places)
    found = any(right in articles for articles in ranked.values())
    return right, None if found else Cause.NOT_FOUND


def _rank(articles: Sequence[str], article: str) -> int | None:
    """Rank from 1; None if it is not there."""
    return articles.index(article) + 1 if article in articles else None


def _explained(
    knowledge_base: KnowledgeBase, query: JudgedQuery, articles: Iterable[str]
) -> dict[str, _Explained]:
    """Candidate → why it stands where it stands."""
    searcher = knowledge_base.searcher
    allowed = searcher.allowed(query.filters)
    asked, candidates = searcher.candidates(query.text, allowed=allowed, context=query.context)
    inverted = searcher.index.inverted
    idf = {term: inverted.idf(term) for term in asked.terms}
    places = {row: place for place, row in enumerate(candidates.rows.tolist())}
    found = {}
    for article in articles:
        row = searcher.index.store.row(article)
        if row is not None and row in places:
            stands = {term: inverted.contains(term, row) for term in idf}
            found[article] = _Explained(
                ranking=candidates.features.at(places[row]),
                matched={term: idf[term] for term in idf if stands[term]},
                missing={term: idf[term] for term in idf if not stands[term]},
            )
    return found
