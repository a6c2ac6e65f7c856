"""Tests of what a person is given when search declines."""

import pytest

from kbsearch.retrieval.response import HandoverReason

NEVER = {"answer": 1, "answer_strict": 1, "suggest": 1}  # no article is even a suggestion
ROWS = [{"id": name, "title": "手表"} for name in "abcd"]


def test_reasons_have_stable_names():
    """Services read them."""
    assert [*HandoverReason] == ["no_words", "nothing_found", "filtered", "low_confidence"]


@pytest.mark.parametrize(
    ("text", "filters", "reason"),
    [
        ("？？！", {}, "no_words"),
        ("怎么办", {}, "no_words"),  # stop words alone
        ("量子", {}, "nothing_found"),
        ("手表", {"kind": "policy"}, "filtered"),
        ("量子", {"kind": "policy"}, "nothing_found"),
        ("手表", {}, "low_confidence"),
    ],
)
def test_reason_says_why(build_small, text, filters, reason):
    """Nothing to search for, nothing found, found but filtered out, found but not likely."""
    response = build_small(ROWS, decision=NEVER).search(text, filters=filters)
    assert response.decision == "abstain"
    assert response.handover.reason == reason


def test_article_out_of_date_is_filtered(build_small):
    """What holds no more is not shown, but a person may know of it."""
    small = build_small([{"id": "old", "title": "手表", "valid_until": "2020-01-01"}])
    handover = small.search("手表").handover
    assert (handover.reason, handover.nearest) == ("filtered", ())


def test_blocked_article_is_not_filtered(build_small, tmp_path):
    """An editor keeps it from this query, so there is nothing that a filter hides."""
    (tmp_path / "pins.txt").write_text("手表 =/> only", encoding="utf-8")
    only = [{"id": "only", "title": "手表"}]
    small = build_small(only, dictionaries={"pins": str(tmp_path / "pins.txt")})
    assert small.search("手表").handover.reason == "nothing_found"


def test_handover_has_query_context_and_nearest(build_small):
    """As they came; three articles at most, however few hits are shown, with their confidence."""
    small = build_small(ROWS, decision=NEVER)
    many = small.search("手錶", top_k=10, context=["你好", "在吗"])
    few = small.search("手錶", top_k=1, context=["你好", "在吗"])
    assert few.handover == many.handover
    assert (few.handover.query, few.handover.context) == ("手錶", ("你好", "在吗"))
    shown = [(hit.article_id, hit.title, hit.confidence) for hit in many.hits[:3]]
    assert [*few.handover.nearest] == shown


def test_unknown_terms_are_those_of_no_article(build_small):
    """手表 stands in an article, 量子 in none."""
    handover = build_small(ROWS, decision=NEVER).search("量子手表").handover
    assert handover.unknown_terms == ("量子",)


@pytest.mark.parametrize(("suggest", "decision"), [(0, "suggest"), (1, "abstain")])
def test_only_who_abstains_hands_over(build_small, suggest, decision):
    """Any other decision has no handover."""
    response = build_small(ROWS, decision=NEVER | {"suggest": suggest}).search("手表")
    assert response.decision == decision
    assert (response.handover is not None) == (decision == "abstain")
