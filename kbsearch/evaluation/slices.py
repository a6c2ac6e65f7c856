"""Slices: hit@1 of what search shows, by what is asked and by what should answer."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping

from kbsearch.article import Article
from kbsearch.evaluation.outcome import Outcome
from kbsearch.evaluation.significance import Estimate, share

_LENGTHS = {1: "1", 5: "2–5", 10: "6–10", 20: "11–20", 40: "21–40"}
_LONGER = "41+"

_Values = Callable[[Outcome, Article | None], Iterable[str]]
_DIMENSIONS: Mapping[str, _Values] = {
    "industry": lambda outcome, article: [outcome.industry],
    "type": lambda outcome, article: [outcome.type],
    "kind": lambda outcome, article: [article.kind if article else ""],
    "category": lambda outcome, article: [article.category.partition("/")[0] if article else ""],
    "product": lambda outcome, article: article.products if article else (),
    "length": lambda outcome, article: [_length(outcome.text)],
}
DIMENSIONS = tuple(_DIMENSIONS)
_ORDER = {label: place for place, label in enumerate([*_LENGTHS.values(), _LONGER])}


def slices(
    outcomes: Iterable[Outcome], articles: Mapping[str, Article]
) -> dict[str, dict[str, Estimate]]:
    """Dimension → value → hit@1, over answerable queries.

    Kind, category (its first level) and products are those of the best article; a query about
    several products counts for each. "" stands for none.

    Args:
        outcomes: The outcomes; unanswerable ones take no part.
        articles: The articles of the snapshot that answer them.
    """
    hits: dict[str, dict[str, list[bool]]] = {dimension: {} for dimension in DIMENSIONS}
    for outcome in outcomes:
        if not outcome.answerable:
            continue
        best = next((articles[name] for name in outcome.answers if name in articles), None)
        for dimension, values in _DIMENSIONS.items():
            for value in values(outcome, best):
                hits[dimension].setdefault(str(value), []).append(outcome.right)
    return {
        dimension: {
            value: share(sum(by_value[value]), len(by_value[value]))
            for value in sorted(by_value, key=lambda value: (_ORDER.get(value, 0), value))
        }
        for dimension, by_value in hits.items()
    }


def _length(text: str) -> str:
    place = bisect_left([*_LENGTHS], len(text))
    return [*_LENGTHS.values(), _LONGER][place]
