"""Chinese word segmentation: jieba's dictionary and algorithm, in Rust where it is installed.

Only runs of Han characters come here; on those `rjieba` and `jieba` give the same words (a test
holds them to it), so which one runs is no part of the analyzer's fingerprint. Each segmenter has
its own tokenizer: the user dictionary of one knowledge base does not leak into another, and jieba's
cache in a world-writable folder is never read.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from importlib.util import find_spec
from typing import Protocol


class Segmenter(Protocol):
    """Cuts a run of Han characters into words."""

    def words(self, han: str) -> Iterable[tuple[str, int, int]]:
        """(word, start, end) in search mode: each word of the best cut after those inside it."""


class RustSegmenter:
    """jieba's algorithm, run by rjieba."""

    def __init__(self, user_words: Mapping[str, int]) -> None:
        from rjieba import Jieba

        self._tokenizer = Jieba()
        for word, frequency in user_words.items():
            self._tokenizer.add_word(word, frequency, None)

    def words(self, han: str) -> Iterable[tuple[str, int, int]]:
        """(word, start, end) in search mode."""
        words: list[tuple[str, int, int]] = self._tokenizer.tokenize(han, "search", False)
        return words


class PythonSegmenter:
    """jieba itself."""

    def __init__(self, user_words: Mapping[str, int]) -> None:
        import jieba

        self._tokenizer = jieba.Tokenizer()
        # Done by hand what initialize() does, without its cache file and its log lines.
        dictionary = self._tokenizer.get_dict_file()
        self._tokenizer.FREQ, self._tokenizer.total = self._tokenizer.gen_pfdict(dictionary)
        self._tokenizer.initialized = True
        for word, frequency in user_words.items():
            self._tokenizer.add_word(word, frequency)
        # jieba counts a repeated (B超) or replaced word twice in the total, rjieba once.
        self._tokenizer.total = sum(self._tokenizer.FREQ.values())

    def words(self, han: str) -> Iterable[tuple[str, int, int]]:
        """(word, start, end) in search mode."""
        words: Iterable[tuple[str, int, int]] = self._tokenizer.tokenize(han, "search", HMM=False)
        return words


def open_segmenter(user_words: Mapping[str, int]) -> Segmenter:
    """The fastest segmenter installed, with the given words (word → frequency) added.

    One is shared by all that ask for the same words, as reading the dictionary takes a tenth of a
    second and a reload changes words but rarely; segmenters are not changed once made.
    """
    kind = RustSegmenter if find_spec("rjieba") else PythonSegmenter
    return _opened(kind, tuple(user_words.items()))


@lru_cache(maxsize=8)
def _opened(
    kind: Callable[[Mapping[str, int]], Segmenter], words: tuple[tuple[str, int], ...]
) -> Segmenter:
    return kind(dict(words))
