"""Push: what speaks for articles before a customer has asked anything.

Recent queries and articles are the main evidence, then what the customer owns, who he is and what
time of the year it is; new customers of whom nothing is known get the guides to begin with.
"""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kbsearch.article import Audience, Kind
from kbsearch.recommendation.customer import CustomerContext
from kbsearch.recommendation.events import Usage
from kbsearch.recommendation.graph import ArticleGraph
from kbsearch.recommendation.scoring import Evidence
from kbsearch.recommendation.slots import ReasonKind, Slot

_NEW_FOR_DAYS = 45  # an article that began to hold so lately is news
_NEWS = 0.3  # of what a word of the season counts
_BEGIN_WITH = ("首次", "入门", "新手", "新人", "快速", "开始", "设置", "激活", "怎么选")


class Season(NamedTuple):
    """A time of the year and the words of what is needed then."""

    name: str
    months: frozenset[int]
    words: tuple[str, ...]


def note(
    evidence: Evidence,
    allowed: NDArray[np.bool_],
    graph: ArticleGraph,
    customer: CustomerContext,
    usage: Usage | None,
) -> None:
    """Notes what the customer, the season and others like him say of articles.

    Args:
        evidence: Where it is noted.
        allowed: (articles,) bool: which may be shown.
        graph: The articles.
        customer: What is known of him.
        usage: What events teach; None leaves them out.
    """
    add = _Adder(evidence, allowed, graph)
    day = customer.day
    for product in customer.products:
        add(graph.with_product(product), ReasonKind.PRODUCT, via=product)
    for season in _seasons():
        if day.month in season.months:
            add(graph.mentioning(season.words), ReasonKind.SEASON, via=season.name)
    news = graph.begun(day.toordinal() - _NEW_FOR_DAYS, day.toordinal())
    add(news, ReasonKind.SEASON, _NEWS, day.isoformat())
    if customer.segment:
        own = graph.for_segment(customer.segment)
        add(own, ReasonKind.SEGMENT, via=str(customer.segment))
    add(_beginning(customer, graph), ReasonKind.DEFAULT)
    if usage:
        _note_usage(add, customer, usage)


class _Adder:
    """Adds reasons for articles that may be shown and are no scripts."""

    def __init__(self, evidence: Evidence, allowed: NDArray[np.bool_], graph: ArticleGraph) -> None:
        self._evidence = evidence
        self._may_add = allowed & ~graph.is_kind(Kind.SCRIPT)
        self._graph = graph

    def __call__(
        self, rows: Iterable[int], kind: ReasonKind, value: float = 1.0, via: str = ""
    ) -> None:
        for row in rows:
            if self._may_add[row]:
                self._evidence.add(Slot.RELATED, row, kind, value, via=via)

    def shares(self, shares: Mapping[str, float], kind: ReasonKind, via: str) -> None:
        for article, share in shares.items():
            self(self._graph.rows_of([article]), kind, share, via)


def _note_usage(add: _Adder, customer: CustomerContext, usage: Usage) -> None:
    """What others needed: in this month, in this segment, after the same articles."""
    month = customer.day.month
    add.shares(usage.in_month(month), ReasonKind.SEASON, f"{month:02}")
    if customer.segment:
        alike = usage.in_segment(customer.segment)
        add.shares(alike, ReasonKind.SEGMENT, str(customer.segment))
    for before in customer.viewed:
        add.shares(usage.read_next(before), ReasonKind.VIEWED, before)


def _beginning(customer: CustomerContext, graph: ArticleGraph) -> tuple[int, ...]:
    """Articles with which a new customer begins: those about his products, or any."""
    is_new = customer.segment in {Audience.NEW, None}
    if not is_new or customer.recent_queries or customer.viewed:
        return ()
    guides = np.flatnonzero(graph.is_kind(Kind.GUIDE)).tolist()
    rows = {*guides, *graph.mentioning(_BEGIN_WITH)}
    if customer.products:
        rows &= {row for name in customer.products for row in graph.with_product(name)}
    return tuple(sorted(rows))


@cache
def _seasons() -> tuple[Season, ...]:
    source = resources.files(__package__).joinpath("season.toml")
    tables = tomllib.loads(source.read_text(encoding="utf-8"))["season"]
    return tuple(
        Season(table["name"], frozenset(table["months"]), tuple(table["words"])) for table in tables
    )
