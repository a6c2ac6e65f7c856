"""A small query set whose results are certain, and outcomes made by hand."""

import pytest

from kbsearch.evaluation.experiment import evaluate
from kbsearch.evaluation.outcome import Outcome
from kbsearch.evaluation.query_set import JudgedQuery, QuerySet
from kbsearch.evaluation.result import Evaluation
from kbsearch.retrieval.response import Decision

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


@pytest.fixture(scope="session")
def evaluation(knowledge_base, query_set) -> Evaluation:
    """The small query set on the small knowledge base."""
    return evaluate(knowledge_base, query_set)


@pytest.fixture(scope="session")
def outcome():
    """Makes an outcome: right, wrong, or (None) of an unanswerable query."""

    def make(right=None, **fields):
        answerable = right is not None
        given = {
            "id": "q",
            "text": "手表没电",
            "type": "",
            "industry": "",
            "context": (),
            "relevant": {"a": 1} if answerable else {},
            "known_failure": "",
            "values": {"final": {"hit@1": float(right)}} if answerable else {},
            "rankings": {},
            "decision": Decision.ANSWER,
            "confidence": 0.5,
            "milliseconds": 1.0,
        }
        return Outcome(**given | fields)

    return make
