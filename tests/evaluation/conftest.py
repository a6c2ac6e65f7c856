"""A small query set whose results are certain: exact titles, a wrong judgment, no words."""

import pytest

from kbsearch.evaluation.query_set import JudgedQuery, QuerySet

DAY = {"valid_on": "2026-06-01"}  # everything in the small knowledge base holds on it
ROWS = [
    {"id": "q1", "text": "空调不制冷怎么办", "relevant": ["ac-not-cooling"], "type": "standard"},
    {"id": "q2", "text": "如何预约上门维修", "relevant": ["book-repair"], "type": "standard"},
    {"id": "q3", "text": "手表一天就没电怎么办", "relevant": ["watch-battery"], "type": "standard"},
    {"id": "q4", "text": "上门检测费怎么收", "relevant": ["no-such-article"], "type": "wrong"},
    {"id": "q5", "text": "？？？", "relevant": [], "answerable": False, "type": "off_topic"},
]


@pytest.fixture(scope="session")
def query_set() -> QuerySet:
    """Three queries that are answered, one that cannot be, one to decline."""
    return QuerySet.of("small", (JudgedQuery(**row, filters=DAY) for row in ROWS))
