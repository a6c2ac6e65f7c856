"""The referee: rank-bm25, lent Lucene's idf where an index has it."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbsearch.article import FIELDS
from kbsearch.index.inverted_index import InvertedIndex
from kbsearch.index.postings import Postings
from kbsearch.index.referee import TOLERANCE, Referee
from kbsearch.settings import BM25Settings, FieldWeights

term_lists = st.lists(st.sampled_from(["手表", "空调", "制冷", "续航"]), max_size=5)
some_articles = st.lists(
    st.fixed_dictionaries({name: term_lists for name in FIELDS}), min_size=1, max_size=6
)


def index_of(articles, chosen):
    """The index of articles that lie in one part."""
    return InvertedIndex([Postings.of(articles)], [np.arange(len(articles))], chosen)


def test_lucene_score_by_hand():
    """Two articles of one term: the idf log(1 + 1.5/1.5) times a saturation of 1."""
    articles = [{"title": ["空调"]}, {"title": ["手表"]}]
    referee = Referee(articles, BM25Settings(idf="lucene", weights=FieldWeights(title=1)))
    assert referee.scores(["空调"]) == pytest.approx([math.log(2), 0])


def test_okapi_score_by_hand():
    """Three articles of one term: the idf log(2.5/1.5) times a saturation of 1."""
    articles = [{"title": ["空调"]}, {"title": ["手表"]}, {"body": ["冰箱"]}]
    weights = FieldWeights(title=1, body=1)
    referee = Referee(articles, BM25Settings(idf="okapi", weights=weights))
    assert referee.scores(["空调", "空调"]) == pytest.approx([2 * math.log(5 / 3), 0, 0])


@pytest.mark.parametrize("form", ["okapi", "lucene"])
@given(some_articles, term_lists, st.floats(0.1, 3), st.floats(0, 1))
def test_index_and_referee_agree(form, articles, query, k1, b):
    """In both forms of idf, whatever the articles: within the tolerance that `verify` allows."""
    chosen = BM25Settings(idf=form, k1=k1, b=b)
    if not any(terms for article in articles for terms in article.values()):
        return  # rank-bm25 cannot divide by a length of zero
    index = index_of(articles, chosen)
    ours = index.scores({term: float(query.count(term)) for term in query})
    assert np.abs(ours - Referee(articles, chosen).scores(query)).max() <= TOLERANCE


def test_article_without_terms_scores_nothing():
    """Also with b = 1, where rank-bm25 divides zero by zero for it."""
    referee = Referee([{"title": ["空调"]}, {"title": []}], BM25Settings(b=1))
    first, second = referee.scores(["空调"])
    assert first > 0
    assert second == 0


def test_referee_notices_other_settings():
    """Scores of an index with another k1, b or weight are not within the tolerance."""
    articles = [{"title": ["空调"], "body": ["空调", "制冷"]}, {"body": ["手表"] * 5}]
    ours = index_of(articles, BM25Settings()).scores({"空调": 1.0})
    for other in (
        BM25Settings(k1=2),
        BM25Settings(b=0),
        BM25Settings(weights=FieldWeights(body=3)),
    ):
        assert np.abs(ours - Referee(articles, other).scores(["空调"])).max() > TOLERANCE
