"""The recommender: gathers what speaks for articles, and fills the slots with them.

Search says which articles may answer the problem, and how surely; their links lead on to what
follows, applies and is to be said; the wording itself finds policies and scripts that no link
names. Each article gets the probability that it is wanted in a slot (`scoring`). Only what the
filters allow is ever looked at.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kbsearch.analysis.filters import normalize
from kbsearch.article import Kind
from kbsearch.recommendation import push
from kbsearch.recommendation.conversation import Problem
from kbsearch.recommendation.customer import CustomerContext
from kbsearch.recommendation.emotion import Emotion
from kbsearch.recommendation.events import Usage
from kbsearch.recommendation.graph import ArticleGraph, graph_of
from kbsearch.recommendation.scoring import (
    DECISIVE,
    DECISIVE_IF_UPSET,
    FOLLOWS,
    OPENS,
    PUSH_OPENS,
    READING_OPENS,
    Evidence,
)
from kbsearch.recommendation.slots import (
    LONGEST_SLOT,
    Candidate,
    ReasonKind,
    RecommendedArticle,
    Slot,
    fill,
)
from kbsearch.recommendation.wording import wording_of
from kbsearch.retrieval.filters import FilterArgument
from kbsearch.retrieval.response import Decision, Hit
from kbsearch.retrieval.searcher import Searcher

_HITS = 10  # looked at for slots
_ANCHORS = 6  # of them, followed along their links
_LEAST_SURE = 0.3  # anchors share one certainty, unless search knows less than this in all
_LEAST_LINK = 0.003  # what links add less than this is not looked at
_NEAR = 20  # policies and scripts looked at for their wording
_SAME = 0.95  # cosine from which two titles, or two bodies, say the same
_VIEWED = 0.5  # what was read lately is half a problem
_PUSHED = 5  # articles pushed at most
_QUERIES = 3  # recent queries that count

_Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Recommendation:
    """Articles for an agent.

    Attributes:
        query: The problem; "" if an article was given, or nothing.
        slots: Every slot in the order of acting, empty where nothing fits. Scripts come first if
            the customer is upset, or nothing solves the problem.
        decision: What search says about the problem; ``answer`` if an article was given, or
            nothing.
        snapshot_id: The snapshot that answered.
        emotion: How the customer sounds; None without words of his.
        hand_over: Whether a person with authority should take over.
    """

    query: str
    slots: Mapping[Slot, tuple[RecommendedArticle, ...]]
    decision: Decision
    snapshot_id: str
    emotion: Emotion | None = None
    hand_over: bool = False

    @property
    def first(self) -> RecommendedArticle | None:
        """The very first thing to act on; None if there is nothing."""
        return next((entry for entries in self.slots.values() for entry in entries), None)


def recommend(
    searcher: Searcher,
    *,
    problem: Problem | None,
    article_id: str | None,
    customer: CustomerContext,
    filters: FilterArgument,
    emotion: Emotion | None = None,
    usage: Usage | None = None,
) -> Recommendation:
    """Fills the slots; see `kbsearch.KnowledgeBase.recommend`.

    Without a problem and an article, what suits the customer is pushed.
    """
    desk = _Desk(searcher, searcher.allowed(filters, customer.filters()), customer, usage)
    decision = Decision.ANSWER
    if article_id is not None:
        desk.read(article_id)
    elif problem is not None:
        decision = desk.solve(problem, emotion)
    else:
        desk.push()
    slots = desk.filled()
    is_upset = emotion is not None and emotion.is_raised
    if slots[Slot.SCRIPT] and (is_upset or (problem and not slots[Slot.SOLUTION])):
        slots = {Slot.SCRIPT: slots[Slot.SCRIPT], **slots}
    return Recommendation(
        query=problem.text if problem else "",
        slots=slots,
        decision=decision,
        snapshot_id=searcher.index.manifest.snapshot_id,
        emotion=emotion,
        hand_over=emotion is not None and emotion.hand_over,
    )


class _Desk:
    """One recommendation in the making."""

    def __init__(
        self,
        searcher: Searcher,
        allowed: NDArray[np.bool_],
        customer: CustomerContext,
        usage: Usage | None,
    ) -> None:
        self._searcher = searcher
        self._index = searcher.index
        self._graph: ArticleGraph = graph_of(searcher)
        self._allowed = allowed.copy()
        self._customer = customer
        self._usage = usage
        self._evidence = Evidence()
        self._confidence: dict[int, float] = {}
        self._products = set(customer.products)
        self._is_reading = False
        self._decisive = DECISIVE

    def read(self, article_id: str) -> None:
        """Gathers what goes with an open article.

        Raises:
            ValueError: There is no such article that may be shown.
        """
        row = self._index.store.row(article_id)
        if row is None or not self._allowed[row]:
            raise ValueError(f"no article {article_id!r} that may be shown")
        self._is_reading = True
        self._allowed[row] = False
        self._products |= self._graph.cards[row].products
        self._follow({row: 1.0})
        self._compare(self._title_vector(row))

    def solve(self, problem: Problem, emotion: Emotion | None) -> Decision:
        """Gathers what goes with a problem; gives what search says about it."""
        (response,) = self._searcher.search(
            [problem.text],
            top_k=_HITS,
            allowed=self._allowed,
            context=problem.earlier,
            explain=False,
        )
        said = (*problem.settled, *problem.earlier, problem.text)
        self._products |= self._graph.products_in(" ".join(said))
        anchors = self._note_hits(response.hits)
        self._follow(anchors)
        vector = self._vector(problem.text, problem.earlier)
        self._find_by_wording(vector)
        self._compare(vector)
        if emotion is not None and emotion.is_raised:
            self._note_everywhere(Slot.SCRIPT, ReasonKind.EMOTION, 1.0)
            self._decisive = DECISIVE_IF_UPSET
        return response.decision

    def push(self) -> None:
        """Gathers what suits a customer who has asked nothing."""
        self._evidence.is_push = True
        viewed = [self._index.store.row(name) for name in self._customer.viewed]
        seen = [row for row in viewed if row is not None]
        self._allowed[seen] = False
        anchors = dict.fromkeys(seen, _VIEWED)
        queries = self._customer.recent_queries[-_QUERIES:]
        if queries:
            responses = self._searcher.search(
                [*queries, "，".join(queries)],
                top_k=_ANCHORS,
                allowed=self._allowed,
                context=(),
                explain=False,
            )
            for hit in (hit for response in responses for hit in response.hits):
                if hit.kind is not Kind.SCRIPT:
                    row = self._row(hit)
                    self._evidence.add(Slot.RELATED, row, ReasonKind.SEARCH, hit.confidence)
                    anchors[row] = max(anchors.get(row, 0.0), hit.confidence)
                    known = self._confidence.get(row, 0.0)
                    self._confidence[row] = max(known, hit.confidence)
        self._follow(anchors, only=Slot.RELATED)
        push.note(self._evidence, self._allowed, self._graph, self._customer, self._usage)
        self._compare(self._vector("，".join(queries), ()))

    def filled(self) -> dict[Slot, tuple[RecommendedArticle, ...]]:
        """The slots, filled with the most probable articles."""
        if self._usage:
            for slot, row in self._evidence.places():
                name = self._graph.cards[row].id
                if name in self._usage.articles:
                    balance = self._usage.balance(name, slot)
                    self._evidence.put(slot, row, ReasonKind.USAGE, balance)
        candidates = self._evidence.candidates()
        opens, follows, longest = OPENS, FOLLOWS, LONGEST_SLOT
        if self._evidence.is_push:
            opens, longest = PUSH_OPENS, _PUSHED
        elif self._is_reading:
            opens = follows = READING_OPENS
        elif all(each.probability < self._decisive for each in candidates):
            candidates = []
        slots = fill(
            candidates,
            opens=opens,
            follows=follows,
            is_duplicate=self._is_duplicate,
            longest=longest,
        )
        return {slot: tuple(map(self._entry, chosen)) for slot, chosen in slots.items()}

    def _note_hits(self, hits: Sequence[Hit]) -> dict[int, float]:
        """Notes what search found; gives the rows to follow, each with its share of certainty."""
        anchors: dict[int, float] = {}
        for rank, hit in enumerate(hits, start=1):
            row = self._row(hit)
            self._confidence[row] = hit.confidence
            if hit.kind is Kind.SCRIPT:
                self._evidence.add(Slot.SCRIPT, row, ReasonKind.SEARCH, hit.confidence)
                continue
            self._evidence.add(Slot.SOLUTION, row, ReasonKind.SEARCH, hit.confidence)
            if rank == 1:
                self._evidence.add(Slot.SOLUTION, row, ReasonKind.LEADING, 1.0)
            if hit.kind is Kind.POLICY:
                self._evidence.add(Slot.POLICY, row, ReasonKind.SEARCH, hit.confidence)
            self._evidence.add(Slot.RELATED, row, ReasonKind.SEARCH, hit.confidence)
            if rank <= _ANCHORS:
                anchors[row] = hit.confidence
        certainty = max(sum(anchors.values()), _LEAST_SURE)
        return {row: confidence / certainty for row, confidence in anchors.items()}

    def _follow(self, anchors: Mapping[int, float], only: Slot | None = None) -> None:
        """Notes where links lead, and what was useful in the same cases."""
        cards, allowed = self._graph.cards, self._allowed
        for anchor, certainty in anchors.items():
            for step in self._graph.steps(anchor) if certainty >= _LEAST_LINK else ():
                if certainty * step.weight >= _LEAST_LINK and allowed[step.row]:
                    if only and cards[step.row].kind is Kind.SCRIPT:
                        continue
                    self._evidence.add(
                        only or step.slot,
                        step.row,
                        ReasonKind.LINK,
                        certainty * step.weight,
                        via=cards[step.via].id,
                        relation=step.relation,
                    )
        if self._usage:
            for anchor, certainty in anchors.items():
                self._note_together(self._usage, anchor, certainty, only)

    def _note_together(
        self, usage: Usage, anchor: int, certainty: float, only: Slot | None
    ) -> None:
        """Notes what was useful in the same cases as `anchor`."""
        own = self._graph.cards[anchor].id
        for (name, used_as), share in usage.together(own).items():
            row = self._index.store.row(name)
            if row is None or not self._allowed[row]:
                continue
            usual = _SLOT_OF_KIND.get(self._graph.cards[row].kind, Slot.NEXT_STEP)
            slot = only or used_as or usual
            self._evidence.add(slot, row, ReasonKind.SOLVED, certainty * share, via=own)

    def _find_by_wording(self, vector: _Vector) -> None:
        """Policies and scripts near the problem become candidates, whether or not linked."""
        wording = wording_of(self._searcher, self._graph)
        for kind, slot in _SLOT_OF_KIND.items():
            for row in wording.nearest(kind, vector, _NEAR, self._allowed):
                self._evidence.add(slot, row, ReasonKind.SIMILAR, 0.0)

    def _compare(self, vector: _Vector) -> None:
        """Notes how near each candidate's wording is, and whether it is about the products."""
        rows = np.array(sorted(self._evidence.rows()), np.int64)
        if not len(rows):
            return
        similar = self._index.vectors.similarities(vector, rows)
        question = dict(zip(rows.tolist(), similar.question.tolist(), strict=True))
        body = dict(zip(rows.tolist(), similar.body.tolist(), strict=True))
        for slot, row in self._evidence.places():
            self._evidence.put(slot, row, ReasonKind.SIMILAR, question[row])
            self._evidence.put(slot, row, ReasonKind.BODY, body[row])
            own = self._graph.cards[row].products
            if own and self._products:
                via = min(own & self._products, default="")
                kind = ReasonKind.PRODUCT if via else ReasonKind.OTHER_PRODUCT
                self._evidence.put(slot, row, kind, 1.0, via=via)

    def _note_everywhere(self, slot: Slot, kind: ReasonKind, value: float) -> None:
        for place, row in self._evidence.places():
            if place is slot:
                self._evidence.put(slot, row, kind, value)

    def _vector(self, text: str, earlier: Sequence[str]) -> _Vector:
        """(dim,) float32 unit vector, as search makes it; zeros if no word is known."""
        share = self._searcher.settings.query.context_weight
        own, before = self._searcher.encoder.encode(
            [normalize(text), normalize("\n".join(earlier))]
        )
        vector = own + np.float32(share) * before
        length = float(np.linalg.norm(vector))
        unit: _Vector = vector / np.float32(length) if length else vector
        return unit

    def _title_vector(self, row: int) -> _Vector:
        title: _Vector = self._index.vectors.vectors.article(row).matrix[0]
        return title

    def _is_duplicate(self, row: int, placed: Sequence[int]) -> bool:
        """Whether an article about the same products has nearly the same title and body."""
        products = self._graph.cards[row].products
        return any(
            self._graph.cards[other].products == products and self._says_the_same(row, other)
            for other in placed
        )

    def _says_the_same(self, row: int, other: int) -> bool:
        if float(self._title_vector(row) @ self._title_vector(other)) < _SAME:
            return False
        one, two = (self._index.vectors.vectors.article(each) for each in (row, other))
        has_body = [bool(each.is_body[-1]) for each in (one, two)]
        if not all(has_body):
            return not any(has_body)
        return float(one.matrix[-1] @ two.matrix[-1]) >= _SAME

    def _row(self, hit: Hit) -> int:
        row = self._index.store.row(hit.article_id)
        if row is None:  # search only finds what the store has
            raise KeyError(hit.article_id)
        return row

    def _entry(self, candidate: Candidate) -> RecommendedArticle:
        card = self._graph.cards[candidate.row]
        reasons = self._evidence.reasons(candidate.slot, candidate.row)
        link = next((reason for reason in reasons if reason.relation), None)
        return RecommendedArticle(
            article_id=card.id,
            title=card.title,
            kind=card.kind,
            confidence=self._confidence.get(candidate.row),
            relation=link.relation if link else None,
            via=link.via if link else "",
            reasons=reasons,
        )


_SLOT_OF_KIND = {Kind.POLICY: Slot.POLICY, Kind.SCRIPT: Slot.SCRIPT}
