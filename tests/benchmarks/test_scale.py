"""Tests of benchmarks/scale: what makes its figures comparable."""

from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.scale.corpus import INDUSTRIES, ROOT, corpus
from benchmarks.scale.documents import Documents, Reader, Rows
from benchmarks.scale.growth import exponent
from benchmarks.scale.peers import RankBM25
from benchmarks.scale.queries import Asked, queries
from benchmarks.scale.timing import interleaved
from kbsearch.analysis.analyzer import Analyzer
from kbsearch.analysis.dictionaries import Dictionaries
from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.loaders.source import read_source

REAL = 625


@pytest.fixture(scope="module")
def small():
    """The first 2,000 articles."""
    return list(corpus(2_000))


def test_smaller_corpus_is_the_beginning_of_a_larger_one(small):
    """Sizes differ in how many distractors there are, in nothing else."""
    assert list(corpus(1_000)) == small[:1_000]


def test_real_articles_come_first(small):
    """All articles of the four knowledge bases are inside, whatever the size."""
    folders = [ROOT / "corpora" / industry for industry in INDUSTRIES]
    real = [article for folder in folders for article in read_source([folder]).articles]
    assert [article.title for article in real] == [article.title for article in small[:REAL]]


def test_no_text_is_repeated(small):
    """Up to 2,000 articles no distractor repeats an id or a question of another one."""
    questions = [text for article in small[REAL:] for text in article.questions]
    assert len({article.id for article in small}) == len(small)
    assert len(set(questions)) == len(questions) == 5 * (len(small) - REAL)


def test_judged_queries_can_be_answered(small):
    """Every answer is an article of the corpus, and as many queries are asked as were wanted."""
    asked = queries(small, Analyzer(Dictionaries()), judged=300, dropped=40)
    assert len([query for query in asked if query.judged]) == 300
    assert len(asked) == 340
    assert {i for query in asked for i in query.answers} <= {article.id for article in small}


def test_sides_answer_the_same_queries():
    """Each side answers each timed query, and its share of right first articles is counted."""
    asked = [Asked(str(number), frozenset(["even"]), judged=True) for number in range(25)]
    sides = {
        "always": lambda text: ["even"],
        "half": lambda text: ["even" if int(text) % 2 == 0 else "odd"],
        "never": lambda text: [],
    }
    timings = interleaved(sides, asked, budget_s=60)
    assert [timing.queries for timing in timings.values()] == [20, 20, 20]
    assert [timing.hit_at_1 for timing in timings.values()] == [1, 0.5, 0]


def test_documents_have_a_row_for_each_text(articles, tmp_path):
    """Peers get the vectors that kbsearch has: of each title, question and body."""
    knowledge_base = KnowledgeBase.build(articles, tmp_path)
    published = list(knowledge_base.articles())
    documents = Documents.of(published, Reader.of(knowledge_base))
    rows = [1 + len(article.questions) + bool(article.body) for article in published]
    assert np.bincount(documents.texts.owners).tolist() == rows
    assert documents.texts.vectors.shape == (sum(rows), knowledge_base.searcher.encoder.dim)
    np.testing.assert_allclose(np.linalg.norm(documents.articles.vectors, axis=1), 1, atol=1e-5)


def test_glue_weighs_both_legs():
    """Where words and vectors disagree the vectors win; without words they decide."""
    vectors = np.eye(3, dtype=np.float32)
    tokens = [["表", "充电"], ["门锁"], ["发票"]]
    peer = RankBM25()
    peer.build(Documents(["watch", "lock", "invoice"], tokens, Rows(np.arange(3), tokens, vectors)))
    assert peer.search(["门锁"], vectors[0])[:2] == ["watch", "lock"]
    assert peer.search([], vectors[2])[0] == "invoice"


@given(st.floats(0.1, 100), st.floats(-1, 3))
def test_exponent_is_found(factor, power):
    """Costs that grow as a power of the size have that power as exponent."""
    sizes = [6_000, 60_000, 600_000]
    assert exponent(sizes, [factor * size**power for size in sizes]) == pytest.approx(
        power, abs=1e-6
    )


def test_corpus_is_lazy():
    """A million questions are not made to look at three articles."""
    assert len(list(islice(corpus(10**9), 3))) == 3
