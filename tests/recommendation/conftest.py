"""A knowledge base in which every article that search finds is sure enough to be recommended."""

from pathlib import Path

import pytest

from kbsearch.article import Article
from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.settings import Settings

# Search does not judge here whether it knows the answer: what is tested is where articles go.
SURE = Settings.model_validate({"decision": {"answer": 0, "suggest": 0}})


@pytest.fixture(scope="session")
def sure(articles: tuple[Article, ...], tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    """The six articles of `tests/conftest.py`; tests must not write to it."""
    index_dir: Path = tmp_path_factory.mktemp("sure")
    return KnowledgeBase.build(articles, index_dir, settings=SURE)
