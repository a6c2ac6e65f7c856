"""Examples: what is known of each judged query's candidates."""

import numpy as np

from kbsearch.retrieval.candidates import Leg
from kbsearch.retrieval.features import Features
from kbsearch.tuning.examples import CANDIDATES, collect

ASKED = {"空调吹的风不凉": "ac-not-cooling", "手表没电": "watch-battery", "火星上天气怎么样": None}


def test_every_query_gives_an_example(knowledge_base, query_set_of):
    """Unanswerable ones, too, which name no article."""
    examples = collect(knowledge_base, query_set_of(ASKED).queries)
    assert [example.query_id for example in examples] == ["q0", "q1", "q2"]
    assert [example.article for example in examples] == ["ac-not-cooling", "watch-battery", ""]
    assert not examples[2].right.any()


def test_example_has_what_search_explains(knowledge_base, query_set_of):
    """Features of each candidate; the right one is marked."""
    (example,) = collect(knowledge_base, query_set_of({"空调吹的风不凉": "ac-not-cooling"}).queries)
    hits = knowledge_base.search("空调吹的风不凉", top_k=10, explain=True).hits
    explained = {
        tuple(hit.explanation.ranking[name] for name in Features._fields): (
            hit.article_id == "ac-not-cooling"
        )
        for hit in hits
    }
    rows = [tuple(row) for row in example.features.tolist()]
    assert dict(zip(rows, example.right.tolist(), strict=True)) == explained


def test_candidates_are_the_first_of_the_hybrid_leg(build_many, query_set_of):
    """Twenty of them, however many there are."""
    (example,) = collect(build_many(30), query_set_of({"空调": "a00"}).queries)
    assert example.features.shape == (CANDIDATES, len(Features._fields))
    assert example.right.tolist() == [True] + [False] * (CANDIDATES - 1)


def test_leg_hits_say_which_leg_is_right(knowledge_base, query_set_of):
    """Each leg is right where its own first article is the judged one."""
    text = "手表没电"
    for article in ("watch-battery", "book-repair"):
        (example,) = collect(knowledge_base, query_set_of({text: article}).queries)
        first = {leg: next(iter(knowledge_base.rank(text, leg=leg)))[0] for leg in Leg}
        assert example.leg_hits == {leg: first[leg] == article for leg in Leg}


def test_query_that_finds_nothing_has_no_candidates(knowledge_base, query_set_of):
    """Nor is any leg right."""
    (example,) = collect(knowledge_base, query_set_of({"？？": "ac-not-cooling"}).queries)
    assert example.features.shape == (0, len(Features._fields))
    assert example.right.size == 0
    assert not any(example.leg_hits.values())


def test_progress_is_reported_query_by_query(knowledge_base, query_set_of):
    """Stage, done and total."""
    reports = []
    collect(knowledge_base, query_set_of(ASKED).queries, lambda *report: reports.append(report))
    assert reports == [("search", number, 3) for number in (1, 2, 3)]


def test_filters_and_context_are_those_of_the_query(knowledge_base, query_set_of):
    """A filtered query has allowed candidates alone; earlier turns change the features."""
    (plain,) = query_set_of({"怎么办": "watch-battery"}).queries
    filtered = plain.model_copy(update={"filters": {"kind": "guide"}})
    later = plain.model_copy(update={"context": ("我的手表",)})
    examples = collect(knowledge_base, [plain, filtered, later])
    assert [len(example.right) for example in examples][:2] == [5, 1]
    assert not np.array_equal(examples[0].features, examples[2].features)
    assert [example.in_context for example in examples] == [False, False, True]
