"""Tests of the measures of recommendation sets; every expected figure can be counted by hand."""

import json

import pytest

from kbsearch.errors import QuerySetError
from kbsearch.evaluation.recommending import (
    CaseOutcome,
    RecommendationCase,
    evaluate_recommendations,
    measure,
    read_cases,
    replay,
)
from kbsearch.recommendation.slots import Slot


def outcome(wanted, shown, first=(), **fields):
    """A case and what was shown for it."""
    case = {"id": "c", "type": "text", "text": "问", "wanted": wanted, "first": first, **fields}
    slots = {Slot(slot): tuple(articles) for slot, articles in shown.items()}
    return CaseOutcome(RecommendationCase.model_validate(case), slots)


def test_precision_counts_every_slot_that_is_not_empty():
    """Of three filled slots one begins with what is wanted; nobody wanted the third."""
    outcomes = [
        outcome({"policy": ["a", "b"]}, {"policy": ["b", "x"]}),
        outcome({"policy": ["a"]}, {"policy": ["x", "a"]}),
        outcome({"solution": ["s"]}, {"policy": ["a"]}),
        outcome({"policy": ["a"]}, {}),
    ]
    precision = measure(outcomes).slots[Slot.POLICY].precision
    assert (precision.value, precision.count) == (pytest.approx(1 / 3), 3)


def test_recall_is_a_mean_and_found_a_share():
    """2 of 3 places (five are wanted) and 1 of 1: recall 5/6, found 3/4."""
    outcomes = [
        outcome({"policy": [*"abcde"]}, {"policy": ["a", "x", "e"]}),
        outcome({"policy": ["a"]}, {"policy": ["a"]}),
    ]
    figures = measure(outcomes).slots[Slot.POLICY]
    assert figures.recall.value == pytest.approx(5 / 6)
    assert figures.found.value == pytest.approx(3 / 4)


def test_article_wanted_in_two_slots_is_right_in_either():
    """But not in a third one, and not at the fourth place."""
    wanted = {"solution": ["a"], "policy": ["a"]}
    assert measure([outcome(wanted, {"policy": ["a"]})]).found.value == 1
    assert measure([outcome(wanted, {"related": ["a"]})]).found.value == 0
    assert measure([outcome(wanted, {"policy": [*"xyza"]})]).found.value == 0


def test_reached_counts_slots():
    """One of the two wanted slots has something right."""
    both = outcome({"policy": [*"abc"], "script": ["s"]}, {"policy": ["x", "c"], "script": ["t"]})
    assert measure([both]).reached.value == 0.5


def test_first_action_is_the_first_of_the_first_slot_shown():
    """In the order in which slots are shown, empty ones passed over."""
    shown = {"solution": [], "script": ["s"], "policy": ["p"]}
    assert outcome({"policy": ["p"]}, shown, ["s"]).is_first_right
    assert not outcome({"policy": ["p"]}, shown, ["p"]).is_first_right


def test_silence_is_right_where_nothing_fits():
    """And only there; a case without a judged first action takes no part."""
    evaluation = measure(
        [outcome({}, {}), outcome({}, {"policy": ["x"]}), outcome({"policy": ["p"]}, {})]
    )
    assert (evaluation.first.value, evaluation.first.count) == (0.5, 2)
    assert (evaluation.quiet.value, evaluation.quiet.count) == (0.5, 2)


CASES = [
    {"id": "t", "type": "text", "text": "空调不制冷", "wanted": {"solution": ["ac-not-cooling"]}},
    {
        "id": "c",
        "type": "conversation",
        "conversation": [{"role": "customer", "text": "手表没电"}],
        "wanted": {"solution": ["watch-battery"]},
        "first": ["watch-battery"],
    },
    {"id": "x", "type": "context", "context": {"products": ["腕伴 S2"]}, "wanted": {}},
    {
        "id": "a",
        "type": "article",
        "article_id": "ac-not-cooling",
        "wanted": {"next_step": ["book-repair"]},
    },
]


def write(path, *cases):
    """A file of cases, one a line."""
    lines = (case if isinstance(case, str) else json.dumps(case) for case in cases)
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_cases_of_every_type_are_read_and_measured(knowledge_base, tmp_path):
    """The industry is the name of the folder."""
    cases = read_cases([write(tmp_path / "cases.jsonl", *CASES)])
    assert {case.industry for case in cases} == {tmp_path.name}
    evaluation = evaluate_recommendations(knowledge_base, cases)
    assert evaluation.slots[Slot.SOLUTION].found.value == 1
    assert [*evaluation.by_type] == ["article", "context", "conversation", "text"]


@pytest.mark.parametrize(
    ("case", "named"),
    [
        ("{", "JSON"),
        ({**CASES[0], "type": "context"}, "type"),
        ({**CASES[0], "wanted": {"answer": []}}, "wanted"),
        ({**CASES[0], "colour": "red"}, "colour"),
        ({**CASES[0], "id": ""}, "id"),
    ],
)
def test_wrong_line_is_named(tmp_path, case, named):
    """File, line and field; a wrong set is not used in part."""
    path = write(tmp_path / "cases.jsonl", CASES[1], case)
    with pytest.raises(QuerySetError, match=named) as raised:
        read_cases([path])
    assert {problem.location for problem in raised.value.problems} == {f"{path}:2"}


@pytest.mark.parametrize("cases", [(), (CASES[0], CASES[0])])
def test_empty_set_and_repeated_id_are_refused(tmp_path, cases):
    """Neither says anything."""
    with pytest.raises(QuerySetError):
        read_cases([write(tmp_path / "cases.jsonl", *cases)])


def test_missing_file_is_a_problem(tmp_path):
    """Not an OSError."""
    with pytest.raises(QuerySetError, match="missing"):
        read_cases([tmp_path / "missing.jsonl"])


def test_replay_changes_nothing_but_its_own_store(knowledge_base, tmp_path):
    """Same seed, same events; those of the knowledge base stay as they are."""
    cases = read_cases([write(tmp_path / "cases.jsonl", *CASES)])
    once, again = (replay(knowledge_base, cases, rounds=2) for _ in range(2))
    assert once == again
    assert once.events > 0
    assert [len(each.outcomes) for each in (*once.seen, *once.unseen)] == [2, 2, 2, 2]
    assert not knowledge_base.events.path.exists()
