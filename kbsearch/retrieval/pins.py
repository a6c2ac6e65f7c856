"""Pins: articles that an editor puts first, or keeps out, for some queries."""

from collections.abc import Sequence
from typing import NamedTuple

from kbsearch.analysis.dictionaries import PinRule
from kbsearch.analysis.filters import normalize
from kbsearch.retrieval.query import MAX_CHARACTERS


class Ruling(NamedTuple):
    """What the rules say about one query; an article in both is blocked.

    Attributes:
        pinned: Ids of the articles that come first, in order.
        blocked: Ids of the articles that are not shown.
    """

    pinned: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()


_NOTHING = Ruling()


class Pins:
    """The rules of one knowledge base (`kbsearch.analysis.dictionaries` has their form)."""

    def __init__(self, rules: Sequence[PinRule] = ()) -> None:
        self._rules = tuple(rules)

    def ruling(self, text: str) -> Ruling:
        """What the rules say about the query `text`, those of all that fit it together."""
        if not self._rules:
            return _NOTHING
        normalized = normalize(text[:MAX_CHARACTERS])
        pinned: dict[str, None] = {}
        blocked: dict[str, None] = {}
        for rule in self._rules:
            if rule.found_in(normalized):
                (blocked if rule.blocks else pinned).update(dict.fromkeys(rule.articles))
        return Ruling(tuple(pinned), tuple(blocked))

    def touched(self, text: str) -> bool:
        """Whether any rule fits the query `text`."""
        return self.ruling(text) != _NOTHING
