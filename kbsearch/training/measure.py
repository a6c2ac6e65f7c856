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
    """How often the right article comes among the first.

    Attributes:
        hit1: Share of queries whose article comes first.
        hit3: The same among the first three.
        hit10: The same among the first ten.
        queries: Number of queries.
        hit1_low: Lower end of the 95 % interval of `hit1`.
        hit1_high: Its upper end.
    """

    hit1: float
    hit3: float
    hit10: float
    queries: int
    hit1_low: float
    hit1_high: float

    def __str__(self) -> str:
        rates = " / ".join(f"{100 * rate:.1f}" for rate in self[:3])
        interval = f"{100 * self.hit1_low:.1f}–{100 * self.hit1_high:.1f}"
        return f"hit@1/3/10 {rates} % of {self.queries} queries, hit@1 within {interval} %"


def hit_rates(encode: Encode, groups: Sequence[Group], *, seed: int) -> HitRates:
    """Hit rates of a knowledge base made of the groups.

    A group's article has its title, three of its questions drawn at random, and its answer as body;
    its other questions are the queries. A query that several groups ask is answered by any of them.

    Args:
        encode: Texts → (n, dim) unit rows.
        groups: The held-out groups.
        seed: Of the draw.

    Raises:
        ValueError: No group has more than three questions, so there is no query.
    """
    rng = np.random.default_rng(seed)
    kept: list[list[str]] = []
    asked_by: dict[str, int] = {}
    for number, group in enumerate(groups):
        order = rng.permutation(len(group.questions))
        kept.append([group.title, *(group.questions[i] for i in order[:_QUESTIONS_KEPT])])
        for i in order[_QUESTIONS_KEPT:]:
            asked_by.setdefault(group.questions[i], number)
    if not asked_by:
        raise ValueError(f"no held-out group has more than {_QUESTIONS_KEPT} questions to ask")
    vectors = encode(list(asked_by))
    scores = np.stack([(vectors @ encode(texts).T).max(axis=1) for texts in kept], axis=1)
    scores += _BODY_SHARE * vectors @ encode([group.answer for group in groups]).T

    right = np.array([[text in group.texts for group in groups] for text in asked_by])
    # Equal scores: the article that comes first in `groups` wins.
    ranking = np.argsort(-scores, axis=1, kind="stable")
    ranks = np.take_along_axis(right, ranking, axis=1).argmax(axis=1) + 1
    hit1, hit3, hit10 = (float((ranks <= k).mean()) for k in (1, 3, 10))
    low, high = _interval(ranks == 1, np.array(list(asked_by.values())), rng)
    return HitRates(hit1, hit3, hit10, len(ranks), low, high)


def _interval(
    hits: NDArray[np.bool_], clusters: NDArray[np.int64], rng: np.random.Generator
) -> tuple[float, float]:
    """The 95 % interval of the share of hits, by bootstrap over clusters.

    Queries of one group hang together, so whole groups are drawn with replacement, 2,000 times, and
    the 2.5th and 97.5th percentile taken (Efron and Tibshirani, 1993, sections 8.3 and 13.3).
    """
    members = np.bincount(clusters)
    hits_of = np.bincount(clusters, weights=hits)
    drawn = rng.integers(len(members), size=(2_000, len(members)))
    totals = members[drawn].sum(axis=1)
    shares = hits_of[drawn].sum(axis=1)[totals > 0] / totals[totals > 0]
    low, high = np.percentile(shares, [2.5, 97.5])
    return float(low), float(high)
