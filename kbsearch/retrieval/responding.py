"""Responding: from candidates to what the caller gets.

Pins and a cross-encoder have their say in the order; then come what matched, how sure that is, and
what to do about it.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kbsearch.analysis.analyzer import Analyzer
from kbsearch.article import Article
from kbsearch.index.local import LocalIndex
from kbsearch.retrieval.candidates import Candidates, Leg, find
from kbsearch.retrieval.clarification import clarification
from kbsearch.retrieval.confidence import confidence, features
from kbsearch.retrieval.handover import NEAREST, codes, handover
from kbsearch.retrieval.highlight import Highlighter
from kbsearch.retrieval.pins import Pins
from kbsearch.retrieval.query import MAX_CHARACTERS, Query
from kbsearch.retrieval.reranking import Reranker, passage
from kbsearch.retrieval.response import (
    Clarification,
    Decision,
    Explanation,
    Hit,
    LegExplanation,
    NearestArticle,
    SearchResponse,
)
from kbsearch.settings import Settings

DECIDED_ON = 5
"""Candidates on which it depends what to do."""


class Wanted(NamedTuple):
    """What a response should have.

    Attributes:
        allowed: (articles,) bool, which may be found.
        top_k: How many hits, at least 1.
        explain: Whether they say why they stand where they stand.
        highlight: Whether they show what matched.
    """

    allowed: NDArray[np.bool_]
    top_k: int = DECIDED_ON
    explain: bool = False
    highlight: bool = True


class _Ranked(NamedTuple):
    """An article in the order in which it is shown.

    Attributes:
        row: Its row.
        place: Its place among the candidates, from 0; None if it is none, but pinned.
        score: Its fused score; 0 if it is no candidate.
        reranked: Score of the cross-encoder; None if it did not read the article.
        pinned: Whether an editor put it here.
    """

    row: int
    place: int | None = None
    score: float = 0.0
    reranked: float | None = None
    pinned: bool = False


class Responder:
    """Makes responses about one snapshot; any number of threads may use it at once.

    Args:
        index: The snapshot.
        analyzer: As its articles were analysed.
        settings: How to search.
        pins: What an editor pinned and blocked.
        reranker: Orders the first candidates anew, if there is one.
    """

    def __init__(
        self,
        index: LocalIndex,
        analyzer: Analyzer,
        settings: Settings,
        pins: Pins,
        reranker: Reranker | None,
    ) -> None:
        self._index = index
        self._analyzer = analyzer
        self._settings = settings
        self._pins = pins
        self._reranker = reranker

    def respond(
        self, query: Query, candidates: Candidates, wanted: Wanted, since: float
    ) -> SearchResponse:
        """The response to a query.

        Args:
            query: What is asked.
            candidates: What was found for it among the allowed articles.
            wanted: What the response should have.
            since: When the search began, by `time.perf_counter`.
        """
        allowed = wanted.allowed
        ruling = self._pins.ruling(query.text)
        filtered = ~allowed
        if ruling.blocked:
            blocked = self._rows(ruling.blocked)
            allowed = allowed.copy()
            allowed[blocked] = filtered[blocked] = False
            candidates = find(self._index, query, allowed, self._settings)
        pinned = [row for row in self._rows(ruling.pinned) if allowed[row]]
        # What to do does not depend on how many hits are shown.
        ranked = self._ranked(query, candidates, pinned, max(wanted.top_k, DECIDED_ON))
        articles = [self._index.store.article(each.row) for each in ranked]
        hits = tuple(self._hits(query, candidates, ranked, articles[: wanted.top_k], wanted))
        inverted, named = self._index.inverted, codes(query.text)
        fits = all(inverted.contains(code, each.row) for each in ranked[:1] for code in named)
        decision, clarify = self._decide(query, hits, ranked, articles, fits=fits)
        declined = None
        if decision is Decision.ABSTAIN:
            nearest = [
                NearestArticle(article.id, article.title, self._confidence(query, candidates, each))
                for each, article in zip(ranked[:NEAREST], articles, strict=False)
            ]
            declined = handover(self._index, query, nearest, filtered, self._settings)
        rows = np.union1d(candidates.rows, pinned).astype(int) if pinned else candidates.rows
        return SearchResponse(
            query=query.text,
            hits=hits,
            decision=decision,
            clarify=clarify,
            facets=self._index.facets.counts(rows),
            snapshot_id=self._index.manifest.snapshot_id,
            took_ms=(time.perf_counter() - since) * 1000,
            handover=declined,
            unknown_codes=tuple(code for code in named if not inverted.frequency(code)),
            truncated=len(query.text) > MAX_CHARACTERS,
        )

    def _rows(self, article_ids: Iterable[str]) -> list[int]:
        """Rows of those of the articles that the snapshot has."""
        rows = (self._index.store.row(name) for name in article_ids)
        return [row for row in rows if row is not None]

    def _ranked(
        self,
        query: Query,
        candidates: Candidates,
        pinned: Sequence[int],
        count: int,
    ) -> list[_Ranked]:
        """The first `count` articles: what is pinned, then the candidates."""
        places, reranked = self.order(query, candidates)
        if not pinned:
            places = places[:count]
        ranked = [
            _Ranked(
                row=int(candidates.rows[place]),
                place=place,
                score=float(candidates.final[place]),
                reranked=reranked.get(place),
            )
            for place in places
        ]
        known = {each.row: each for each in ranked}
        first = [known.get(row, _Ranked(row))._replace(pinned=True) for row in pinned]
        return [*first, *(each for each in ranked if each.row not in pinned)][:count]

    def order(
        self, query: Query, candidates: Candidates
    ) -> tuple[Sequence[int], Mapping[int, float]]:
        """Places of the candidates, best first, and the scores of those that were reranked."""
        places = range(len(candidates.rows))
        if self._reranker is None or not places:
            return places, {}
        depth = self._settings.ranking.cross_encoder_depth
        texts = [
            passage(self._index.store.article(row)) for row in candidates.rows[:depth].tolist()
        ]
        scores = self._reranker.scores("\n".join((*query.turns, query.text)), texts)
        first = np.argsort(-scores, kind="stable").tolist()
        return [*first, *places[depth:]], dict(enumerate(scores.tolist()))

    def _hits(
        self,
        query: Query,
        candidates: Candidates,
        ranked: Sequence[_Ranked],
        articles: Sequence[Article],
        wanted: Wanted,
    ) -> list[Hit]:
        """The first `articles` of those that are ranked, as hits."""
        idf = {term: self._index.inverted.idf(term) for term in (*query.terms, *query.synonyms)}
        highlighter = Highlighter(self._analyzer, idf)
        hits = []
        for each, article in zip(ranked, articles, strict=False):
            questions = (article.title, *article.questions)
            place = each.place
            matched = article.title if place is None else questions[int(candidates.nearest[place])]
            hits.append(
                Hit(
                    article_id=article.id,
                    title=article.title,
                    kind=article.kind,
                    score=each.score,
                    confidence=self._confidence(query, candidates, each),
                    matched_question=matched,
                    highlights=highlighter.highlights(article, matched) if wanted.highlight else (),
                    explanation=None
                    if place is None or not wanted.explain
                    else self._explanation(query, candidates, place, each.reranked, idf),
                    pinned=each.pinned,
                )
            )
        return hits

    def _confidence(self, query: Query, candidates: Candidates, ranked: _Ranked) -> float:
        """That of its place by score, whatever a cross-encoder says; 1 if an editor decided."""
        if ranked.pinned or ranked.place is None:
            return 1.0
        values = features(candidates, ranked.place, in_context=bool(query.context))
        return confidence(values, self._settings.confidence)

    def _decide(
        self,
        query: Query,
        hits: Sequence[Hit],
        ranked: Sequence[_Ranked],
        articles: Sequence[Article],
        *,
        fits: bool,
    ) -> tuple[Decision, Clarification | None]:
        """What to do, from the first hit's confidence and the candidates near it.

        What speaks of a code that the first article has not is not sure of an answer: an article on
        another code is alike in all but the code.
        """
        thresholds = self._settings.decision
        if hits and hits[0].pinned:
            return Decision.ANSWER, None
        if not hits or hits[0].confidence < thresholds.suggest:
            return Decision.ABSTAIN, None
        is_sure = fits and hits[0].confidence >= thresholds.answer_from
        scores = [each.score for each in ranked[:DECIDED_ON]]
        said = "\n".join((*query.turns, query.text))
        ask = clarification(said, articles[:DECIDED_ON], scores, is_sure=is_sure)
        if ask:
            return Decision.CLARIFY, ask
        return (Decision.ANSWER if is_sure else Decision.SUGGEST), None

    def _explanation(
        self,
        query: Query,
        candidates: Candidates,
        place: int,
        reranked: float | None,
        idf: Mapping[str, float],
    ) -> Explanation:
        row = int(candidates.rows[place])
        stands = {term: self._index.inverted.contains(term, row) for term in idf}
        return Explanation(
            bm25=_leg(candidates, Leg.BM25, candidates.lexical, place),
            dense=_leg(candidates, Leg.DENSE, candidates.semantic, place),
            ranking=candidates.features.at(place),
            matched_terms={term: idf[term] for term in query.terms if stands[term]},
            missing_terms={term: idf[term] for term in query.terms if not stands[term]},
            synonyms=tuple(term for term in query.synonyms if stands[term]),
            corrections=query.corrections,
            features=features(candidates, place, in_context=bool(query.context)),
            reranked=reranked,
        )


def _leg(
    candidates: Candidates, leg: Leg, normalized: NDArray[np.float64], place: int
) -> LegExplanation:
    """One leg's score for the candidate at `place`, and its rank if the leg sees anything in it."""
    score = float(candidates.scores[leg][place])
    ranks = np.flatnonzero(candidates.order(leg) == place)
    rank = int(ranks[0]) + 1 if len(ranks) and score > 0 else None
    return LegExplanation(score=score, normalized=float(normalized[place]), rank=rank)
