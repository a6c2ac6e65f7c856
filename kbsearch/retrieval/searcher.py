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
from kbsearch.encoders.protocol import Encoder
from kbsearch.index.local import LocalIndex
from kbsearch.retrieval.candidates import Candidates, Leg, find, nearest
from kbsearch.retrieval.filters import FilterArgument, Filters
from kbsearch.retrieval.pins import Pins
from kbsearch.retrieval.query import Query, QueryReader, word_test
from kbsearch.retrieval.reranking import Reranker, load_reranker
from kbsearch.retrieval.responding import Responder, Wanted
from kbsearch.retrieval.response import SearchResponse
from kbsearch.retrieval.spelling import Speller
from kbsearch.settings import Settings

_RECENT_FILTERS = 64


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
        self._responder = self._responder_with(self.pins)
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
        engine._responder = self._responder_with(engine.pins)
        return engine

    def _responder_with(self, pins: Pins) -> Responder:
        return Responder(self.index, self._analyzer, self.settings, pins, self._reranker)

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
        wanted = Wanted(allowed, top_k, explain, highlight)
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
            responses.append(self._responder.respond(query, candidates, wanted, since))
        return responses

    def study(
        self, text: str, *, allowed: NDArray[np.bool_], context: Sequence[str], depth: int
    ) -> Study:
        """A search without highlights, and what evaluation asks, from one reading of the query."""
        since = time.perf_counter()
        query, candidates = self.candidates(text, allowed=allowed, context=context)
        wanted = Wanted(allowed, highlight=False)
        response = self._responder.respond(query, candidates, wanted, since)
        return Study(response, self._rankings(query, candidates, Leg, depth))

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
        return self._rankings(query, candidates, legs, depth)

    def _rankings(
        self, query: Query, candidates: Candidates, legs: Iterable[Leg], depth: int
    ) -> dict[Leg, list[tuple[str, float]]]:
        ids = self.index.store.ids
        found: dict[Leg, list[tuple[str, float]]] = {}
        for leg in legs:
            places: Sequence[int] = candidates.order(leg).tolist()
            if leg is Leg.FINAL:
                places, _ = self._responder.order(query, candidates)
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
