"""Tests of slices: each query counts where it belongs."""

import pytest

from kbsearch.article import Article
from kbsearch.evaluation.significance import share
from kbsearch.evaluation.slices import DIMENSIONS, slices

ARTICLES = {
    "a": Article(
        id="a", kind="faq", title="手表", category="穿戴/手表", products=("腕伴 S1", "腕伴 S2")
    ),
    "b": Article(id="b", kind="policy", title="保修", category="售后"),
}


def test_query_counts_in_each_dimension(outcome):
    """Kind, first level of the category and every product are those of the best article."""
    found = slices(
        [
            outcome(True, industry="telecom", type="short", relevant={"b": 1, "a": 2}),
            outcome(False, industry="telecom", type="typo", relevant={"a": 1}),
            outcome(True, industry="finance", type="typo", relevant={"b": 1}),
            outcome(industry="finance", type="off_topic"),
        ],
        ARTICLES,
    )
    assert tuple(found) == DIMENSIONS
    assert found["industry"] == {"finance": share(1, 1), "telecom": share(1, 2)}
    assert found["type"] == {"short": share(1, 1), "typo": share(1, 2)}
    assert found["kind"] == {"faq": share(1, 2), "policy": share(1, 1)}
    assert found["category"] == {"售后": share(1, 1), "穿戴": share(1, 2)}
    assert found["product"] == {"腕伴 S1": share(1, 2), "腕伴 S2": share(1, 2)}


@pytest.mark.parametrize(
    ("length", "label"),
    [
        (1, "1"),
        (2, "2–5"),
        (5, "2–5"),
        (6, "6–10"),
        (10, "6–10"),
        (11, "11–20"),
        (21, "21–40"),
        (40, "21–40"),
        (41, "41+"),
        (500, "41+"),
    ],
)
def test_length_is_counted_in_characters(outcome, length, label):
    """Both ends of each class."""
    assert [*slices([outcome(True, text="电" * length)], ARTICLES)["length"]] == [label]


def test_lengths_are_in_order(outcome):
    """Short ones come first, not those whose label does."""
    outcomes = [outcome(True, text="电" * length) for length in (50, 30, 15, 8, 4)]
    assert [*slices(outcomes, ARTICLES)["length"]] == ["2–5", "6–10", "11–20", "21–40", "41+"]


def test_article_that_is_not_there_has_no_kind(outcome):
    """The query still counts, under no name."""
    found = slices([outcome(False, relevant={"gone": 1})], ARTICLES)
    assert found["kind"] == found["category"] == {"": share(0, 1)}
    assert found["product"] == {}
