"""The inverted index: BM25 over fields equals rank-bm25, and joining equals indexing anew."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rank_bm25 import BM25Okapi

from kbsearch.analysis.analyzer import Analyzer
from kbsearch.analysis.dictionaries import Dictionaries
from kbsearch.article import FIELDS
from kbsearch.index.inverted_index import InvertedIndex
from kbsearch.index.postings import Postings
from kbsearch.indexer.content import field_terms
from kbsearch.loaders.source import read_source
from kbsearch.ranking import top
from kbsearch.settings import BM25Settings, FieldWeights

CORPUS = Path(__file__).parents[2] / "corpora" / "smart_devices"
TERMS = ["手表", "空调", "制冷", "续航", "e4", "不"]

term_lists = st.lists(st.sampled_from(TERMS), max_size=5)
fields = st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, term_lists))
some_articles = st.lists(fields, min_size=1, max_size=8)
weights = st.builds(FieldWeights, **dict.fromkeys(FIELDS, st.integers(0, 3)))
bm25_settings = st.builds(
    BM25Settings,
    idf=st.sampled_from(["okapi", "lucene"]),
    k1=st.floats(0.1, 3),
    b=st.floats(0, 0.99),  # with b = 1 an article without terms is 0 / 0 for rank-bm25
    weights=weights,
)


def repeated(articles, field_weights):
    """Each article as one text, in which a field stands as often as its weight says."""
    return [
        [
            term
            for name in FIELDS
            for _ in range(getattr(field_weights, name))
            for term in article.get(name, [])
        ]
        for article in articles
    ]


def index_of(articles, chosen):
    """The index of articles that lie in one part."""
    return InvertedIndex([Postings.of(articles)], [np.arange(len(articles))], chosen)


def score(index, terms):
    """Scores of a query whose repeated terms count as often as they stand in it."""
    return index.scores({term: float(terms.count(term)) for term in terms})


def assert_same_postings(left, right):
    """Equal vocabulary, and arrays equal in type, shape and bytes."""
    assert left.terms == right.terms
    for name in ("offsets", "rows", "frequencies", "lengths"):
        one, other = getattr(left, name), getattr(right, name)
        assert (name, one.dtype, one.shape) == (name, other.dtype, other.shape)
        assert one.tobytes() == other.tobytes()


@settings(max_examples=200)
@given(some_articles, bm25_settings, term_lists)
def test_okapi_equals_rank_bm25(articles, chosen, query):
    """For any articles, weights, k1 and b, scores agree to 1e-4, floor included, and so the order.

    rank-bm25 scores texts in which fields are repeated as often as they weigh.
    """
    chosen = chosen.model_copy(update={"idf": "okapi"})
    texts = repeated(articles, chosen.weights)
    if not any(texts):
        return  # rank-bm25 cannot divide by a length of zero
    expected = BM25Okapi(texts, k1=chosen.k1, b=chosen.b).get_scores(query)
    found = score(index_of(articles, chosen), query)
    assert found == pytest.approx(expected, abs=1e-4)
    in_order = expected[top(found, len(found))]
    assert (np.diff(in_order) <= 1e-4).all()


@pytest.fixture(scope="module")
def corpus():
    """Field terms of every article of corpora/smart_devices."""
    analyzer = Analyzer(Dictionaries())
    return [field_terms(article, analyzer) for article in read_source([CORPUS]).articles]


def test_okapi_gives_the_same_order_on_the_corpus(corpus):
    """Every title and similar question as a query: the same ten articles in the same order."""
    chosen = BM25Settings(idf="okapi")
    reference = BM25Okapi(repeated(corpus, chosen.weights), k1=chosen.k1, b=chosen.b)
    index = index_of(corpus, chosen)
    for article in corpus:
        for query in (article["title"], article["questions"]):
            expected, found = reference.get_scores(query), score(index, query)
            assert found == pytest.approx(expected, abs=1e-4)
            assert top(found, 10).tolist() == top(expected, 10).tolist()


def test_okapi_floor_by_hand():
    """A term in half of four articles scores 0; one in three of them a quarter of the mean idf.

    All articles are three terms long, so saturation is 1 and the score is the idf. It is log(7/3)
    for the five terms of one article, log 1 = 0 for 不, and log(3/7) for 手表: the mean of the
    seven is 4 log(7/3) / 7, and a quarter of that is log(7/3) / 7.
    """
    articles = [
        {"title": ["手表", "不", "一"]},
        {"title": ["手表", "不", "二"]},
        {"title": ["手表", "三", "四"]},
        {"title": ["水", "水", "水"]},
    ]
    chosen = BM25Settings(idf="okapi", weights=FieldWeights(title=1))
    index = index_of(articles, chosen)
    floor = math.log(7 / 3) / 7
    assert index.scores({"不": 1.0}) == pytest.approx([0, 0, 0, 0], abs=1e-6)
    assert index.scores({"手表": 1.0}) == pytest.approx([floor, floor, floor, 0], abs=1e-6)


@given(some_articles, bm25_settings, term_lists)
def test_lucene_scores_every_match_above_zero(articles, chosen, query):
    """An article scores above zero exactly if a weighed field holds a term of the query."""
    chosen = chosen.model_copy(update={"idf": "lucene"})
    found = score(index_of(articles, chosen), query)
    matches = [bool(set(query) & set(text)) for text in repeated(articles, chosen.weights)]
    assert (found > 0).tolist() == matches


def test_field_weight_by_hand():
    """A term in the title counts as often as the title weighs.

    Two articles of equal weighted length 2: frequency 2 in one (title × 2), 1 + 1 in the other
    (body twice), so both score the same; idf log(1 + 0.5/2.5) and saturation 2 × 2.5 / (2 + 1.5).
    """
    articles = [{"title": ["空调"]}, {"body": ["空调", "空调"]}]
    chosen = BM25Settings(idf="lucene", weights=FieldWeights(title=2, body=1))
    expected = math.log(1.2) * 5 / 3.5
    found = index_of(articles, chosen).scores({"空调": 1.0})
    assert found == pytest.approx([expected, expected], abs=1e-6)


def test_field_of_weight_zero_is_not_searched():
    """Its terms neither match nor make an article longer, nor count as frequent."""
    with_tags = [{"title": ["空调"], "tags": ["空调"] * 9}, {"title": ["手表"], "tags": ["空调"]}]
    without = [{"title": ["空调"]}, {"title": ["手表"]}]
    chosen = BM25Settings(weights=FieldWeights(tags=0))
    found, expected = (
        index_of(articles, chosen).scores({"空调": 1.0, "手表": 1.0})
        for articles in (with_tags, without)
    )
    assert found.tolist() == expected.tolist()


@given(some_articles, bm25_settings, term_lists)
def test_no_article_scores_above_the_bound(articles, chosen, query):
    """The bound is what an article would score that has every term where it counts most."""
    chosen = chosen.model_copy(update={"idf": "lucene"})
    index = index_of(articles, chosen)
    wanted = {term: float(query.count(term)) for term in query}
    assert index.scores(wanted).max() <= index.bound(wanted)
    for term in wanted:
        assert index.bound({term: 1.0}) == pytest.approx(index.scores({term: 1.0}).max())


def test_weight_of_a_query_term_multiplies_its_score():
    """A term of weight 0.4, such as a synonym, gives 0.4 times the score; scores add up."""
    articles = [{"title": ["空调", "制冷"]}, {"title": ["手表"]}]
    index = index_of(articles, BM25Settings())
    cooling, air = index.scores({"制冷": 1.0}), index.scores({"空调": 1.0})
    assert index.scores({"空调": 1.0, "制冷": 0.4}) == pytest.approx(air + 0.4 * cooling)


def test_unknown_term_matches_nothing():
    """It scores 0 everywhere, has the greatest idf, and stands in no article."""
    index = index_of([{"title": ["空调"]}, {"body": []}], BM25Settings())
    assert index.scores({"洗衣机": 1.0}).tolist() == [0.0, 0.0]
    assert index.bound({"洗衣机": 1.0}) == 0
    assert index.idf("洗衣机") > index.idf("空调")
    assert not index.contains("洗衣机", 0)


@given(some_articles)
def test_contains_is_what_the_fields_say(articles):
    """A term stands in an article if any of its fields holds it."""
    index = index_of(articles, BM25Settings())
    for row, article in enumerate(articles):
        held = {term for terms in article.values() for term in terms}
        assert {term for term in TERMS if index.contains(term, row)} == held


def test_frequencies_do_not_overflow():
    """A term that stands 70,000 times counts as 65,535, not as the 4,464 left over by 65,536."""
    postings = Postings.of([{"body": ["水"] * 70_000}])
    assert postings.frequencies.max() == 65_535
    assert postings.lengths.sum() == 70_000


@pytest.mark.parametrize("articles", [[], [{}], [{"title": []}, {"body": []}]])
def test_articles_without_terms(articles, tmp_path):
    """No article, or none with a term, gives an index that can be saved, opened and searched."""
    for form in ("okapi", "lucene"):
        folder = tmp_path / form
        folder.mkdir()
        Postings.of(articles).save(folder)
        rows = [np.arange(len(articles))]
        index = InvertedIndex([Postings.load(folder)], rows, BM25Settings(idf=form))
        assert index.scores({"空调": 1.0}).tolist() == [0.0] * len(articles)
        assert index.count == len(articles)


versions = st.dictionaries(st.sampled_from("abcdefgh"), fields, max_size=8)


@settings(max_examples=200)
@given(versions, versions, st.sets(st.sampled_from("abcdefgh")))
def test_joining_equals_indexing_anew(merge_plan, before, after, unchanged):
    """After any adds, changes and deletes: the postings of a fresh index, byte for byte."""
    after |= {name: before[name] for name in unchanged & set(before)}
    old, new = sorted(before.items(), key=repr), sorted(after.items(), key=repr)
    old, new = ([(n, repr(f)) for n, f in pairs] for pairs in (old, new))
    content = {(n, repr(f)): f for source in (before, after) for n, f in source.items()}
    kept, added, places = merge_plan(old, new)
    parts = [Postings.of([content[pair] for pair in pairs]) for pairs in (old, added)]
    joined = Postings.joined(parts, [kept, places])
    assert_same_postings(joined, Postings.of([content[pair] for pair in new]))
    assert_same_postings(InvertedIndex(parts, [kept, places], BM25Settings()).postings(), joined)


@given(versions, versions, bm25_settings, term_lists)
def test_several_parts_score_as_one(merge_plan, before, after, chosen, query):
    """Articles of one part that are gone count nowhere; those of both count as if in one."""
    old, new = ([(n, repr(f)) for n, f in sorted(v.items())] for v in (before, after))
    content = {(n, repr(f)): f for source in (before, after) for n, f in source.items()}
    kept, added, places = merge_plan(old, new)
    parts = [Postings.of([content[pair] for pair in pairs]) for pairs in (old, added)]
    found = InvertedIndex(parts, [kept, places], chosen)
    expected = index_of([content[pair] for pair in new], chosen)
    wanted = {term: float(query.count(term)) for term in query}
    assert found.count == expected.count
    assert found.postings().terms == expected.postings().terms
    assert found.scores(wanted).tolist() == expected.scores(wanted).tolist()
    assert found.bound(wanted) == expected.bound(wanted)
    assert found.asks_with(wanted) == expected.asks_with(wanted)
    for term in TERMS:
        assert found.idf(term) == expected.idf(term)
        assert found.frequency(term) == expected.frequency(term)
        for row in range(len(new)):
            assert found.contains(term, row) == expected.contains(term, row)


@given(some_articles, bm25_settings)
def test_saving_and_loading_changes_nothing(tmp_path_factory, articles, chosen):
    """What is loaded is what was saved."""
    folder = tmp_path_factory.mktemp("inverted")
    postings = Postings.of(articles)
    postings.save(folder)
    loaded = Postings.load(folder)
    assert_same_postings(loaded, postings)
    found = InvertedIndex([loaded], [np.arange(len(articles))], chosen)
    for term in TERMS:
        impacts, expected = found.impacts(term), index_of(articles, chosen).impacts(term)
        assert [a.tobytes() for a in impacts] == [a.tobytes() for a in expected]
