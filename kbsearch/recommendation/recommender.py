"""The recommender: slots filled from search and from the links between articles.

The best hits are the solution; the links of the first of them lead on to the next step, the policy
that applies, the wording, and what else may help. A slot stays empty rather than wrong: only hits
confident enough to be suggested count, and only links that an editor made are followed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from kbsearch.article import Article, Kind, Relation
from kbsearch.recommendation.customer import CustomerContext
from kbsearch.retrieval.filters import FilterArgument
from kbsearch.retrieval.response import Decision, Hit
from kbsearch.retrieval.searcher import Searcher

_HITS = 10  # looked at for slots
_LONGEST_SLOT = 3


class Slot(StrEnum):
    """What an agent does with an article, in the order of acting."""

    SOLUTION = "solution"
    NEXT_STEP = "next_step"
    POLICY = "policy"
    SCRIPT = "script"
    RELATED = "related"


_SLOT_OF_RELATION = {
    Relation.SOLVES: Slot.RELATED,
    Relation.NEXT_STEP: Slot.NEXT_STEP,
    Relation.POLICY: Slot.POLICY,
    Relation.SCRIPT: Slot.SCRIPT,
    Relation.SEE_ALSO: Slot.RELATED,
}
_SLOT_OF_KIND = {Kind.POLICY: Slot.POLICY, Kind.SCRIPT: Slot.SCRIPT}


@dataclass(frozen=True, slots=True)
class RecommendedArticle:
    """One article in a slot, and why it is there.

    Attributes:
        article_id: Id of the article.
        title: Its title.
        kind: Its kind.
        confidence: Probability that it answers the problem; None if a link led to it.
        relation: The link that led to it; None if search found it.
        via: Id of the article with that link; "" if search found it.
    """

    article_id: str
    title: str
    kind: Kind
    confidence: float | None = None
    relation: Relation | None = None
    via: str = ""


@dataclass(frozen=True, slots=True)
class Recommendation:
    """Articles for an agent.

    Attributes:
        query: The problem; "" if an article was given.
        slots: Every slot in the order of acting, empty where nothing fits.
        decision: What search says about the problem; ``answer`` if an article was given.
        snapshot_id: The snapshot that answered.
    """

    query: str
    slots: Mapping[Slot, tuple[RecommendedArticle, ...]]
    decision: Decision
    snapshot_id: str


def recommend(
    searcher: Searcher,
    *,
    text: str | None,
    earlier: Sequence[str],
    article_id: str | None,
    customer: CustomerContext,
    filters: FilterArgument,
) -> Recommendation:
    """Fills the slots; see `kbsearch.KnowledgeBase.recommend`."""
    allowed = searcher.allowed(filters, customer.filters())
    slots = _Slots(searcher, allowed)
    decision = Decision.ANSWER
    if article_id is not None:
        article = slots.article(article_id)
        if article is None:
            raise ValueError(f"no article {article_id!r} that may be shown")
        slots.skip(article_id)
        slots.follow(article)
    else:
        (response,) = searcher.search(
            [text or ""], top_k=_HITS, allowed=allowed, context=earlier, explain=False
        )
        decision = response.decision
        suggest = searcher.settings.decision.suggest
        good = [hit for hit in response.hits if hit.confidence >= suggest]
        slots.place(_owned_first(good, slots, customer.products))
    return Recommendation(text or "", slots.filled(), decision, searcher.index.manifest.snapshot_id)


class _Slots:
    """Slots being filled; no article stands in two of them."""

    def __init__(self, searcher: Searcher, allowed: NDArray[np.bool_]) -> None:
        self._store = searcher.index.store
        self._allowed = allowed
        self._slots: dict[Slot, list[RecommendedArticle]] = {slot: [] for slot in Slot}
        self._seen: set[str] = set()

    def article(self, article_id: str) -> Article | None:
        """An article that may be shown; None if it is filtered out or unknown."""
        row = self._store.row(article_id)
        return self._store.article(row) if row is not None and self._allowed[row] else None

    def skip(self, article_id: str) -> None:
        """Keeps an article out of all slots."""
        self._seen.add(article_id)

    def place(self, hits: Sequence[Hit]) -> None:
        """Puts hits into slots by kind, then follows the links of the first solution, or hit."""
        for hit in hits:
            slot = _SLOT_OF_KIND.get(hit.kind, Slot.SOLUTION)
            self._add(slot, RecommendedArticle(hit.article_id, hit.title, hit.kind, hit.confidence))
        anchors = [entry.article_id for entry in self._slots[Slot.SOLUTION]]
        anchors += [hit.article_id for hit in hits]
        first = self.article(anchors[0]) if anchors else None
        if first:
            self.follow(first)

    def follow(self, article: Article) -> None:
        """Adds what the article links to."""
        for link in article.links:
            slot = _SLOT_OF_RELATION.get(link.rel)
            target = self.article(link.id)
            if slot and target:
                self._add(
                    slot,
                    RecommendedArticle(
                        target.id, target.title, target.kind, relation=link.rel, via=article.id
                    ),
                )

    def filled(self) -> dict[Slot, tuple[RecommendedArticle, ...]]:
        """All slots, each at most `_LONGEST_SLOT` long."""
        return {slot: tuple(entries) for slot, entries in self._slots.items()}

    def _add(self, slot: Slot, entry: RecommendedArticle) -> None:
        is_full = len(self._slots[slot]) == _LONGEST_SLOT
        if entry.article_id not in self._seen and not is_full:
            self._seen.add(entry.article_id)
            self._slots[slot].append(entry)


def _owned_first(hits: Iterable[Hit], slots: _Slots, owned: Sequence[str]) -> list[Hit]:
    """Hits about products the customer owns, then the others, each in their order."""

    def is_other(hit: Hit) -> bool:
        article = slots.article(hit.article_id)
        return not (article and set(article.products) & set(owned))

    return sorted(hits, key=is_other)
