"""The student's words and the tokenizer that cuts texts into them.

Han runs are cut as jieba cuts them without its hidden Markov model: a Unigram model (Kudo, 2018,
https://arxiv.org/abs/1804.10959) whose scores are the log frequencies of jieba's dictionary finds
the same most probable path, among the words that are in the vocabulary.
"""

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

UNKNOWN = "<unk>"  # always id 0; its row is zero
_HAN = "\u3400-\u9fff"
_RUNS = f"[{_HAN}]+|[a-z]+|[0-9]+"
_RUN = re.compile(_RUNS)
_HAN_RUN = re.compile(f"[{_HAN}]+")
_LETTERS_AND_DIGITS = "abcdefghijklmnopqrstuvwxyz0123456789"
# Log probabilities of an English word or number, and of a single letter or digit: a run that is a
# word stays whole, since any two pieces together are less probable.
_WORD_SCORE = -12.0
_LETTER_SCORE = -13.0


class VocabularyLimits(NamedTuple):
    """Which words get a row: numbers are occurrences in the training text, except `common`.

    Attributes:
        common: So many of jieba's most frequent words with a gloss get in without occurring.
        glossed: Admits a Han word that the dictionary explains.
        unglossed: Admits any other Han word; rarer ones are cut into their parts.
        latin: Admits a run of letters or digits of Chinese text.
        english: Admits a word of English text.
    """

    common: int = 8_000
    glossed: int = 3
    unglossed: int = 10
    latin: int = 2
    english: int = 10


def jieba_frequencies() -> dict[str, int]:
    """Word → frequency: jieba's dictionary."""
    import jieba

    dictionary = Path(jieba.__file__).with_name("dict.txt")
    entries = (line.split(" ") for line in dictionary.read_text(encoding="utf-8").splitlines())
    return {word: int(frequency) for word, frequency, _ in entries}


def choose_words(
    chinese: Iterable[str],
    english: Iterable[str],
    *,
    frequencies: Mapping[str, int],
    glosses: Collection[str],
    limits: VocabularyLimits,
) -> list[str]:
    """The words worth a row, sorted, with every character of the Han words.

    Args:
        chinese: Normalised Chinese training texts.
        english: Normalised English training texts.
        frequencies: Word → frequency of all words that a Han run may be cut into.
        glosses: Words that the dictionary explains.
        limits: How often a word must occur.
    """
    seen = _count_words(chinese, frequencies)
    seen_english = Counter(run for text in english for run in _RUN.findall(text) if run.isascii())
    explained = [word for word in frequencies if word in glosses and _HAN_RUN.fullmatch(word)]
    explained.sort(key=lambda word: (-frequencies[word], word))
    words = set(explained[: limits.common])
    for word, count in seen.items():
        if word.isascii():
            least = limits.latin
        else:
            least = limits.glossed if word in glosses else limits.unglossed
        if count >= least or len(word) == 1:
            words.add(word)
    words |= {word for word, count in seen_english.items() if count >= limits.english}
    characters = {character for word in words if not word.isascii() for character in word}
    return sorted(words | characters)


def build_tokenizer(words: Iterable[str], frequencies: Mapping[str, int]) -> Tokenizer:
    """A tokenizer over the words, plus single letters and digits; id 0 is `UNKNOWN`.

    It folds width and case itself, so that raw text works too; only traditional characters must be
    turned into simplified ones before. Punctuation, spaces and other scripts give no token.

    Args:
        words: Words in the order of their ids, from 1.
        frequencies: Word → frequency of Han words; one that is missing counts once.
    """
    total = max(sum(frequencies.values()), 1)
    pieces = [(UNKNOWN, 0.0)]
    for word in dict.fromkeys([*words, *_LETTERS_AND_DIGITS]):
        if not word.isascii():
            score = math.log(max(frequencies.get(word, 1), 1) / total)
        else:
            score = _WORD_SCORE if len(word) > 1 else _LETTER_SCORE
        pieces.append((word, score))
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=0, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(_RUNS), "removed", invert=True)
    return tokenizer


def words_by_id(tokenizer: Tokenizer) -> list[str]:
    """The tokenizer's words, each at its id."""
    ids = tokenizer.get_vocab(with_added_tokens=True)
    return sorted(ids, key=lambda word: ids[word])


def _count_words(texts: Iterable[str], frequencies: Mapping[str, int]) -> Counter[str]:
    """How often each word occurs: Han runs cut with all of `frequencies`, other runs whole."""
    runs = Counter(run for text in texts for run in _RUN.findall(text))
    seen: Counter[str] = Counter()
    han = [run for run in runs if not run.isascii()]
    cut = build_tokenizer(filter(_HAN_RUN.fullmatch, frequencies), frequencies).encode_batch(han)
    for run, encoding in zip(han, cut, strict=True):
        for word in encoding.tokens:
            seen[word] += runs[run]
    for run, count in runs.items():
        if run.isascii():
            seen[run] += count
    return seen
