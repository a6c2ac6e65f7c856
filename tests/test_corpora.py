"""Tests of the content that comes with kbsearch: articles and query sets are what they claim."""

import json
from collections import Counter
from pathlib import Path

import pytest

from kbsearch.analysis.filters import normalize
from kbsearch.evaluation.query_set import QuerySet
from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.loaders.source import read_source

ROOT = Path(__file__).parent.parent
CORPUS = ROOT / "corpora" / "smart_devices"
QUERIES = ROOT / "eval" / "smart_devices" / "queries.jsonl"
LONGEST_SHARED_RUN = 7  # characters; eight in a row are copied, not found by chance


@pytest.fixture(scope="module")
def source():
    """The articles, read as an editor's `validate` reads them."""
    return read_source([CORPUS])


@pytest.fixture(scope="module")
def query_set():
    """The judged queries."""
    return QuerySet.read([QUERIES])


def shared_run(left, right, length):
    """A run of `length` characters that stands in both texts, or "" if there is none."""
    left, right = ("".join(normalize(text).split()) for text in (left, right))
    runs = (left[begin : begin + length] for begin in range(len(left) - length + 1))
    return next((run for run in runs if run in right), "")


def test_articles_have_no_problems(source):
    """`kbsearch validate corpora/smart_devices` finds nothing, not even a warning."""
    assert [f"{found.location}: {found.text()}" for found in source.problems] == []


def test_there_are_enough_articles_of_each_kind(source):
    """At least 60: 30 troubleshooting, 15 faq, 10 policy and 5 guide."""
    kinds = Counter(str(article.kind) for article in source.articles)
    assert sum(kinds.values()) >= 60
    for kind, least in {"troubleshooting": 30, "faq": 15, "policy": 10, "guide": 5}.items():
        assert kinds[kind] >= least


def test_every_article_can_be_found(source):
    """Published, with similar questions, a body, a category, and a file of its own name."""
    for article, path in ((entry.article, entry.path) for entry in source.entries):
        assert article.status == "published", article.id
        assert article.questions, article.id
        assert len(article.body) > 100, article.id
        assert article.category, article.id
        assert Path(path).stem == article.id


def test_no_two_articles_ask_the_same(source):
    """A title or similar question stands in one article only: it has one answer."""
    texts = Counter(
        normalize(text)
        for article in source.articles
        for text in (article.title, *article.questions)
    )
    assert [text for text, count in texts.items() if count > 1] == []


def test_there_are_enough_queries(query_set):
    """At least 150 answerable ones, and some to be declined."""
    assert len(query_set.answerable) >= 150
    assert len(query_set.unanswerable) >= 20


def test_queries_are_told_apart(query_set):
    """No text is asked twice, and each says how it is put."""
    texts = Counter(normalize(query.text) for query in query_set.queries)
    assert [text for text, count in texts.items() if count > 1] == []
    assert all(query.type for query in query_set.queries)


def test_judged_articles_exist(query_set, source):
    """Every article that a query should find is there, and every article has a query."""
    known = {article.id for article in source.articles}
    judged = {name for query in query_set.answerable for name in query.relevant}
    assert judged - known == set()
    assert {article.id for article in source.articles if article.kind != "script"} - judged == set()


def test_queries_are_not_copied_from_their_articles(query_set, source):
    """No query shares eight characters in a row with a title or question of a relevant article."""
    articles = {article.id: article for article in source.articles}
    leaks = [
        (query.id, name, run)
        for query in query_set.answerable
        for name in query.relevant
        for text in (articles[name].title, *articles[name].questions)
        if (run := shared_run(query.text, text, LONGEST_SHARED_RUN + 1))
    ]
    assert leaks == []


def test_queries_are_not_trained_on(query_set):
    """No query stands word for word in the groups on which the bundled encoder is trained."""
    trained = {
        normalize(text)
        for path in (ROOT / "corpora" / "paraphrases").glob("*.jsonl")
        for line in path.read_text(encoding="utf-8").splitlines()
        for group in [json.loads(line)]
        for text in (group["title"], *group["questions"])
    }
    assert len(trained) > 25_000
    assert [query.text for query in query_set.queries if normalize(query.text) in trained] == []


def test_readme_of_the_query_sets_counts_right(query_set):
    """The table in eval/README.md has the numbers of the file."""
    readme = (QUERIES.parent.parent / "README.md").read_text(encoding="utf-8")
    assert f"{len(query_set.queries)} judged queries" in readme
    assert f"{len(query_set.answerable)} answerable" in readme
    assert f"{len(query_set.unanswerable)} unanswerable" in readme
    for kind, count in Counter(query.type for query in query_set.queries).items():
        names = {"mixed": "mixed Chinese and English"}
        assert f"{names.get(kind, kind)} {count}" in readme


@pytest.mark.parametrize(
    ("question", "article_id"),
    [
        ("手表电池不够用", "watch-battery-drain"),
        ("我的手表连不上手机", "watch-bluetooth-pair"),
        ("智能空调不制冷", "ac-not-cooling"),
    ],
)
def test_demo_question_finds_its_article_first(corpus_index, question, article_id):
    """The questions that `make demo` asks are answered with their article, and highlighted."""
    hit = KnowledgeBase.open(corpus_index).search(question).hits[0]
    assert hit.article_id == article_id
    assert hit.highlights
