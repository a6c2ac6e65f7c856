"""The searcher: walks a query through one opened index."""

import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Self

import numpy as np
from numpy.typing import NDArray

from kbsearch.analysis.analyzer import Analyzer
from kbsearch.article import Article
from kbsearch.encoders.protocol import Encoder
from kbsearch.index.local import LocalIndex
from kbsearch.retrieval.candidates import Candidates, Leg, find
from kbsearch.retrieval.clarification import clarification
from kbsearch.retrieval.confidence import confidence, features
from kbsearch.retrieval.filters import FilterArgument, Filters
from kbsearch.retrieval.highlight import Highlighter
from kbsearch.retrieval.query import Query, QueryReader, word_test
from kbsearch.retrieval.response import (
    Clarification,
    Decision,
    Explanation,
    Hit,
    LegExplanation,
    SearchResponse,
)
from kbsearch.retrieval.spelling import Speller
from kbsearch.settings import Settings

_DECIDED_ON = 5  # candidates


class Searcher:
    """Answers queries from one snapshot; any number of threads may use it at once.

    Args:
        index: The snapshot.
        analyzer: As its articles were analysed.
        encoder: As they were encoded.
        settings: How to search; without, as the snapshot says.
    """

    def __init__(
        self,
        index: LocalIndex,
        analyzer: Analyzer,
        encoder: Encoder,
        settings: Settings | None = None,
    ) -> None:
        self.index = index
        self.settings = settings or index.manifest.contents.settings
        self.encoder = encoder
        self._analyzer = analyzer
        postings = index.inverted.postings
        frequencies = dict(zip(postings.terms, np.diff(postings.offsets).tolist(), strict=True))
        self._reader = QueryReader(
            analyzer, encoder, Speller(frequencies, word_test(encoder)), self.settings
        )

    def with_settings(self, settings: Settings) -> Self:
        """The same snapshot searched in another way.

        Raises:
            ValueError: Settings differ by which the index was built.
        """
        built = self.index.manifest.contents.settings
        if not settings.fits_index_of(built):
            raise ValueError("these settings ask for another index; build it")
        return type(self)(self.index, self._analyzer, self.encoder, settings)

    def search(
        self,
        texts: Sequence[str],
        *,
        top_k: int,
        allowed: NDArray[np.bool_],
        context: Sequence[str],
        explain: bool,
    ) -> list[SearchResponse]:
        """One response for each text, among the `allowed` articles; see `KnowledgeBase.search`."""
        if top_k < 1:
            raise ValueError(f"top_k must be at least 1, got {top_k}")
        begin = time.perf_counter()
        queries = self._reader.read(texts, context)
        read_ms = (time.perf_counter() - begin) * 1000 / max(len(texts), 1)
        return [self._respond(query, allowed, top_k, explain, read_ms) for query in queries]

    def rankings(
        self,
        text: str,
        legs: Iterable[Leg],
        *,
        allowed: NDArray[np.bool_],
        context: Sequence[str],
        depth: int,
    ) -> dict[Leg, list[tuple[str, float]]]:
        """The best articles in the order of each leg: what evaluation compares."""
        _, candidates = self.candidates(text, allowed=allowed, context=context)
        ids = self.index.store.ids
        return {
            leg: [
                (ids[candidates.rows[place]], float(candidates.scores[leg][place]))
                for place in candidates.order(leg)[:depth]
            ]
            for leg in legs
        }

    def candidates(
        self, text: str, *, allowed: NDArray[np.bool_], context: Sequence[str]
    ) -> tuple[Query, Candidates]:
        """The query as it is understood, and all that may answer it."""
        (query,) = self._reader.read([text], context)
        return query, find(self.index, query, allowed, self.settings)

    def allowed(self, *conditions: FilterArgument) -> NDArray[np.bool_]:
        """(articles,) bool: which articles may be found, all conditions holding.

        They must hold today, unless a condition names another day.
        """
        parsed = [Filters.parse(condition) for condition in conditions]
        days = {filters.valid_on for filters in parsed if filters.valid_on} or {date.today()}
        allowed = np.ones(self.index.inverted.count, np.bool_)
        for filters in parsed:
            for day in days:
                allowed &= self.index.facets.allowed(filters.wanted(), day)
        return allowed

    def _respond(
        self, query: Query, allowed: NDArray[np.bool_], top_k: int, explain: bool, read_ms: float
    ) -> SearchResponse:
        begin = time.perf_counter()
        candidates = find(self.index, query, allowed, self.settings)
        # What to do does not depend on how many hits are shown.
        rows = candidates.rows[: max(top_k, _DECIDED_ON)].tolist()
        articles = [self.index.store.article(row) for row in rows]
        hits = tuple(self._hits(query, candidates, articles[:top_k], explain))
        near = candidates.final[:_DECIDED_ON].tolist()
        decision, clarify = self._decide(query, hits, articles[:_DECIDED_ON], near)
        return SearchResponse(
            query=query.text,
            hits=hits,
            decision=decision,
            clarify=clarify,
            facets=self.index.facets.counts(candidates.rows),
            snapshot_id=self.index.manifest.snapshot_id,
            took_ms=read_ms + (time.perf_counter() - begin) * 1000,
        )

    def _hits(
        self, query: Query, candidates: Candidates, articles: Sequence[Article], explain: bool
    ) -> list[Hit]:
        """The first candidates as hits."""
        idf = {term: self.index.inverted.idf(term) for term in (*query.terms, *query.synonyms)}
        highlighter = Highlighter(self._analyzer, idf)
        hits = []
        for place, article in enumerate(articles):
            values = features(self.index, query, candidates, place)
            questions = (article.title, *article.questions)
            matched = questions[int(candidates.nearest[place])]
            hits.append(
                Hit(
                    article_id=article.id,
                    title=article.title,
                    kind=article.kind,
                    score=float(candidates.final[place]),
                    confidence=confidence(values, self.settings.confidence),
                    matched_question=matched,
                    highlights=highlighter.highlights(article, matched),
                    explanation=self._explanation(query, candidates, place, values, idf)
                    if explain
                    else None,
                )
            )
        return hits

    def _decide(
        self,
        query: Query,
        hits: Sequence[Hit],
        articles: Sequence[Article],
        scores: Sequence[float],
    ) -> tuple[Decision, Clarification | None]:
        """What to do, from the first hit's confidence and the candidates near it."""
        thresholds = self.settings.decision
        if not hits or hits[0].confidence < thresholds.suggest:
            return Decision.ABSTAIN, None
        if hits[0].confidence >= thresholds.answer_from:
            return Decision.ANSWER, None
        ask = clarification(query.text, articles, scores)
        return (Decision.CLARIFY, ask) if ask else (Decision.SUGGEST, None)

    def _explanation(
        self,
        query: Query,
        candidates: Candidates,
        place: int,
        values: Mapping[str, float],
        idf: Mapping[str, float],
    ) -> Explanation:
        row = int(candidates.rows[place])
        stands = {term: self.index.inverted.contains(term, row) for term in idf}
        return Explanation(
            bm25=_leg(candidates, Leg.BM25, candidates.lexical, place),
            dense=_leg(candidates, Leg.DENSE, candidates.semantic, place),
            ranking=candidates.features.at(place),
            matched_terms={term: idf[term] for term in query.terms if stands[term]},
            missing_terms={term: idf[term] for term in query.terms if not stands[term]},
            synonyms=tuple(term for term in query.synonyms if stands[term]),
            corrections=query.corrections,
            features=dict(values),
        )


def _leg(
    candidates: Candidates, leg: Leg, normalized: NDArray[np.float64], place: int
) -> LegExplanation:
    """One leg's score and rank for the candidate at `place`; ties are ranked by article id."""
    scores = candidates.scores[leg]
    score = float(scores[place])
    before = (scores > score) | ((scores == score) & (candidates.rows < candidates.rows[place]))
    rank = int(before.sum()) + 1 if score > 0 else None
    return LegExplanation(score=score, normalized=float(normalized[place]), rank=rank)
