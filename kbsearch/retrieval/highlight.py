"""Highlights: the characters of an article's own text that matched."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from kbsearch.analysis.analyzer import Analyzer
from kbsearch.analysis.filters import normalize_with_offsets
from kbsearch.article import Article
from kbsearch.retrieval.response import Highlight, Span

_LONGEST_PIECE = 100  # characters of body shown
_PREPARED = (
    1024  # long texts kept at hand, a few kilobytes each: what is asked often is shown often
)
# What is longer than a piece is cut, or its end would never be shown.
_SENTENCE = re.compile(rf"[^。！？!?；;\n]{{1,{_LONGEST_PIECE}}}[。！？!?；;]?")
_CONNECTORS = "-_/&' "  # may stand in a code, and are no part of its term
_WITHOUT_CONNECTORS = str.maketrans("", "", _CONNECTORS)
_NOTHING = re.compile(r"(?!)")


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
        longest_first = sorted(weights, key=lambda term: (-len(term), term))
        patterns = [_pattern(term) for term in longest_first]
        self._terms = re.compile("|".join(patterns)) if patterns else _NOTHING

    def highlights(self, article: Article, matched_question: str) -> tuple[Highlight, ...]:
        """Title, nearest question and best piece of body and captions, where they match."""
        texts = article.field_texts()
        pieces = [("title", article.title, Span(0, len(article.title)))]
        if matched_question != article.title:
            pieces.append(("questions", matched_question, Span(0, len(matched_question))))
        for name in ("body", "captions"):
            pieces += [(name, text, piece) for text in texts[name] if (piece := self._best(text))]
        found = (self._highlight(*piece) for piece in pieces)
        return tuple(highlight for highlight in found if highlight.spans)

    def _highlight(self, field: str, text: str, piece: Span) -> Highlight:
        shown = text[piece.start : piece.end]
        tokens = self._analyzer.tokens(shown)
        spans = [Span(t.start, t.end) for t in tokens if t.term in self._weights]
        return Highlight(field, shown, piece.start, tuple(_joined(spans)))

    def _best(self, text: str) -> Span | None:
        """The sentence, with those after it while they fit, whose matches weigh most."""
        prepared = _prepared(text)
        matches = [
            (prepared.starts[match.start()], match.group().translate(_WITHOUT_CONNECTORS))
            for match in self._terms.finditer(prepared.normalized)
        ]
        if not matches:
            return None
        sentences = prepared.sentences
        ends = [sentence.end for sentence in sentences]
        places = [start for start, _ in matches]
        best, best_weight = None, 0.0
        for number, sentence in enumerate(sentences):
            last = max(number, bisect_right(ends, sentence.start + _LONGEST_PIECE) - 1)
            first_match = bisect_left(places, sentence.start)
            end_match = bisect_left(places, min(ends[last], sentence.start + _LONGEST_PIECE))
            found = {term for _, term in matches[first_match:end_match]}
            weight = sum(self._weights.get(term, 0.0) for term in found)
            if weight > best_weight:
                best, best_weight = Span(sentence.start, ends[last]), weight
        return best and _trimmed(text, best)


class _Prepared(NamedTuple):
    """What of a text does not depend on the query.

    Attributes:
        normalized: Its normal form.
        starts: Where each character of that came from.
        sentences: Its sentences, long ones cut.
    """

    normalized: str
    starts: list[int]
    sentences: list[Span]


@lru_cache(maxsize=_PREPARED)
def _prepared(text: str) -> _Prepared:
    normalized = normalize_with_offsets(text)
    sentences = [Span(*match.span()) for match in _SENTENCE.finditer(text)]
    return _Prepared(normalized.text, normalized.starts, sentences)


def _pattern(term: str) -> str:
    """What a term looks like in a text: codes may have connectors that the term has lost."""
    if not term.isascii():
        return re.escape(term)
    return f"[{re.escape(_CONNECTORS)}]?".join(re.escape(character) for character in term)


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
