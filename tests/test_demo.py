"""The questions that `make demo` asks."""

import pytest

from kbsearch.knowledge_base import KnowledgeBase


@pytest.mark.parametrize(
    ("question", "article_id"),
    [
        ("手表电池不够用", "watch-battery-drain"),
        ("我的手表连不上手机", "watch-bluetooth-pair"),
        ("智能空调不制冷", "ac-not-cooling"),
    ],
)
def test_demo_question_finds_its_article_first(corpus_index, question, article_id):
    """The questions of the demo are answered with their article, and highlighted."""
    hit = KnowledgeBase.open(corpus_index).search(question).hits[0]
    assert hit.article_id == article_id
    assert hit.highlights
