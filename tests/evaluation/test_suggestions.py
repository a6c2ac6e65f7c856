"""Tests of suggestions: each remedy by misses that ask for it, and none where it would not help."""

import pytest

from kbsearch.article import Article
from kbsearch.evaluation.experiment import evaluate
from kbsearch.evaluation.query_set import JudgedQuery, QuerySet
from kbsearch.evaluation.suggestions import Remedy
from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.messages import LANGUAGES, text

ARTICLES = [
    Article(id="data", kind="faq", title="怎样查询剩余流量"),
    Article(id="bill", kind="faq", title="怎样查询本月账单"),
    Article(id="risk", kind="faq", title="号码有风险被停机"),
    Article(id="swap-a", kind="faq", title="补办手机卡需要带什么"),
    Article(id="swap-b", kind="faq", title="补办手机卡需要带些什么"),
]


@pytest.fixture(scope="module")
def suggestions(tmp_path_factory):
    """The suggestions for queries, given by text and right article."""
    index = KnowledgeBase.build(ARTICLES, tmp_path_factory.mktemp("index"))

    def run(*rows):
        queries = [
            JudgedQuery(id=f"q{number}", text=query, relevant=[right], context=context)
            for number, (query, right, *context) in enumerate(rows)
        ]
        return evaluate(index, QuerySet.of("made", queries)).suggestions

    return run


def of(suggestions, remedy):
    """Those of one kind."""
    return [each for each in suggestions if each.remedy is remedy]


def test_similar_questions_are_those_the_article_lacks(suggestions):
    """Two queries that share no term with their article; the one asked twice comes first."""
    found = suggestions(
        ("本月账单多少", "data"), ("账单在哪里看", "data"), ("剩余流量多少", "swap-a")
    )
    first, second = of(found, Remedy.SIMILAR_QUESTION)
    assert (first.articles, first.query_ids) == (("data",), ("q0", "q1"))
    assert first.texts == ("本月账单多少", "账单在哪里看")
    assert second.articles == ("swap-a",)


def test_article_that_has_the_words_needs_no_similar_question(suggestions):
    """It is outranked by its twin, but every word stands in it."""
    found = suggestions(("补办手机卡需要带什么", "swap-b"))
    assert of(found, Remedy.SIMILAR_QUESTION) == []


def test_what_only_earlier_turns_explain_is_no_question(suggestions):
    """A query of a conversation is not to be written into an article."""
    found = suggestions(("那账单呢", "data", "我想看看"))
    assert of(found, Remedy.SIMILAR_QUESTION) == []


def test_unknown_word_gets_the_nearest_word_of_the_article(suggestions):
    """「risk」 stands nowhere; the encoder knows it to be 「风险」."""
    (found,) = of(suggestions(("本月账单 risk", "risk")), Remedy.SYNONYM)
    assert (found.articles, found.texts) == (("risk",), ("risk", "风险"))


@pytest.fixture
def of_types(tmp_path_factory):
    """The synonyms suggested for 「risk」 in queries of the types given."""
    index = KnowledgeBase.build(ARTICLES, tmp_path_factory.mktemp("types"))

    def run(*types):
        queries = [
            JudgedQuery(id=f"q{n}", text="本月账单 risk", relevant=["risk"], type=each)
            for n, each in enumerate(types)
        ]
        return of(evaluate(index, QuerySet.of("made", queries)).suggestions, Remedy.SYNONYM)

    return run


@pytest.mark.parametrize("types", [["colloquial"], ["typo", "typo"], ["typo", "colloquial"]])
def test_word_of_several_queries_is_no_slip(of_types, types):
    """Or of one that has no slip in it."""
    assert len(of_types(*types)) == 1


def test_slip_is_no_synonym(of_types):
    """A word of one query alone, and that is of type typo, is misspelt rather than missing."""
    assert of_types("typo") == []


def test_corrected_word_is_no_synonym(suggestions):
    """The speller takes 「账弹」 for 「账单」, so no article lacks it."""
    assert of(suggestions(("本月账弹", "risk")), Remedy.SYNONYM) == []


def test_word_that_some_article_has_needs_no_synonym(suggestions):
    """「账单」 is the other article's word."""
    assert of(suggestions(("本月账单", "data")), Remedy.SYNONYM) == []


def test_articles_of_one_meaning_are_duplicates(suggestions):
    """Confused in two queries, once each way, with titles of one meaning."""
    rows = [("补办手机卡需要带什么", "swap-b"), ("补办手机卡需要带些什么", "swap-a")]
    (found,) = of(suggestions(*rows), Remedy.DUPLICATE)
    assert (found.articles, found.query_ids) == (("swap-a", "swap-b"), ("q0", "q1"))
    assert of(suggestions(rows[0]), Remedy.DUPLICATE) == []


def test_articles_of_two_meanings_are_no_duplicates(suggestions):
    """However often they are confused."""
    rows = [("本月账单", "swap-a"), ("查询账单", "swap-a")]
    assert of(suggestions(*rows), Remedy.DUPLICATE) == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_remedy_has_its_sentence(suggestions, lang):
    """It names the articles by their titles, and the words."""
    found = suggestions(
        ("本月账单 risk", "risk"),
        ("补办手机卡需要带什么", "swap-b"),
        ("补办手机卡需要带些什么", "swap-a"),
    )
    assert {each.remedy for each in found} == set(Remedy)
    for each in found:
        sentence = text(f"cli.eval.remedy_{each.remedy}", lang, each.params)
        titles = {article.title for article in ARTICLES if article.id in each.articles}
        assert all(title in sentence for title in titles)
