"""The four knowledge bases and their query sets; every test runs on each."""

from pathlib import Path

import pytest

from kbsearch.evaluation.query_set import QuerySet
from kbsearch.loaders.source import read_source

ROOT = Path(__file__).parent.parent.parent
INDUSTRIES = ("smart_devices", "telecom", "ecommerce", "finance")


@pytest.fixture(scope="module", params=INDUSTRIES)
def industry(request):
    """The name of a knowledge base."""
    return request.param


@pytest.fixture(scope="module")
def source(industry):
    """Its articles, read as an editor's `validate` reads them."""
    return read_source([ROOT / "corpora" / industry])


@pytest.fixture(scope="module")
def articles(source):
    """Its articles by id."""
    return {article.id: article for article in source.articles}


@pytest.fixture(scope="module")
def splits(industry):
    """Its query sets: dev to tune on, test to measure on."""
    folder = ROOT / "eval" / industry
    return {name: QuerySet.read([folder / f"{name}.jsonl"]) for name in ("dev", "test")}


@pytest.fixture(scope="module")
def queries(splits):
    """All its queries."""
    return [query for query_set in splits.values() for query in query_set.queries]
