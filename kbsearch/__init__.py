"""kbsearch: search over a Chinese customer-service knowledge base.

Hybrid BM25 + vector search over FAQ, troubleshooting, policy, guide and script articles, with
recommendations for agents and proof of its accuracy::

    from kbsearch import KnowledgeBase

    knowledge_base = KnowledgeBase.build("corpora/smart_devices", "index")
    response = knowledge_base.search("手表电池不够用")
    print(response.decision, [hit.title for hit in response.hits])

The way of the data, and where each part lives:

- `loaders`: files → articles, and every problem they have
- `analysis`: text → terms; `encoders`: texts → vectors
- `indexer`: articles → `index`, published as an immutable snapshot; `verification` checks one
- `learning`: how an encoder learns from texts that mean the same, the articles among them
- `retrieval`: query → ranked answer; `recommendation`: next best articles for an agent
- `knowledge_base`: the front object
- `evaluation`: proof of accuracy; `tuning`: ranking and confidence fitted to judgments
- `training`: how the bundled encoder was made
- `cli`: the command line
- `article`, `adaptation`, `settings`, `ranking`, `reasons`, `errors`, `messages`: the words all of
  them speak

The names below are loaded when first used, so importing the package costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kbsearch.article import (
        Article,
        Attachment,
        Audience,
        Kind,
        Link,
        Relation,
        Status,
        Visibility,
    )
    from kbsearch.errors import KBSearchError, Problem
    from kbsearch.evaluation.comparison import compare
    from kbsearch.evaluation.experiment import Evaluation, evaluate
    from kbsearch.evaluation.query_set import JudgedQuery, QuerySet
    from kbsearch.indexer.builder import BuildReport
    from kbsearch.knowledge_base import KnowledgeBase
    from kbsearch.recommendation.conversation import Conversation
    from kbsearch.recommendation.customer import CustomerContext
    from kbsearch.recommendation.emotion import Lexicon
    from kbsearch.recommendation.events import Event
    from kbsearch.recommendation.recommender import Recommendation
    from kbsearch.retrieval.filters import Filters
    from kbsearch.retrieval.response import Decision, Hit, SearchResponse
    from kbsearch.settings import Settings
    from kbsearch.tuning.tuner import Tuning, tune

__all__ = [
    "Article",
    "Attachment",
    "Audience",
    "BuildReport",
    "Conversation",
    "CustomerContext",
    "Decision",
    "Evaluation",
    "Event",
    "Filters",
    "Hit",
    "JudgedQuery",
    "KBSearchError",
    "Kind",
    "KnowledgeBase",
    "Lexicon",
    "Link",
    "Problem",
    "QuerySet",
    "Recommendation",
    "Relation",
    "SearchResponse",
    "Settings",
    "Status",
    "Tuning",
    "Visibility",
    "compare",
    "evaluate",
    "tune",
]

_HOMES = {
    "kbsearch.article": (
        "Article",
        "Attachment",
        "Audience",
        "Kind",
        "Link",
        "Relation",
        "Status",
        "Visibility",
    ),
    "kbsearch.errors": ("KBSearchError", "Problem"),
    "kbsearch.evaluation.comparison": ("compare",),
    "kbsearch.evaluation.experiment": ("Evaluation", "evaluate"),
    "kbsearch.evaluation.query_set": ("JudgedQuery", "QuerySet"),
    "kbsearch.indexer.builder": ("BuildReport",),
    "kbsearch.knowledge_base": ("KnowledgeBase",),
    "kbsearch.recommendation.conversation": ("Conversation",),
    "kbsearch.recommendation.customer": ("CustomerContext",),
    "kbsearch.recommendation.emotion": ("Lexicon",),
    "kbsearch.recommendation.events": ("Event",),
    "kbsearch.recommendation.recommender": ("Recommendation",),
    "kbsearch.retrieval.filters": ("Filters",),
    "kbsearch.retrieval.response": ("Decision", "Hit", "SearchResponse"),
    "kbsearch.settings": ("Settings",),
    "kbsearch.tuning.tuner": ("Tuning", "tune"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    """Loads a public name from its module (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module 'kbsearch' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
