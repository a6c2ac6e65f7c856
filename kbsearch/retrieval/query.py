"""A query as the index sees it: weighted terms and a vector."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kbsearch.analysis.analyzer import Analyzer
from kbsearch.analysis.filters import normalize
from kbsearch.encoders.protocol import Encoder
from kbsearch.index.inverted_index import InvertedIndex
from kbsearch.retrieval.late_interaction import QueryWords
from kbsearch.retrieval.spelling import Correction, Speller
from kbsearch.settings import Settings

# People ask in tens of characters; what is longer is a pasted log, whose head says what it is.
MAX_CHARACTERS = 1000


@dataclass(frozen=True)
class Query:
    """One query, understood.

    Attributes:
        text: As it came.
        turns: Earlier turns of the conversation, oldest first, as they came.
        corrections: What was misspelt in it.
        terms: Its own terms, each with how often it stands in the query.
        synonyms: Terms of the same meaning, with their lower weight.
        context: Terms of earlier turns of the conversation, with their lower weight.
        vector: (dim,) float32 unit vector; zeros if no word is known.
        words: Its words and those of earlier turns, for late interaction; None if the encoder has
            none.
    """

    text: str
    turns: tuple[str, ...]
    corrections: tuple[Correction, ...]
    terms: Mapping[str, float]
    synonyms: Mapping[str, float]
    context: Mapping[str, float]
    vector: NDArray[np.float32]
    words: QueryWords | None = None

    @property
    def weights(self) -> dict[str, float]:
        """Every term that scores, and its weight."""
        return {**self.context, **self.synonyms, **self.terms}


def word_test(index: InvertedIndex, analyzer: Analyzer, encoder: Encoder) -> Callable[[str], bool]:
    """Whether a text is a word: one that the encoder knows, or whose parts some article asks with.

    Titles have words such as 异响 that segmentation cuts in two.
    """
    table = encoder.words

    def is_word(text: str) -> bool:
        if index.asks_with(analyzer.terms(text)):
            return True
        if table is None:
            return False
        (ids,) = table.ids([text])
        return len(ids) == 1 and bool(table.weights[ids[0]] > 0)

    return is_word


class QueryReader:
    """Makes queries from texts, many at once where there are many."""

    def __init__(
        self, analyzer: Analyzer, encoder: Encoder, speller: Speller, settings: Settings
    ) -> None:
        self._analyzer = analyzer
        self._speller = speller
        self._encoder = encoder
        self._settings = settings

    def read(self, texts: Sequence[str], context: Sequence[str] = ()) -> list[Query]:
        """Queries for `texts`, all with the same earlier turns `context`, oldest first."""
        spelt = [self._spelt(normalize(text[:MAX_CHARACTERS])) for text in texts]
        earlier = normalize("\n".join(turn[:MAX_CHARACTERS] for turn in context))
        vectors, words = self._encoded([text for text, _ in spelt], earlier)
        share = self._settings.query.context_weight
        context_terms = dict.fromkeys(self._analyzer.normal_terms(earlier), share)
        return [
            self._query(text, tuple(context), *read, context_terms, vector, own)
            for text, read, vector, own in zip(texts, spelt, vectors, words, strict=True)
        ]

    def _spelt(self, text: str) -> tuple[str, tuple[Correction, ...]]:
        """The text as it was meant, and what was corrected."""
        return self._speller.correct(text) if self._settings.query.spelling else (text, ())

    def _encoded(
        self, texts: Sequence[str], earlier: str
    ) -> tuple[NDArray[np.float32], Sequence[QueryWords | None]]:
        """Vectors and words of the texts, those of the earlier turns mixed in."""
        everything = [*texts, earlier] if earlier else texts
        share = self._settings.query.context_weight
        table = self._encoder.words
        words: list[QueryWords | None] = [None] * len(everything)
        if table is None:
            vectors = self._encoder.encode(everything)
        else:
            ids = table.ids(everything)
            vectors = table.encode(ids)
            if earlier:
                ids[-1] = np.unique(ids[-1])  # said twice is not meant twice
            words = [QueryWords.of(own, table) for own in ids]
        if not earlier:
            return vectors, words
        *own_words, context = words
        mixed = [own and context and own.with_context(context, share) for own in own_words]
        return vectors[:-1] + share * vectors[-1], mixed

    def _query(
        self,
        text: str,
        turns: tuple[str, ...],
        spelt: str,
        corrections: tuple[Correction, ...],
        context: Mapping[str, float],
        vector: NDArray[np.float32],
        words: QueryWords | None,
    ) -> Query:
        terms = self._analyzer.normal_terms(spelt)
        weight = self._settings.bm25.synonym_weight
        synonyms = self._analyzer.synonyms(terms)
        length = float(np.linalg.norm(vector))
        return Query(
            text=text,
            turns=turns,
            corrections=corrections,
            terms={term: float(count) for term, count in Counter(terms).items()},
            synonyms={term: weight / share for term, share in synonyms.items()},
            context={term: share for term, share in context.items() if term not in terms},
            vector=vector / np.float32(length) if length else vector,
            words=words,
        )
