"""The searcher: walks a query through one opened index."""

import copy
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from functools import cached_property, lru_cache
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from kbsearch.analysis.analyzer import Analyzer
from kbsearch.article import Article
from kbsearch.encoders.protocol import Encoder
from kbsearch.index.local import LocalIndex
from kbsearch.retrieval.candidates import Candidates, Leg, find, nearest
from kbsearch.retrieval.clarification import clarification
from kbsearch.retrieval.confidence import confidence, features
from kbsearch.retrieval.filters import FilterArgument, Filters
from kbsearch.retrieval.handover import NEAREST, handover, unknown_codes
from kbsearch.retrieval.highlight import Highlighter
from kbsearch.retrieval.pins import Pins
from kbsearch.retrieval.query import MAX_CHARACTERS, Query, QueryReader, word_test
from kbsearch.retrieval.reranking import Reranker, load_reranker, passage
from kbsearch.retrieval.response import (
    Clarification,
    Decision,
    Explanation,
    Hit,
    LegExplanation,
    NearestArticle,
    SearchResponse,
)
from kbsearch.retrieval.spelling import Speller
from kbsearch.settings import Settings

_DECIDED_ON = 5  # candidates
_RECENT_FILTERS = 64


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


class Study(NamedTuple):
    """A search, and the rankings of all legs (see `Searcher.rankings`)."""

    response: SearchResponse
    rankings: Mapping[Leg, Sequence[tuple[str, float]]]


class Searcher:
    """Answers queries from one snapshot; any number of threads may use it at once.

    Args:
        index: The snapshot.
        analyzer: As its articles were analysed.
        encoder: As they were encoded.
        settings: How to search; without, as the snapshot says.
        reranker: Orders the first candidates anew; without, the cross-encoder of the settings.

    Attributes:
        pins: What an editor pinned and blocked.

    Raises:
        EncoderError: The cross-encoder of the settings cannot be loaded.
    """

    def __init__(
        self,
        index: LocalIndex,
        analyzer: Analyzer,
        encoder: Encoder,
        settings: Settings | None = None,
        reranker: Reranker | None = None,
    ) -> None:
        self.index = index
        self.settings = settings or index.manifest.contents.settings
        self.encoder = encoder
        self.pins = Pins(analyzer.dictionaries.pin_rules)
        self._analyzer = analyzer
        model = self.settings.ranking.cross_encoder
        self._reranker = reranker or (load_reranker(model) if model else None)
        self._reader = QueryReader(
            analyzer,
            encoder,
            Speller(index.inverted.vocabulary, word_test(index.inverted, analyzer, encoder)),
            self.settings,
        )

    def with_settings(self, settings: Settings) -> Self:
        """The same snapshot searched in another way.

        Raises:
            ValueError: Settings differ by which the index was built.
        """
        built = self.index.manifest.contents.settings
        if not settings.fits_index_of(built):
            raise ValueError("these settings ask for another index; build it")
        same = settings.ranking.cross_encoder == self.settings.ranking.cross_encoder
        reranker = self._reranker if same else None
        return type(self)(self.index, self._analyzer, self.encoder, settings, reranker)

    def without_pins(self) -> Self:
        """The same searcher without what an editor pinned and blocked: the engine alone."""
        engine = copy.copy(self)
        engine.pins = Pins()
        return engine

    def search(
        self,
        texts: Sequence[str],
        *,
        top_k: int,
        allowed: NDArray[np.bool_],
        context: Sequence[str],
        explain: bool,
        highlight: bool,
    ) -> list[SearchResponse]:
        """One response for each text, among the `allowed` articles; see `KnowledgeBase.search`."""
        if top_k < 1:
            raise ValueError(f"top_k must be at least 1, got {top_k}")
        begin = time.perf_counter()
        queries = self._reader.read(texts, context)
        if not queries:
            return []
        found = nearest(self.index, queries, allowed, self.settings)
        shared = (time.perf_counter() - begin) / len(queries)
        responses = []
        for query, by_dense in zip(queries, found, strict=True):
            since = time.perf_counter() - shared
            candidates = find(self.index, query, allowed, self.settings, by_dense)
            responses.append(
                self._respond(query, context, allowed, candidates, top_k, explain, highlight, since)
            )
        return responses

    def study(
        self, text: str, *, allowed: NDArray[np.bool_], context: Sequence[str], depth: int
    ) -> Study:
        """A search without highlights, and what evaluation asks, from one reading of the query."""
        since = time.perf_counter()
        query, candidates = self.candidates(text, allowed=allowed, context=context)
        response = self._respond(
            query, context, allowed, candidates, _DECIDED_ON, False, False, since
        )
        return Study(response, self._rankings(query, context, candidates, Leg, depth))

    def rankings(
        self,
        text: str,
        legs: Iterable[Leg],
        *,
        allowed: NDArray[np.bool_],
        context: Sequence[str],
        depth: int,
    ) -> dict[Leg, list[tuple[str, float]]]:
        """The best articles in the order of each leg: what evaluation compares.

        Pins and blocks are ignored. A cross-encoder orders the first articles of ``final``, which
        keep their fused scores.
        """
        query, candidates = self.candidates(text, allowed=allowed, context=context)
        return self._rankings(query, context, candidates, legs, depth)

    def _rankings(
        self,
        query: Query,
        context: Sequence[str],
        candidates: Candidates,
        legs: Iterable[Leg],
        depth: int,
    ) -> dict[Leg, list[tuple[str, float]]]:
        ids = self.index.store.ids
        found: dict[Leg, list[tuple[str, float]]] = {}
        for leg in legs:
            places: Sequence[int] = candidates.order(leg).tolist()
            if leg is Leg.FINAL:
                places, _ = self._reranked(query, context, candidates)
            found[leg] = [
                (ids[candidates.rows[place]], float(candidates.scores[leg][place]))
                for place in places[:depth]
            ]
        return found

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
        parsed = tuple(map(Filters.parse, conditions))
        days = {filters.valid_on for filters in parsed if filters.valid_on} or {date.today()}
        return self._allowed(parsed, frozenset(days))

    @cached_property
    def _allowed(
        self,
    ) -> Callable[[tuple[Filters, ...], frozenset[date]], NDArray[np.bool_]]:
        """`allowed` of conditions and days that were asked for lately."""
        return lru_cache(maxsize=_RECENT_FILTERS)(self._newly_allowed)

    def _newly_allowed(
        self, conditions: tuple[Filters, ...], days: frozenset[date]
    ) -> NDArray[np.bool_]:
        allowed = np.ones(self.index.inverted.count, np.bool_)
        for filters in conditions:
            for day in days:
                allowed &= self.index.facets.allowed(filters.wanted(), day)
        allowed.flags.writeable = False  # all that ask for the same get the same
        return allowed

    def _respond(
        self,
        query: Query,
        context: Sequence[str],
        allowed: NDArray[np.bool_],
        candidates: Candidates,
        top_k: int,
        explain: bool,
        highlight: bool,
        since: float,
    ) -> SearchResponse:
        ruling = self.pins.ruling(query.text)
        filtered = ~allowed
        if ruling.blocked:
            blocked = self._rows(ruling.blocked)
            allowed = allowed.copy()
            allowed[blocked] = filtered[blocked] = False
            candidates = find(self.index, query, allowed, self.settings)
        pinned = [row for row in self._rows(ruling.pinned) if allowed[row]]
        # What to do does not depend on how many hits are shown.
        ranked = self._ranked(query, context, candidates, pinned, max(top_k, _DECIDED_ON))
        articles = [self.index.store.article(each.row) for each in ranked]
        hits = tuple(self._hits(query, candidates, ranked, articles[:top_k], explain, highlight))
        unknown = unknown_codes(self.index, query.text)
        decision, clarify = self._decide(
            query, context, hits, ranked, articles, is_known=not unknown
        )
        declined = None
        if decision is Decision.ABSTAIN:
            nearest = [
                NearestArticle(article.id, article.title, self._confidence(query, candidates, each))
                for each, article in zip(ranked[:NEAREST], articles, strict=False)
            ]
            declined = handover(self.index, query, context, nearest, filtered, self.settings)
        rows = np.union1d(candidates.rows, pinned).astype(int) if pinned else candidates.rows
        return SearchResponse(
            query=query.text,
            hits=hits,
            decision=decision,
            clarify=clarify,
            facets=self.index.facets.counts(rows),
            snapshot_id=self.index.manifest.snapshot_id,
            took_ms=(time.perf_counter() - since) * 1000,
            handover=declined,
            unknown_codes=unknown,
            truncated=len(query.text) > MAX_CHARACTERS,
        )

    def _rows(self, article_ids: Iterable[str]) -> list[int]:
        """Rows of those of the articles that the snapshot has."""
        rows = (self.index.store.row(name) for name in article_ids)
        return [row for row in rows if row is not None]

    def _ranked(
        self,
        query: Query,
        context: Sequence[str],
        candidates: Candidates,
        pinned: Sequence[int],
        count: int,
    ) -> list[_Ranked]:
        """The first `count` articles: what is pinned, then the candidates."""
        places, reranked = self._reranked(query, context, candidates)
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

    def _reranked(
        self, query: Query, context: Sequence[str], candidates: Candidates
    ) -> tuple[Sequence[int], Mapping[int, float]]:
        """Places of the candidates, best first, and the scores of those that were reranked."""
        places = range(len(candidates.rows))
        if self._reranker is None or not places:
            return places, {}
        depth = self.settings.ranking.cross_encoder_depth
        texts = [passage(self.index.store.article(row)) for row in candidates.rows[:depth].tolist()]
        scores = self._reranker.scores("\n".join((*context, query.text)), texts)
        first = np.argsort(-scores, kind="stable").tolist()
        return [*first, *places[depth:]], dict(enumerate(scores.tolist()))

    def _hits(
        self,
        query: Query,
        candidates: Candidates,
        ranked: Sequence[_Ranked],
        articles: Sequence[Article],
        explain: bool,
        highlight: bool,
    ) -> list[Hit]:
        """The first `articles` of those that are ranked, as hits."""
        idf = {term: self.index.inverted.idf(term) for term in (*query.terms, *query.synonyms)}
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
                    highlights=highlighter.highlights(article, matched) if highlight else (),
                    explanation=None
                    if place is None or not explain
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
        return confidence(values, self.settings.confidence)

    def _decide(
        self,
        query: Query,
        context: Sequence[str],
        hits: Sequence[Hit],
        ranked: Sequence[_Ranked],
        articles: Sequence[Article],
        *,
        is_known: bool,
    ) -> tuple[Decision, Clarification | None]:
        """What to do, from the first hit's confidence and the candidates near it.

        What speaks of a code that no article has is not sure of an answer: that of another code is
        alike in all but the code.
        """
        thresholds = self.settings.decision
        if hits and hits[0].pinned:
            return Decision.ANSWER, None
        if not hits or hits[0].confidence < thresholds.suggest:
            return Decision.ABSTAIN, None
        is_sure = is_known and hits[0].confidence >= thresholds.answer_from
        scores = [each.score for each in ranked[:_DECIDED_ON]]
        said = "\n".join((*context, query.text))
        ask = clarification(said, articles[:_DECIDED_ON], scores, is_sure=is_sure)
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
        stands = {term: self.index.inverted.contains(term, row) for term in idf}
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
