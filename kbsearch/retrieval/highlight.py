"""Highlights: the characters of an article's own text that matched."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from kbsearch.analysis.analyzer import Analyzer
from kbsearch.analysis.filters import fold_characters
from kbsearch.article import Article
from kbsearch.retrieval.response import Highlight, Span

_LONGEST_PIECE = 100  # characters of body shown
_PREPARED = (
    1024  # long texts kept at hand, a few kilobytes each: what is asked often is shown often
)
# What is longer than a piece is cut, or its end would never be shown.
_SENTENCE = re.compile(rf"[^。！？!?；;\n]{{1,{_LONGEST_PIECE}}}[。！？!?；;]?")
_CONNECTORS = "-_/&' "  # may stand in a code, and are no part of its term


class Highlighter:
    """Finds what matched in an article.

    The piece of a long text that is worth showing is found by a search for the terms' characters;
    what is marked in it comes from the analyzer, so that a word inside another is not marked.

    Args:
        analyzer: As the articles were analysed.
        weights: Term that may match to its weight, such as its idf.
    """

    def __init__(self, analyzer: Analyzer, weights: Mapping[str, float]) -> None:
        self._analyzer = analyzer
        self._weights = weights
        self._longest_first = sorted(weights, key=lambda term: (-len(term), term))

    def highlights(self, article: Article, matched_question: str) -> tuple[Highlight, ...]:
        """Title, nearest question and best piece of body and captions, where they match."""
        texts = article.field_texts()
        whole = [("title", article.title), ("questions", matched_question)]
        pieces = [
            (name, text, Span(0, len(text)))
            for name, text in whole[: 1 + (matched_question != article.title)]
            if self._matches(_folded(text))
        ]
        for name in ("body", "captions"):
            pieces += [(name, text, piece) for text in texts[name] if (piece := self._best(text))]
        found = (self._highlight(*piece) for piece in pieces)
        return tuple(highlight for highlight in found if highlight.spans)

    def _highlight(self, field: str, text: str, piece: Span) -> Highlight:
        shown = text[piece.start : piece.end]
        wanted = {term for _, term in self._matches(_folded(shown))}
        spans = [Span(t.start, t.end) for t in self._analyzer.tokens(shown, wanted)]
        return Highlight(field, shown, piece.start, tuple(_joined(spans)))

    def _best(self, text: str) -> Span | None:
        """The sentence, with those after it while they fit, whose matches weigh most."""
        prepared = _prepared(text)
        matches = self._matches(prepared.folded)
        best, best_weight = None, 0.0
        begin = end = 0
        for sentence in prepared.windows:
            old = begin, end
            while begin < len(matches) and matches[begin][0] < sentence.start:
                begin += 1
            while end < len(matches) and matches[end][0] < sentence.start + _LONGEST_PIECE:
                if matches[end][0] >= sentence.end:
                    break
                end += 1
            if begin >= end or (begin, end) == old:
                continue
            found = {term for _, term in matches[begin:end]}
            weight = sum(self._weights[term] for term in sorted(found))
            if weight > best_weight:
                best, best_weight = sentence, weight
        return best and _trimmed(text, best)

    def _matches(self, folded: str) -> list[tuple[int, str]]:
        """Where terms stand in a folded text; of those that overlap the first and longest."""
        found: list[tuple[int, int, int, str]] = []
        for number, term in enumerate(self._longest_first):
            if term.isascii():
                spans = (match.span() for match in _code(term).finditer(folded))
                found += [(start, number, end, term) for start, end in spans]
                continue
            start = folded.find(term)
            while start >= 0:
                found.append((start, number, start + len(term), term))
                start = folded.find(term, start + 1)
        found.sort()
        matches, behind = [], 0
        for start, _, end, term in found:
            if start >= behind:
                matches.append((start, term))
                behind = end
        return matches


class _Prepared(NamedTuple):
    """What of a text does not depend on the query.

    Attributes:
        folded: The text with its characters folded, each where it was.
        windows: Its sentences, long ones cut, each with those after it that fit into a piece.
    """

    folded: str
    windows: list[Span]


@lru_cache(maxsize=_PREPARED)
def _prepared(text: str) -> _Prepared:
    sentences = [match.span() for match in _SENTENCE.finditer(text)]
    ends = [end for _, end in sentences]
    windows = []
    for number, (start, _) in enumerate(sentences):
        last = max(number, bisect_right(ends, start + _LONGEST_PIECE) - 1)
        windows.append(Span(start, ends[last]))
    return _Prepared(fold_characters(text), windows)


@lru_cache(maxsize=4 * _PREPARED)
def _folded(text: str) -> str:
    return fold_characters(text)


@lru_cache(maxsize=_PREPARED)
def _code(term: str) -> re.Pattern[str]:
    """What a code looks like in a text: it may have connectors that the term has lost."""
    between = f"[{re.escape(_CONNECTORS)}]?"
    return re.compile(between.join(re.escape(character) for character in term))


def _trimmed(text: str, piece: Span) -> Span:
    """The piece without blanks at its ends, cut to the greatest length."""
    shown = text[piece.start : piece.end]
    start = piece.start + len(shown) - len(shown.lstrip())
    end = min(piece.start + len(shown.rstrip()), start + _LONGEST_PIECE)
    return Span(start, end)


def _joined(spans: list[Span]) -> Iterator[Span]:
    """Spans in order, those that touch or overlap made one."""
    pending: Span | None = None
    for span in sorted(spans):
        if pending and span.start <= pending.end:
            pending = Span(pending.start, max(pending.end, span.end))
        else:
            if pending:
                yield pending
            pending = span
    if pending:
        yield pending
