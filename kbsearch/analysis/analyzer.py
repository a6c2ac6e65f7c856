"""The analyzer: text to terms, the same for articles and queries."""

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from kbsearch.analysis.codes import CODE, Token, code_tokens
from kbsearch.analysis.dictionaries import QUERY_SIDE, Dictionaries
from kbsearch.analysis.filters import normalize, normalize_with_offsets
from kbsearch.analysis.segmenter import Segmenter, open_segmenter

# Raised whenever the same text would give other terms than before.
ANALYSIS_VERSION = 1

_HAN = "\u3005\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af"
# Codes (with single blanks between, so that 「wi-fi 6」 stays together), Han runs, other words.
_STRETCH = re.compile(
    rf"(?P<code>{CODE.pattern}(?: {CODE.pattern})*)"
    rf"|(?P<han>[{_HAN}]+)"
    rf"|(?P<word>[^\W_a-z0-9{_HAN}]+)"
)
_LONGEST_SYNONYM = 6  # terms


class Analyzer:
    """Turns text into terms with the dictionaries of one knowledge base.

    Thread-safe once built.

    >>> Analyzer(Dictionaries()).terms("Wi-Fi 6連不上")
    ['wifi', 'wi', 'fi', '6', 'wifi6', '连不上']
    """

    def __init__(self, dictionaries: Dictionaries) -> None:
        self.dictionaries = dictionaries
        self._stop_words = dictionaries.stop_set

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over what decides the terms of an article.

        Synonyms and pins are no part of it: they act on queries alone, so a changed file of theirs
        does not ask for articles to be analysed again.
        """
        hashes = {k: v for k, v in self.dictionaries.hashes.items() if k not in QUERY_SIDE}
        content = json.dumps([ANALYSIS_VERSION, hashes], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()

    def terms(self, text: str) -> list[str]:
        """The terms of `text`, in order, stop words left out."""
        return self.normal_terms(normalize(text))

    def normal_terms(self, text: str) -> list[str]:
        """The terms of a text that is in normal form already (`kbsearch.analysis.filters`)."""
        return [term for term, _, _ in self._tokens(text)]

    def tokens(self, text: str, wanted: Collection[str] | None = None) -> list[Token]:
        """The terms of `text` with their places in the *original* text.

        Args:
            text: Any text.
            wanted: Only these terms; stretches without any of them are not even segmented.
        """
        normalized = normalize_with_offsets(text)
        return [
            Token(term, normalized.starts[start], normalized.ends[end - 1])
            for term, start, end in self._tokens(normalized.text, wanted)
            if wanted is None or term in wanted
        ]

    def synonyms(self, terms: Sequence[str]) -> dict[str, int]:
        """Terms that the query may also be put in, each with how many terms share its weight.

        A synonym of several terms, such as 「电池使用时间」, is matched and added term by term.
        """
        if not self._synonym_terms:
            return {}
        found: dict[str, int] = {}
        for begin in range(len(terms)):
            for end in range(begin + 1, min(begin + _LONGEST_SYNONYM, len(terms)) + 1):
                for alternative in self._synonym_terms.get(tuple(terms[begin:end]), ()):
                    for term in alternative:
                        found[term] = min(found.get(term, len(alternative)), len(alternative))
        return {term: share for term, share in found.items() if term not in terms}

    @cached_property
    def _segmenter(self) -> Segmenter:
        return open_segmenter(self.dictionaries.user_words)

    @cached_property
    def _synonym_terms(self) -> Mapping[tuple[str, ...], list[tuple[str, ...]]]:
        """The synonym map in terms instead of words."""
        table: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
        for source, targets in self.dictionaries.synonym_map.items():
            key = tuple(self.terms(source))
            alternatives = [tuple(self.terms(target)) for target in targets]
            if key:
                table.setdefault(key, []).extend(a for a in alternatives if a)
        return table

    def _tokens(
        self, text: str, wanted: Collection[str] | None = None
    ) -> Iterator[tuple[str, int, int]]:
        """Terms of normalised `text` with their places in it, stop words left out.

        Han runs without any of the terms `wanted` are left out, too.
        """
        for match in _STRETCH.finditer(text):
            if wanted is not None and match.lastgroup == "han":
                run = match.group()
                if not any(term in run for term in wanted):
                    continue
            offset = match.start()
            for term, start, end in self._stretch(match):
                if term not in self._stop_words:
                    yield term, offset + start, offset + end

    def _stretch(self, match: re.Match[str]) -> Iterable[tuple[str, int, int]]:
        """Terms of one code stretch, Han run or other word, with their places in it."""
        text = match.group()
        if match.lastgroup == "han":
            return self._segmenter.words(text)
        if match.lastgroup == "code":
            return code_tokens(text)
        return [(text, 0, len(text))]
