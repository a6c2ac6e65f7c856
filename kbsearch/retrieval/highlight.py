"""Highlights: the characters of an article's own text that matched."""

import re
from collections.abc import Collection, Iterator, Mapping

from kbsearch.analysis.analyzer import Analyzer
from kbsearch.article import Article
from kbsearch.retrieval.response import Highlight, Span

_SENTENCE = re.compile(r"[^。！？!?；;\n]+[。！？!?；;]?")
_LONGEST_PIECE = 100  # characters of body shown


class Highlighter:
    """Finds what matched in an article.

    Args:
        analyzer: As the articles were analysed.
        weights: Term that may match to its weight, such as its idf.
    """

    def __init__(self, analyzer: Analyzer, weights: Mapping[str, float]) -> None:
        self._analyzer = analyzer
        self._weights = weights

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
        sentences = [Span(*match.span()) for match in _SENTENCE.finditer(text)]
        terms = [set(self._analyzer.terms(text[s.start : s.end])) for s in sentences]
        best: tuple[float, Span] | None = None
        for number, sentence in enumerate(sentences):
            end, found = number, set(terms[number])
            while end + 1 < len(sentences) and sentences[end + 1].end - sentence.start <= (
                _LONGEST_PIECE
            ):
                end += 1
                found |= terms[end]
            weight = self._weight(found)
            if weight and (best is None or weight > best[0]):
                best = weight, _trimmed(text, Span(sentence.start, sentences[end].end))
        return best and best[1]

    def _weight(self, terms: Collection[str]) -> float:
        return sum(self._weights.get(term, 0.0) for term in terms)


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
