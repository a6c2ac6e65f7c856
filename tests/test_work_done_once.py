"""Counts of operations, which do not flake as times do: a search does nothing twice."""

from collections import Counter

import pytest

from kbsearch import KnowledgeBase, Settings
from kbsearch.article import Article
from kbsearch.encoders.static import StaticWords
from kbsearch.index.article_store import ArticleStore
from kbsearch.index.inverted_index import InvertedIndex
from kbsearch.settings import VectorSettings

ARTICLES = 40
QUERY = "灯带亮度怎么调"


@pytest.fixture
def index_dir(tmp_path):
    """Articles that all have to do with the query."""
    articles = [
        Article(
            id=f"light-{n:02}",
            kind="faq",
            title=f"{n} 号灯带怎么调亮度",
            questions=(f"{n} 号灯带太暗",),
            body="长按开关两秒，再轻点。" * (n % 5 + 1),
        )
        for n in range(ARTICLES)
    ]
    KnowledgeBase.build(articles, tmp_path, settings=Settings(vectors=VectorSettings(adapt=False)))
    return tmp_path


@pytest.fixture
def counted(monkeypatch):
    """How often each of some functions ran, and over how much."""
    counts: Counter[str] = Counter()

    def count(owner, name, amount=lambda *_: 1):
        original = getattr(owner, name)

        def counting(*args, **kwargs):
            counts[name] += amount(*args)
            return original(*args, **kwargs)

        monkeypatch.setattr(owner, name, counting)

    count(StaticWords, "ids", lambda _, texts: len(texts))
    count(StaticWords, "likeness")
    count(InvertedIndex, "_new_impacts")
    count(ArticleStore, "_read")
    return counts


def test_a_search_reads_the_query_once(index_dir, counted):
    """One text is cut into words, once; the vector and late interaction share them."""
    ours = KnowledgeBase.open(index_dir)
    ours.search("预热")
    counted.clear()
    ours.search(QUERY)
    assert (counted["ids"], counted["likeness"]) == (1, 1)


def test_a_term_is_weighed_once(index_dir, counted):
    """Postings are read when a term is first asked for, and never again."""
    ours = KnowledgeBase.open(index_dir)
    response = ours.search(QUERY, explain=True)
    explanation = response.hits[0].explanation
    terms = {**explanation.matched_terms, **explanation.missing_terms}
    assert counted["_new_impacts"] > 0
    counted.clear()
    ours.search(QUERY)
    known = [term for term in terms if ours.searcher.index.inverted.frequency(term)]
    assert counted["_new_impacts"] <= 2 * (len(terms) - len(known))


def test_an_article_is_read_once(index_dir, counted):
    """Those that are shown are read, no others, and kept."""
    ours = KnowledgeBase.open(index_dir)
    hits = ours.search(QUERY, top_k=5).hits
    assert counted["_read"] == len(hits) == 5
    ours.search(QUERY, top_k=5)
    assert counted["_read"] == 5


def test_many_texts_share_the_reading(index_dir, counted):
    """All texts are cut into words at once, and each candidate list is compared once."""
    ours = KnowledgeBase.open(index_dir)
    ours.search_many([QUERY] * 30)
    assert (counted["ids"], counted["likeness"]) == (30, 30)
