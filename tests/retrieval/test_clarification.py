"""Tests of when to ask back, and what."""

from kbsearch.article import Article
from kbsearch.retrieval.clarification import clarification
from kbsearch.retrieval.response import Clarification


def robot(number, *products):
    """An article about resetting some products."""
    return Article(id=f"reset-{number}", kind="faq", title="怎么恢复出厂设置", products=products)


Q3, S2, NONE = robot(1, "清风 Q3"), robot(2, "腕伴 S2"), robot(3)


def test_asks_which_product_is_meant():
    """Two articles score alike and are about different products: ask which, best first."""
    asked = clarification("怎么恢复出厂设置", [S2, Q3], [0.8, 0.79])
    assert asked == Clarification("products", ("腕伴 S2", "清风 Q3"))


def test_does_not_ask_if_one_is_clearly_best():
    """The second scores 0.7, less than nine tenths of 0.8: there is no doubt."""
    assert clarification("怎么恢复出厂设置", [S2, Q3], [0.8, 0.7]) is None


def test_near_is_nine_tenths_and_more():
    """Nine tenths of the best score are still near: 0.45 of 0.5."""
    assert clarification("怎么恢复出厂设置", [S2, Q3], [0.5, 0.45]) is not None


def test_does_not_ask_for_what_was_said():
    """The query names one of the products, in whatever width and case, with a blank or without."""
    assert clarification("清风 ｑ３怎么恢复", [S2, Q3], [0.8, 0.8]) is None
    assert clarification("清风q3怎么恢复", [S2, Q3], [0.8, 0.8]) is None


def test_does_not_ask_where_an_article_is_about_no_product():
    """A product would not tell the two apart, since one holds for all."""
    assert clarification("怎么恢复出厂设置", [S2, NONE], [0.8, 0.8]) is None


def test_does_not_ask_where_products_overlap():
    """Both articles are about the same product: its name would not tell them apart."""
    both = robot(4, "清风 Q3", "腕伴 S2")
    assert clarification("怎么恢复出厂设置", [Q3, both], [0.8, 0.8]) is None


def test_single_article_needs_no_question():
    """With one hit there is nothing to choose."""
    assert clarification("怎么恢复出厂设置", [Q3], [0.8]) is None
