"""Codes that stand in no article: known to be unknown."""

import pytest

from kbsearch.article import Article
from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.retrieval import handover

ROWS = [
    {"id": "e4", "title": "空调显示 E4 停机是什么意思", "questions": ["E4 故障码怎么消除"]},
    {"id": "e7", "title": "洗衣机显示 E7 是什么意思"},
    {"id": "fee", "title": "上门检测费怎么收"},
]


@pytest.fixture(scope="module")
def codes(tmp_path_factory):
    """A knowledge base with two error codes."""
    articles = [Article.model_validate({"kind": "faq", **row}) for row in ROWS]
    return KnowledgeBase.build(articles, tmp_path_factory.mktemp("codes"))


def test_code_that_stands_nowhere_is_no_answer(codes):
    """What E4 means is known; what E1 means is not, however alike the questions are."""
    known, unknown = codes.search_many(["空调显示 E4 停机", "空调显示 E1 停机"])
    assert (known.decision, known.unknown_codes) == ("answer", ())
    assert (unknown.decision, unknown.unknown_codes) == ("suggest", ("e1",))


def test_code_of_another_product_is_no_answer(codes):
    """E7 is known, but of the washing machine: what the air conditioner's article says is none."""
    other = codes.search("空调显示 E7 停机")
    assert other.unknown_codes == ()
    assert other.hits[0].article_id == "e7" or other.decision != "answer"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("报 e-1 和 E1", ("e1",)),
        ("5G 50GB 3kW", ()),
        ("error 05", ()),
        ("E4 E7", ("e4", "e7")),
        ("WiFi7", ("wifi7",)),
        ("", ()),
    ],
)
def test_codes_are_letters_before_digits(text, found):
    """Quantities are none, nor is a word beside a number."""
    assert handover.codes(text) == found
