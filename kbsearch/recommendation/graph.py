"""The article graph: where the links of editors lead, forwards and back, and what they imply.

Weights of links are the shares of link targets that the joiners of the dev sets of `eval/` wanted
in a slot when the problem's article was known, rounded.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from kbsearch.article import Article, Audience, Kind, Relation
from kbsearch.recommendation.slots import Slot
from kbsearch.retrieval.searcher import Searcher

_DECAY = 0.35  # of what is reached over an article between
_FAINT = 0.01  # what is reached with less is not worth its time
_INFERRED = 0.1  # shared product and category, no link
_HUB = 30  # links that make an article a hub
_INFERRED_MOST = 20  # articles that share; more mean that the category says little

_Weights = Mapping[Slot, float]
_ANY = None  # every other kind


class Card(NamedTuple):
    """What recommendation needs to know of an article."""

    id: str
    title: str
    kind: Kind
    category: str
    products: frozenset[str]
    audience: frozenset[Audience]
    topic: str  # title, category and tags
    begins: int  # first day it holds, as proleptic Gregorian ordinal; 0 if it always has


class Step(NamedTuple):
    """Evidence that a link, or what is implied by one, gives for an article in a slot.

    Attributes:
        row: The article.
        slot: Where it would stand.
        weight: Probability that it is wanted there if the first article answers, 0 to 1.
        via: Row of the article with the link.
        relation: The link; None if product and category only are shared.
    """

    row: int
    slot: Slot
    weight: float
    via: int
    relation: Relation | None


# Relation → kind of the target → slot → weight.
_FORWARD: Mapping[Relation, Mapping[Kind | None, _Weights]] = {
    Relation.NEXT_STEP: {
        Kind.SCRIPT: {Slot.SCRIPT: 0.5},
        _ANY: {Slot.NEXT_STEP: 0.75, Slot.RELATED: 0.2},
    },
    Relation.POLICY: {_ANY: {Slot.POLICY: 0.7, Slot.RELATED: 0.1}},
    Relation.SCRIPT: {_ANY: {Slot.SCRIPT: 0.75}},
    Relation.SOLVES: {_ANY: {Slot.NEXT_STEP: 0.3, Slot.RELATED: 0.45}},
    Relation.SEE_ALSO: {
        Kind.POLICY: {Slot.POLICY: 0.3, Slot.RELATED: 0.2},
        Kind.SCRIPT: {Slot.SCRIPT: 0.5},
        Kind.GUIDE: {Slot.NEXT_STEP: 0.3, Slot.RELATED: 0.45, Slot.SOLUTION: 0.1},
        Kind.FAQ: {Slot.RELATED: 0.5},
        _ANY: {Slot.RELATED: 0.33},
    },
}
# The same for articles that link here.
_BACKWARD: Mapping[Relation, Mapping[Kind | None, _Weights]] = {
    Relation.SOLVES: {
        Kind.SCRIPT: {Slot.SCRIPT: 0.9},
        Kind.POLICY: {Slot.POLICY: 0.8},
        _ANY: {Slot.SOLUTION: 0.35, Slot.NEXT_STEP: 0.4, Slot.RELATED: 0.65},
    },
    Relation.SEE_ALSO: {
        Kind.SCRIPT: {Slot.SCRIPT: 0.65},
        Kind.POLICY: {Slot.POLICY: 0.4, Slot.RELATED: 0.15},
        Kind.GUIDE: {Slot.NEXT_STEP: 0.15, Slot.RELATED: 0.35},
        Kind.FAQ: {Slot.RELATED: 0.35},
        _ANY: {Slot.RELATED: 0.2},
    },
    Relation.POLICY: {
        Kind.SCRIPT: {Slot.SCRIPT: 0.45},
        Kind.POLICY: {Slot.POLICY: 0.3},
        Kind.GUIDE: {Slot.NEXT_STEP: 0.5, Slot.RELATED: 0.4},
        _ANY: {Slot.RELATED: 0.25},
    },
    Relation.NEXT_STEP: {
        Kind.SCRIPT: {Slot.SCRIPT: 0.2},
        Kind.POLICY: {Slot.POLICY: 0.2},
        Kind.GUIDE: {Slot.NEXT_STEP: 0.3},
        _ANY: {Slot.RELATED: 0.1},
    },
    Relation.SCRIPT: {Kind.SCRIPT: {Slot.SCRIPT: 0.3}, _ANY: {Slot.RELATED: 0.1}},
}
_RELATION = {
    Slot.NEXT_STEP: Relation.NEXT_STEP,
    Slot.POLICY: Relation.POLICY,
    Slot.SCRIPT: Relation.SCRIPT,
    Slot.RELATED: Relation.SEE_ALSO,
}
_SLOT_OF_KIND = {Kind.POLICY: Slot.POLICY, Kind.SCRIPT: Slot.SCRIPT}


@dataclass(frozen=True)
class ArticleGraph:
    """All articles of a snapshot and the links between them.

    Attributes:
        cards: Each row's article.
        links: Row → its links as (row, relation), in the editor's order.
    """

    cards: tuple[Card, ...]
    links: tuple[tuple[tuple[int, Relation], ...], ...]

    @classmethod
    def of(cls, articles: Iterable[Article]) -> "ArticleGraph":
        """The graph of articles in row order; links to articles that are not there lead nowhere."""
        listed = [*articles]
        rows = {article.id: row for row, article in enumerate(listed)}
        return cls(
            tuple(_card(article) for article in listed),
            tuple(
                tuple((rows[link.id], link.rel) for link in article.links if link.id in rows)
                for article in listed
            ),
        )

    def steps(self, row: int) -> tuple[Step, ...]:
        """All that speaks for other articles if `row` answers: its neighbours and theirs."""
        known = self._steps.get(row)
        if known is None:
            near = self._neighbours(row)
            known = self._steps[row] = (*near, *self._further(row, near), *self._implied(row))
        return known

    def hub(self, row: int, slot: Slot) -> float:
        """How many articles lead here by the link of a slot, on a logarithmic scale from 0 to 1."""
        return self._hubs[slot][row]

    def with_product(self, product: str) -> tuple[int, ...]:
        """Rows of the articles about a product."""
        return self._by_product.get(product, ())

    def for_segment(self, segment: Audience) -> tuple[int, ...]:
        """Rows of the articles written for a segment, and not for everybody."""
        return self._by_segment.get(segment, ())

    def mentioning(self, words: tuple[str, ...]) -> tuple[int, ...]:
        """Rows of the articles that have one of the words in title, category or tags."""
        known = self._mentions.get(words)
        if known is None:
            known = self._mentions[words] = tuple(
                row
                for row, card in enumerate(self.cards)
                if any(word in card.topic for word in words)
            )
        return known

    def begun(self, first: int, last: int) -> tuple[int, ...]:
        """Rows of the articles that hold since a day between two, both included (ordinals)."""
        begins = self._begins
        rows: list[int] = np.flatnonzero((begins >= first) & (begins <= last)).tolist()
        return tuple(rows)

    def rows_of(self, ids: Iterable[str]) -> tuple[int, ...]:
        """Rows of the articles that are here."""
        return tuple(self._rows[name] for name in ids if name in self._rows)

    def products_in(self, text: str) -> frozenset[str]:
        """Products that a text names, however it writes blanks and capitals."""
        plain = _plain(text)
        return frozenset(name for name, written in self._plain_products.items() if written in plain)

    def is_kind(self, kind: Kind) -> NDArray[np.bool_]:
        """(articles,) bool."""
        return self._kinds[kind]

    def _neighbours(self, row: int) -> tuple[Step, ...]:
        known = self._near.get(row)
        if known is None:
            known = self._near[row] = tuple(
                Step(target, slot, weight, row, relation)
                for table, linked in ((_FORWARD, self.links), (_BACKWARD, self._back))
                for target, relation in linked[row]
                for slot, weight in _weights(table, relation, self.cards[target].kind).items()
            )
        return known

    def _further(self, row: int, near: Iterable[Step]) -> Iterator[Step]:
        """Over each neighbour once, by its best link."""
        best: dict[int, float] = {}
        for step in near:
            best[step.row] = max(best.get(step.row, 0), step.weight)
        for between, weight in best.items():
            for target, slot, next_weight, via, relation in self._neighbours(between):
                reached = next_weight * weight * _DECAY
                if reached >= _FAINT and target != row and target not in best:
                    yield Step(target, slot, reached, via, relation)

    def _implied(self, row: int) -> Iterator[Step]:
        card = self.cards[row]
        alike = self._by_category[card.category] if card.category else ()
        if len(alike) > _INFERRED_MOST:
            return
        linked = {target for links in (self.links, self._back) for target, _ in links[row]}
        for other in alike:
            shares = card.products & self.cards[other].products
            if other != row and other not in linked and shares:
                slot = _SLOT_OF_KIND.get(self.cards[other].kind, Slot.RELATED)
                yield Step(other, slot, _INFERRED, row, None)

    @cached_property
    def _hubs(self) -> Mapping[Slot, tuple[float, ...]]:
        counts = {slot: [0] * len(self.cards) for slot in Slot}
        for row, links in enumerate(self._back):
            for slot, relation in _RELATION.items():
                counts[slot][row] = sum(each is relation for _, each in links)
        most = math.log1p(_HUB)
        return {
            slot: tuple(min(1.0, math.log1p(count) / most) for count in own)
            for slot, own in counts.items()
        }

    @cached_property
    def _by_segment(self) -> Mapping[Audience, tuple[int, ...]]:
        groups: dict[Audience, list[int]] = defaultdict(list)
        for row, card in enumerate(self.cards):
            for segment in card.audience:
                groups[segment].append(row)
        return {segment: tuple(rows) for segment, rows in groups.items()}

    @cached_property
    def _mentions(self) -> dict[tuple[str, ...], tuple[int, ...]]:
        return {}

    @cached_property
    def _begins(self) -> NDArray[np.int64]:
        return np.array([card.begins for card in self.cards], np.int64)

    @cached_property
    def _rows(self) -> Mapping[str, int]:
        return {card.id: row for row, card in enumerate(self.cards)}

    @cached_property
    def _plain_products(self) -> Mapping[str, str]:
        return {name: _plain(name) for name in sorted(self._by_product)}

    @cached_property
    def _kinds(self) -> Mapping[Kind, NDArray[np.bool_]]:
        kinds = np.array([card.kind.value for card in self.cards])
        return {kind: kinds == kind.value for kind in Kind}

    @cached_property
    def _near(self) -> dict[int, tuple[Step, ...]]:
        return {}

    @cached_property
    def _steps(self) -> dict[int, tuple[Step, ...]]:
        return {}

    @cached_property
    def _back(self) -> tuple[tuple[tuple[int, Relation], ...], ...]:
        back: list[list[tuple[int, Relation]]] = [[] for _ in self.cards]
        for row, links in enumerate(self.links):
            for target, relation in links:
                back[target].append((row, relation))
        return tuple(tuple(links) for links in back)

    @cached_property
    def _by_category(self) -> Mapping[str, tuple[int, ...]]:
        return _grouped((card.category, row) for row, card in enumerate(self.cards))

    @cached_property
    def _by_product(self) -> Mapping[str, tuple[int, ...]]:
        return _grouped(
            (name, row) for row, card in enumerate(self.cards) for name in card.products
        )


_graphs: "WeakKeyDictionary[Searcher, ArticleGraph]" = WeakKeyDictionary()


def graph_of(searcher: Searcher) -> ArticleGraph:
    """The graph of a searcher's snapshot, built at the first call."""
    graph = _graphs.get(searcher)
    if graph is None:
        graph = _graphs[searcher] = ArticleGraph.of(searcher.index.store.articles())
    return graph


def _card(article: Article) -> Card:
    return Card(
        article.id,
        article.title,
        article.kind,
        article.category,
        frozenset(article.products),
        frozenset(article.audience),
        " ".join((article.title, article.category, *article.tags)),
        article.valid_from.toordinal() if article.valid_from else 0,
    )


def _plain(text: str) -> str:
    return "".join(text.split()).casefold()


def _weights(
    table: Mapping[Relation, Mapping[Kind | None, _Weights]], relation: Relation, kind: Kind
) -> _Weights:
    """Nothing for relations that lead nowhere: a newer article does not lead back to the old."""
    by_kind = table.get(relation, {})
    return by_kind.get(kind) or by_kind.get(_ANY, {})


def _grouped(pairs: Iterable[tuple[str, int]]) -> dict[str, tuple[int, ...]]:
    groups: dict[str, list[int]] = defaultdict(list)
    for name, row in pairs:
        groups[name].append(row)
    return {name: tuple(rows) for name, rows in groups.items()}
