"""The desk: everything that speaks for articles, gathered before slots are filled with them.

Search says which articles may answer the problem; the most probable ones vote, by their links, on
what follows, applies and is to be said; the wording itself finds policies and scripts that no link
names. Only what the filters allow is ever looked at.
"""

from collections.abc import Mapping, Sequence

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
from kbsearch.recommendation.scoring import Evidence, ScoringModel, Situation
from kbsearch.recommendation.slots import ReasonKind, Slot
from kbsearch.recommendation.wording import wording_of
from kbsearch.retrieval.response import Decision, Hit
from kbsearch.retrieval.searcher import Searcher

_HITS = 10  # looked at for slots
_ANCHORS = 6  # of them, followed along their links
_LEAST_SURE = 0.3  # anchors share one certainty, unless less than this is known in all
_LEAST_LINK = 0.003  # what links add less than this is not looked at
_NEAR = 20  # policies and scripts looked at for their wording
_VIEWED = 0.5  # what was read lately is half a problem
_QUERIES = 3  # recent queries that count
_SLOT_OF_KIND = {Kind.POLICY: Slot.POLICY, Kind.SCRIPT: Slot.SCRIPT}
_AROUND = (Slot.NEXT_STEP, Slot.POLICY, Slot.RELATED)  # filled around the solution

Vector = NDArray[np.float32]


class Desk:
    """One recommendation in the making.

    Args:
        searcher: What searches.
        allowed: (articles,) bool: which may be shown.
        customer: Who asks.
        usage: What events teach; None leaves them out.
        model: What each reason counts.

    Attributes:
        evidence: What speaks for articles.
        confidence: Row to the confidence with which search found it.
    """

    def __init__(
        self,
        searcher: Searcher,
        allowed: NDArray[np.bool_],
        customer: CustomerContext,
        usage: Usage | None,
        model: ScoringModel,
    ) -> None:
        self._searcher = searcher
        self._index = searcher.index
        self._graph: ArticleGraph = graph_of(searcher)
        self._allowed = allowed.copy()
        self._customer = customer
        self._usage = usage
        self._products = set(customer.products)
        self.evidence = Evidence(model=model)
        self.confidence: dict[int, float] = {}

    def gather(
        self, problem: Problem | None, article_id: str | None, emotion: Emotion | None
    ) -> Decision:
        """Gathers what goes with an open article, with a problem or, without both, the customer.

        Returns:
            What search says about the problem; ``answer`` without one.

        Raises:
            ValueError: There is no such article that may be shown.
        """
        decision = Decision.ANSWER
        if article_id is not None:
            self._read(article_id)
        elif problem is not None:
            decision = self._solve(problem, emotion)
        else:
            self._push()
        self._note_usage()
        return decision

    def _read(self, article_id: str) -> None:
        """Gathers what goes with an open article."""
        row = self._index.store.row(article_id)
        if row is None or not self._allowed[row]:
            raise ValueError(f"no article {article_id!r} that may be shown")
        self.evidence.situation = Situation.READING
        self._allowed[row] = False
        self._products |= self._graph.cards[row].products
        self._follow({row: 1.0})
        self._compare(self._title_vector(row))
        self._note_links()

    def _solve(self, problem: Problem, emotion: Emotion | None) -> Decision:
        """Gathers what goes with a problem; gives what search says about it."""
        (response,) = self._searcher.search(
            [problem.text],
            top_k=_HITS,
            allowed=self._allowed,
            context=problem.earlier,
            explain=False,
            highlight=False,
        )
        said = (*problem.settled, *problem.earlier, problem.text)
        self._products |= self._graph.products_in(" ".join(said))
        vector = self._vector(problem.text, problem.earlier)
        self._note_hits(response.hits)
        self._hear(problem)
        self._compare(vector)
        answers = {each.row: each.probability for each in self.evidence.candidates(Slot.SOLUTION)}
        first = sorted(answers.items(), key=lambda pair: (-pair[1], pair[0]))[:_ANCHORS]
        certainty = max(sum(probability for _, probability in first), _LEAST_SURE)
        self._follow({row: probability / certainty for row, probability in first})
        self._find_by_wording(vector)
        self._compare(vector)
        self._note_links()
        for slot in _AROUND:
            for row in answers:
                if self.evidence.values(slot, row):
                    self.evidence.put(slot, row, ReasonKind.ANSWER, answers[row])
        if emotion is not None and emotion.is_raised:
            for slot, row in self.evidence.places(Slot.SCRIPT):
                self.evidence.put(slot, row, ReasonKind.EMOTION, 1.0)
        return response.decision

    def _push(self) -> None:
        """Gathers what suits a customer who has asked nothing."""
        self.evidence.situation = Situation.PUSH
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
                highlight=False,
            )
            for hit in (hit for response in responses for hit in response.hits):
                if hit.kind is not Kind.SCRIPT:
                    row = self._row(hit)
                    self.evidence.add(Slot.RELATED, row, ReasonKind.SEARCH, hit.confidence)
                    anchors[row] = max(anchors.get(row, 0.0), hit.confidence)
                    known = self.confidence.get(row, 0.0)
                    self.confidence[row] = max(known, hit.confidence)
        self._follow(anchors, only=Slot.RELATED)
        push.note(self.evidence, self._allowed, self._graph, self._customer, self._usage)
        self._compare(self._vector("，".join(queries), ()))

    def _note_usage(self) -> None:
        """Notes what agents did with the candidates before."""
        for slot, row in self.evidence.places() if self._usage else ():
            name = self._graph.cards[row].id
            if self._usage and name in self._usage.articles:
                balance = self._usage.balance(name, slot)
                self.evidence.put(slot, row, ReasonKind.USAGE, balance)

    def _note_hits(self, hits: Sequence[Hit]) -> None:
        """Notes what search found; of two that are equally good none leads."""
        is_tied = len(hits) > 1 and hits[0].score == hits[1].score
        for rank, hit in enumerate(hits, start=1):
            row = self._row(hit)
            self.confidence[row] = hit.confidence
            slots = [Slot.SCRIPT] if hit.kind is Kind.SCRIPT else [Slot.SOLUTION, Slot.RELATED]
            if hit.kind is Kind.POLICY:
                slots.append(Slot.POLICY)
            for slot in slots:
                self.evidence.add(slot, row, ReasonKind.SEARCH, hit.confidence)
            if rank == 1 and not is_tied and hit.kind is not Kind.SCRIPT:
                self.evidence.add(Slot.SOLUTION, row, ReasonKind.LEADING, 1.0)

    def _hear(self, problem: Problem) -> None:
        """Notes which solutions are near what the agent said, or near what is past."""
        rows = np.array([row for _, row in self.evidence.places(Slot.SOLUTION)], np.int64)
        advice = ("，".join(problem.advice),) if problem.advice else ()
        past = (*problem.settled, *problem.earlier)
        for kind, texts in ((ReasonKind.ADVICE, advice), (ReasonKind.SETTLED, past)):
            if not texts or not len(rows):
                continue
            vectors = self._searcher.encoder.encode([normalize(text) for text in texts])
            near = [self._index.vectors.similarities(each, rows).question for each in vectors]
            for row, value in zip(rows.tolist(), np.max(near, axis=0).tolist(), strict=True):
                self.evidence.put(Slot.SOLUTION, row, kind, value)

    def _follow(self, anchors: Mapping[int, float], only: Slot | None = None) -> None:
        """Notes where links lead, and what was useful in the same cases."""
        cards, allowed = self._graph.cards, self._allowed
        for anchor, certainty in anchors.items():
            for step in self._graph.steps(anchor) if certainty >= _LEAST_LINK else ():
                if certainty * step.weight >= _LEAST_LINK and allowed[step.row]:
                    if only and cards[step.row].kind is Kind.SCRIPT:
                        continue
                    self.evidence.add(
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
            self.evidence.add(slot, row, ReasonKind.SOLVED, certainty * share, via=own)

    def _note_links(self) -> None:
        """Notes of candidates whether links put them elsewhere, and how many lead there at all."""
        places = self.evidence.places()
        links: dict[int, list[tuple[float, Slot]]] = {}
        for slot, row in places:
            link = self.evidence.values(slot, row).get(ReasonKind.LINK)
            if link:
                links.setdefault(row, []).append((link, slot))
        for slot, row in places:
            if slot is Slot.SOLUTION:
                continue
            aside = max((link for link, own in links.get(row, ()) if own is not slot), default=0)
            if aside:
                self.evidence.put(slot, row, ReasonKind.ASIDE, aside)
            self.evidence.put(slot, row, ReasonKind.HUB, self._graph.hub(row, slot))
            if self._graph.cards[row].kind is Kind.POLICY:
                self.evidence.put(slot, row, ReasonKind.RULE, 1.0)

    def _find_by_wording(self, vector: Vector) -> None:
        """Policies and scripts near the problem become candidates, whether or not linked."""
        wording = wording_of(self._searcher, self._graph)
        for kind, slot in _SLOT_OF_KIND.items():
            for row in wording.nearest(kind, vector, _NEAR, self._allowed):
                self.evidence.consider(slot, row)

    def _compare(self, vector: Vector) -> None:
        """Notes how near the wording of new candidates is, and whether it is about the products."""
        places = [
            place
            for place in self.evidence.places()
            if ReasonKind.SIMILAR not in self.evidence.values(*place)
        ]
        rows = np.array(sorted({row for _, row in places}), np.int64)
        if not len(rows):
            return
        similar = self._index.vectors.similarities(vector, rows)
        question = dict(zip(rows.tolist(), similar.question.tolist(), strict=True))
        body = dict(zip(rows.tolist(), similar.body.tolist(), strict=True))
        for slot, row in places:
            self.evidence.put(slot, row, ReasonKind.SIMILAR, question[row])
            self.evidence.put(slot, row, ReasonKind.BODY, body[row])
            own = self._graph.cards[row].products
            if own and self._products:
                via = min(own & self._products, default="")
                kind = ReasonKind.PRODUCT if via else ReasonKind.OTHER_PRODUCT
                self.evidence.put(slot, row, kind, 1.0, via=via)

    def _vector(self, text: str, earlier: Sequence[str]) -> Vector:
        """(dim,) float32 unit vector, as search makes it; zeros if no word is known."""
        share = self._searcher.settings.query.context_weight
        own, before = self._searcher.encoder.encode(
            [normalize(text), normalize("\n".join(earlier))]
        )
        vector = own + np.float32(share) * before
        length = float(np.linalg.norm(vector))
        unit: Vector = vector / np.float32(length) if length else vector
        return unit

    def _title_vector(self, row: int) -> Vector:
        title: Vector = self._index.vectors.vectors.article(row).matrix[0]
        return title

    def _row(self, hit: Hit) -> int:
        row = self._index.store.row(hit.article_id)
        if row is None:  # search only finds what the store has
            raise KeyError(hit.article_id)
        return row
