"""Clarification: what to ask back when several products fit equally well."""

from collections.abc import Sequence

from kbsearch.analysis.filters import normalize
from kbsearch.article import Article
from kbsearch.retrieval.response import Clarification

# A candidate this near to the best one, as a share of its score, may as well be the one meant.
_NEAR = 0.9


def clarification(
    text: str, articles: Sequence[Article], scores: Sequence[float]
) -> Clarification | None:
    """The products between which the customer has to choose; None if there is nothing to ask.

    It asks only if the query names none of them, and every near candidate is about products that no
    other near candidate is about.

    Args:
        text: The query.
        articles: The hits, best first.
        scores: Their fused scores.
    """
    near = [a for a, score in zip(articles, scores, strict=True) if score >= _NEAR * scores[0]]
    products = [set(article.products) for article in near]
    if len(near) < 2 or not all(products):
        return None
    disjoint = sum(len(p) for p in products) == len(set().union(*products))
    asked = _compact(text)
    named = any(_compact(name) in asked for group in products for name in group)
    if not disjoint or named:
        return None
    values = [name for article in near for name in article.products]
    return Clarification("products", tuple(values))


def _compact(text: str) -> str:
    """The normal form without blanks: people write 清风Q3 for 清风 Q3."""
    return "".join(normalize(text).split())
