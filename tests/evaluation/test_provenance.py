"""Tests of provenance: the same gives the same hashes, and each change moves its own."""

import pytest

from kbsearch.article import Article
from kbsearch.evaluation.provenance import Provenance
from kbsearch.evaluation.query_set import JudgedQuery, QuerySet
from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.settings import BM25Settings

QUERIES = QuerySet.of("titles", [JudgedQuery(id="q", text="空调漏水", relevant=["a"])])
OTHER_QUERIES = QuerySet.of("titles", [JudgedQuery(id="q", text="空调滴水", relevant=["a"])])
ARTICLE = Article(id="a", kind="faq", title="空调漏水")


@pytest.fixture
def provenance(tmp_path, character_settings):
    """Builds an index of one article, and gives the provenance of measuring it."""

    def measure(name, *, article=ARTICLE, settings=character_settings, queries=QUERIES):
        index = KnowledgeBase.build([article], tmp_path / name, settings=settings)
        return Provenance.of(index.info(), index.settings, queries)

    return measure


def test_same_knowledge_base_elsewhere_is_the_same(provenance):
    """Neither the folder nor the day counts."""
    assert provenance("there").moved(provenance("here")) == ()


def test_each_change_is_named(provenance, character_settings, write_character_model, tmp_path):
    """Queries, articles, settings, model."""
    before = provenance("before")
    bm25 = character_settings.model_copy(update={"bm25": BM25Settings(k1=1.2)})
    model = str(write_character_model(tmp_path / "model", seed=1))
    vectors = character_settings.vectors.model_copy(update={"model": model})
    changes = {
        "queries": {"queries": OTHER_QUERIES},
        "content": {"article": ARTICLE.model_copy(update={"title": "空调滴水"})},
        "settings": {"settings": bm25},
        "model": {"settings": character_settings.model_copy(update={"vectors": vectors})},
    }
    for name, change in changes.items():
        assert provenance(name, **change).moved(before) == (name,)


def test_name_of_the_query_set_is_no_change(provenance):
    """Only its queries are."""
    renamed = QuerySet.of("other", QUERIES.queries)
    assert provenance("a", queries=renamed).moved(provenance("b")) == ()
