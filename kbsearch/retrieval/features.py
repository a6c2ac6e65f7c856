"""Features: what is known of a candidate, as numbers from 0 to 1 that the ranking weighs."""

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from kbsearch.index.local import LocalIndex
from kbsearch.index.vector_index import Similarities
from kbsearch.retrieval.late_interaction import late_interaction
from kbsearch.retrieval.query import Query

Floats = NDArray[np.float64]


class Features(NamedTuple):
    """Features of some candidates, (candidates,) float64 each.

    Attributes:
        question: Similarity of the nearest title or similar question.
        second: Similarity of the next nearest: one alone may be near by chance.
        body: Similarity of the body.
        lexical: BM25 as a share of what can be reached.
        words: How well the article covers the query's words (`late_interaction`).
        heading_words: How well its title, tags, products and category cover them.
    """

    question: Floats
    second: Floats
    body: Floats
    lexical: Floats
    words: Floats
    heading_words: Floats

    @classmethod
    def of(
        cls,
        index: LocalIndex,
        query: Query,
        rows: NDArray[np.int64],
        similarities: Similarities,
        lexical: Floats,
        compared: NDArray[np.int64],
    ) -> Self:
        """The features of the articles `rows`.

        Args:
            index: Where they stand.
            query: What is asked.
            rows: (candidates,) articles.
            similarities: To the query, of each.
            lexical: Normalised BM25 of each.
            compared: Which of `rows` late interaction looks at; it is 0 for the others.
        """
        words = np.zeros((2, len(rows)))
        if query.words is not None:
            words[:, compared] = late_interaction(query.words, index.words, rows[compared])
        return cls(
            question=_share(similarities.question),
            second=_share(similarities.second),
            body=_share(similarities.body),
            lexical=lexical,
            words=words[0],
            heading_words=words[1],
        )

    def at(self, place: int) -> dict[str, float]:
        """The features of one candidate by name."""
        return {name: float(values[place]) for name, values in self._asdict().items()}


def _share(cosines: Floats) -> Floats:
    """Between 0 and 1; `numpy.clip` takes three times as long."""
    shares: Floats = np.minimum(np.maximum(cosines, 0.0), 1.0)
    return shares
