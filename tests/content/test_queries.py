"""The query sets in `eval/` are what eval/README.md claims: enough, told apart, blind, split."""

import json
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest

from kbsearch.analysis.filters import normalize

ROOT = Path(__file__).parent.parent.parent
LONGEST_SHARED_RUN = 7  # characters; eight in a row are copied, not found by chance
TYPES = (
    "standard",
    "colloquial",
    "symptom",
    "short",
    "long",
    "typo",
    "traditional",
    "mixed",
    "keyword",
    "multi_turn",
)


def best(query):
    """The articles that answer a query best."""
    return {name for name, grade in query.relevant.items() if grade == 2}


def shared_run(left, right, length):
    """A run of `length` characters that stands in both texts, or "" if there is none."""
    left, right = ("".join(normalize(text).split()) for text in (left, right))
    runs = (left[begin : begin + length] for begin in range(len(left) - length + 1))
    return next((run for run in runs if run in right), "")


def test_there_are_enough_queries(queries):
    """At least 400 answerable, 35 of each type; 100 to be declined, half of them near misses."""
    types = Counter(query.type for query in queries if query.answerable)
    assert types.total() >= 400
    assert {kind: types[kind] for kind in TYPES if types[kind] < 35} == {}
    declined = Counter(query.type for query in queries if not query.answerable)
    assert declined.total() >= 100
    assert declined["near_miss"] >= declined.total() / 2


def test_queries_are_told_apart(queries):
    """No text is asked twice in the same context, no id is used twice, and types are known."""
    texts = Counter((normalize(query.text), query.context) for query in queries)
    assert [text for text, count in texts.items() if count > 1] == []
    ids = Counter(query.id for query in queries)
    assert [name for name, count in ids.items() if count > 1] == []
    assert {query.type for query in queries} <= {*TYPES, "near_miss", "off_topic"}


def test_earlier_turns_are_given_where_they_are_needed(queries):
    """A query of several turns has context, another has none."""
    assert all(
        bool(query.context) == (query.type == "multi_turn") for query in queries if query.answerable
    )


def test_judged_articles_exist(queries, articles):
    """Every article that a query should find is there, and every article is best for some query."""
    judged = {name for query in queries for name in query.answers}
    assert judged - set(articles) == set()
    assert set(articles) - {name for query in queries for name in best(query)} == set()


def test_dev_and_test_are_about_different_articles(splits):
    """No article is the best answer to queries of both: tuning on one does not know the other."""
    for left, right in combinations(splits.values(), 2):
        names = [
            {name for query in query_set.queries for name in best(query)}
            for query_set in (left, right)
        ]
        assert names[0] & names[1] == set()


def test_dev_and_test_are_about_equal(splits):
    """Each has at least 200 answerable queries and 40 to be declined."""
    for query_set in splits.values():
        assert len(query_set.answerable) >= 200
        assert len(query_set.unanswerable) >= 40


def test_queries_are_not_copied_from_their_articles(queries, articles):
    """No query shares eight characters in a row with a title or question of a relevant article."""
    leaks = [
        (query.id, name, run)
        for query in queries
        for name in query.answers
        for text in (articles[name].title, *articles[name].questions)
        if (run := shared_run(query.text, text, LONGEST_SHARED_RUN + 1))
    ]
    assert leaks == []


@pytest.fixture(scope="module")
def trained_on():
    """Every text that the bundled encoder was trained on, normalised."""
    return {
        normalize(text)
        for path in (ROOT / "corpora" / "paraphrases").glob("*.jsonl")
        for line in path.read_text(encoding="utf-8").splitlines()
        for group in [json.loads(line)]
        for text in (group["title"], *group["questions"])
    }


def test_queries_are_not_trained_on(queries, trained_on):
    """No query stands word for word in the groups on which the bundled encoder is trained."""
    assert len(trained_on) > 25_000
    assert [query.text for query in queries if normalize(query.text) in trained_on] == []


def test_readme_counts_right(industry, splits, queries):
    """The tables in eval/README.md have the numbers of the files."""
    readme = (ROOT / "eval" / "README.md").read_text(encoding="utf-8")
    counts = [len(part) for s in splits.values() for part in (s.answerable, s.unanswerable)]
    assert f"| `{industry}` | " + " | ".join(map(str, counts)) + " |" in readme
    types = Counter(query.type for query in queries)
    listed = [types[kind] for kind in (*TYPES, "near_miss", "off_topic")]
    assert f"| `{industry}` | " + " | ".join(map(str, listed)) + " |" in readme
