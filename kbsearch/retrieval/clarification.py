"""Clarification: what to ask back when several articles fit equally well.

「电脑死机」 may be answered by an article for each of three computers. What tells them apart is a
facet, such as the product, of which each has values that no other has.
"""

from collections.abc import Mapping, Sequence

from kbsearch.analysis.filters import normalize
from kbsearch.article import Article
from kbsearch.retrieval.response import Clarification

# A candidate this near to the best one, as a share of its score, may as well be the one meant.
_NEAR = 0.9
# So near that a sure look of the best one says nothing; it costs one answer in 300 on dev sets.
_TIED = 0.95

_MOST = 6  # values; among more nobody chooses

_ORDER = ("products", "category", "audience", "regions", "tags")


def clarification(
    text: str, articles: Sequence[Article], scores: Sequence[float], *, is_sure: bool = False
) -> Clarification | None:
    """The first facet that separates the near candidates; None if there is nothing to ask.

    A facet separates them if each has a value and no two share one. If the text names one of the
    values, the customer has said already what is meant.

    Args:
        text: The query, and what was said before.
        articles: The hits, best first.
        scores: Their fused scores.
        is_sure: Whether the best would be an answer; then only a tie is worth a question.
    """
    best = max(scores, default=0.0)
    least = (_TIED if is_sure else _NEAR) * best
    if sum(score >= least for score in scores) < 2:
        return None
    near = zip(articles, scores, strict=True)
    meant = [article for article, score in near if score >= _NEAR * best]
    for facet in _ORDER:
        values = _category_values(meant) if facet == "category" else _list_values(meant, facet)
        if values and sum(map(len, values)) <= _MOST and _is_separate(values):
            return None if _names_one(text, values) else _ask(facet, meant, values)
    return None


def _list_values(articles: Sequence[Article], facet: str) -> list[Mapping[str, str]]:
    """Each article's values of a facet, each with the name that people call it."""
    return [{str(value): str(value) for value in getattr(article, facet)} for article in articles]


def _category_values(articles: Sequence[Article]) -> list[Mapping[str, str]]:
    """Each article's category, cut at the deepest level on which all names differ."""
    paths = [article.category.split("/") for article in articles]
    for depth in range(min(map(len, paths)), 0, -1):
        if len({path[depth - 1] for path in paths}) == len(paths):
            return [{"/".join(path[:depth]): path[depth - 1]} for path in paths]
    return []


def _is_separate(values: Sequence[Mapping[str, str]]) -> bool:
    """Whether each has a value, and none has one that another has."""
    return (
        all(all(own.values()) for own in values)
        and all(values)
        and (sum(map(len, values)) == len(set().union(*values)))
    )


def _names_one(text: str, values: Sequence[Mapping[str, str]]) -> bool:
    asked = _compact(text)
    return any(_compact(name) in asked for own in values for name in own.values())


def _ask(
    facet: str, articles: Sequence[Article], values: Sequence[Mapping[str, str]]
) -> Clarification:
    leads_to = {
        value: (article.id,) for article, own in zip(articles, values, strict=True) for value in own
    }
    return Clarification(facet, tuple(leads_to), leads_to)


def _compact(text: str) -> str:
    """The normal form without blanks: people write 清风Q3 for 清风 Q3."""
    return "".join(normalize(text).split())
