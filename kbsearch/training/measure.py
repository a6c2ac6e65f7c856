"""How well an encoder finds the right article among held-out groups."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kbsearch.training.groups import Group

Encode = Callable[[Sequence[str]], NDArray[np.float32]]

_QUESTIONS_KEPT = 3
# Share of the body's score in an article's; the best of title and questions counts in full.
_BODY_SHARE = 0.5


class HitRates(NamedTuple):
    """Share of queries whose article is among the first 1, 3 and 10, and their number."""

    hit1: float
    hit3: float
    hit10: float
    queries: int

    def __str__(self) -> str:
        rates = " / ".join(f"{100 * rate:.1f}" for rate in self[:3])
        return f"hit@1/3/10 {rates} % of {self.queries} queries"


def hit_rates(encode: Encode, groups: Sequence[Group], *, seed: int) -> HitRates:
    """Hit rates of a knowledge base made of the groups.

    A group's article has its title, three of its questions drawn at random, and its answer as body;
    its other questions are the queries. A query that several groups ask is answered by any of them.

    Args:
        encode: Texts → (n, dim) unit rows.
        groups: At least one group.
        seed: Of the draw.
    """
    rng = np.random.default_rng(seed)
    kept: list[list[str]] = []
    queries: dict[str, None] = {}
    for group in groups:
        order = rng.permutation(len(group.questions))
        kept.append([group.title, *(group.questions[i] for i in order[:_QUESTIONS_KEPT])])
        queries.update(dict.fromkeys(group.questions[i] for i in order[_QUESTIONS_KEPT:]))
    vectors = encode(list(queries))
    scores = np.stack([(vectors @ encode(texts).T).max(axis=1) for texts in kept], axis=1)
    scores += _BODY_SHARE * vectors @ encode([group.answer for group in groups]).T

    right = np.array([[text in group.texts for group in groups] for text in queries])
    # Equal scores: the article that comes first in `groups` wins.
    ranking = np.argsort(-scores, axis=1, kind="stable")
    ranks = np.take_along_axis(right, ranking, axis=1).argmax(axis=1) + 1
    return HitRates(*(float((ranks <= k).mean()) for k in (1, 3, 10)), queries=len(queries))
