"""What a search gives back."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from kbsearch.article import Kind
from kbsearch.retrieval.spelling import Correction


class Decision(StrEnum):
    """What the caller should do with the hits."""

    ANSWER = "answer"  # show the first hit as the answer
    SUGGEST = "suggest"  # show the hits as a choice
    CLARIFY = "clarify"  # ask back first; `SearchResponse.clarify` says what
    ABSTAIN = "abstain"  # hand over to a person


class Span(NamedTuple):
    """Characters ``[start, end)`` of a text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Highlight:
    """A piece of an article's own text, and what in it matched.

    Attributes:
        field: Searchable field it was taken from.
        text: The piece, exactly as the editor wrote it.
        start: Where the piece begins in its text.
        spans: Matched characters of `text`, in order, not overlapping.
    """

    field: str
    text: str
    start: int
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class LegExplanation:
    """One leg's view of an article.

    Attributes:
        score: The leg's own score: BM25, or similarity of question plus share of the body's.
        normalized: The score as it enters fusion, 0 to 1.
        rank: Rank among the candidates, from 1; None if the leg does not see the article.
    """

    score: float
    normalized: float
    rank: int | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an article stands where it stands.

    Attributes:
        bm25: The lexical leg.
        dense: The dense leg.
        ranking: The features that the final score weighs (`kbsearch.retrieval.features`).
        corrections: Words of the query that were taken for others.
        matched_terms: Terms of the query that stand in the article, with their idf.
        missing_terms: Terms of the query that do not, with their idf.
        synonyms: Terms added from the synonym file that stand in the article.
        features: What confidence was computed from.
        reranked: Score of the cross-encoder; None if it did not read the article.
    """

    bm25: LegExplanation
    dense: LegExplanation
    ranking: Mapping[str, float]
    matched_terms: Mapping[str, float]
    missing_terms: Mapping[str, float]
    synonyms: tuple[str, ...]
    corrections: tuple[Correction, ...]
    features: Mapping[str, float]
    reranked: float | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """One article of the answer.

    Attributes:
        article_id: Id of the article.
        title: Its title.
        kind: Its kind.
        score: Fused score, 0 to about 1; for ordering, not for thresholds.
        confidence: Calibrated probability that the article answers the query; for thresholds. 1 for
            a pinned article.
        matched_question: The title or similar question nearest to the query.
        highlights: What matched, in the original text.
        explanation: Scores and ranks of each leg, if asked for; None if the article is pinned and
            neither leg finds it.
        pinned: Whether an editor put it first (`kbsearch.retrieval.pins`).
    """

    article_id: str
    title: str
    kind: Kind
    score: float
    confidence: float
    matched_question: str
    highlights: tuple[Highlight, ...]
    explanation: Explanation | None = None
    pinned: bool = False


@dataclass(frozen=True, slots=True)
class Clarification:
    """The question to ask back: which value of a facet is meant.

    Attributes:
        facet: ``products``, ``category``, ``audience``, ``regions`` or ``tags``.
        values: Its values as a filter takes them, those of the best article first.
        articles: Value → ids of the articles that it leads to.
    """

    facet: str
    values: tuple[str, ...]
    articles: Mapping[str, tuple[str, ...]]


class HandoverReason(StrEnum):
    """Why a query was declined."""

    NO_WORDS = "no_words"  # nothing in the text can be searched for
    NOTHING_FOUND = "nothing_found"  # no article has anything to do with it
    FILTERED = "filtered"  # articles are found, but all filtered out or not valid
    LOW_CONFIDENCE = "low_confidence"  # none of those that were found is likely to answer


class NearestArticle(NamedTuple):
    """An article that may help, though it is not likely to answer."""

    article_id: str
    title: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Handover:
    """What a person who takes over needs to know.

    Attributes:
        query: The query as it came.
        context: Earlier turns of the conversation, oldest first.
        reason: Why it was declined.
        nearest: Up to three articles, best first.
        unknown_terms: Terms of the query that stand in no article.
    """

    query: str
    context: tuple[str, ...]
    reason: HandoverReason
    nearest: tuple[NearestArticle, ...]
    unknown_terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SearchResponse:
    """The answer to one query.

    Attributes:
        query: The query as it came.
        hits: Pinned ones first, then best first; ties by article id.
        decision: What to do with them.
        clarify: What to ask back, if the decision is ``clarify``.
        facets: Facet → value → number of candidates that carry it.
        snapshot_id: The snapshot that answered.
        took_ms: Milliseconds of wall time.
        handover: What a person needs to take over, if the decision is ``abstain``.
        unknown_codes: Codes in the query, such as E1, that stand in no article.
        truncated: Whether the query was too long, so that only its beginning counted.
    """

    query: str
    hits: tuple[Hit, ...]
    decision: Decision
    clarify: Clarification | None
    facets: Mapping[str, Mapping[str, int]]
    snapshot_id: str
    took_ms: float
    handover: Handover | None = None
    unknown_codes: tuple[str, ...] = ()
    truncated: bool = False
