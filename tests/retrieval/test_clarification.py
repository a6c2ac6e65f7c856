"""Tests of when to ask back, and what."""

import pytest

from kbsearch.article import Article
from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.retrieval.clarification import clarification

RESET = "怎么恢复出厂设置"


def robot(number, *products, **fields):
    """An article about resetting some products."""
    given = {"id": f"reset-{number}", "kind": "faq", "title": RESET, "products": products}
    return Article.model_validate(given | fields)


Q3, S2, NONE = robot(1, "清风 Q3"), robot(2, "腕伴 S2"), robot(3)


def test_asks_which_product_is_meant():
    """Two articles score alike and are about different products: ask which, best first."""
    asked = clarification(RESET, [S2, Q3], [0.8, 0.79])
    assert (asked.facet, asked.values) == ("products", ("腕伴 S2", "清风 Q3"))
    assert asked.articles == {"腕伴 S2": ("reset-2",), "清风 Q3": ("reset-1",)}


def test_every_value_of_an_article_leads_to_it():
    """An article about two products is found by naming either of them."""
    asked = clarification(RESET, [robot(4, "甲", "乙"), Q3], [0.8, 0.8])
    assert asked.values == ("甲", "乙", "清风 Q3")
    assert asked.articles["甲"] == asked.articles["乙"] == ("reset-4",)


def test_does_not_ask_if_one_is_clearly_best():
    """The second scores 0.7, less than nine tenths of 0.8: there is no doubt."""
    assert clarification(RESET, [S2, Q3], [0.8, 0.7]) is None


def test_near_is_nine_tenths_and_more():
    """Nine tenths of the best score are still near: 0.45 of 0.5."""
    assert clarification(RESET, [S2, Q3], [0.5, 0.45]) is not None


def test_sure_article_is_doubted_only_if_another_ties_with_it():
    """0.45 of 0.5 is near, but no tie; 0.48 is one, and then all that are near are asked for."""
    third = robot(5, "门神 L1")
    assert clarification(RESET, [S2, Q3], [0.5, 0.45], is_sure=True) is None
    asked = clarification(RESET, [S2, Q3, third], [0.5, 0.48, 0.46], is_sure=True)
    assert asked.values == ("腕伴 S2", "清风 Q3", "门神 L1")


def test_order_of_the_articles_need_not_be_that_of_their_scores():
    """A cross-encoder may put an article first that scores less than the next."""
    assert clarification(RESET, [S2, Q3], [0.5, 0.8]) is None
    assert clarification(RESET, [S2, Q3], [0.75, 0.8]).values == ("腕伴 S2", "清风 Q3")


def test_does_not_ask_for_what_was_said():
    """The query names one of the products, in whatever width and case, with a blank or without."""
    assert clarification("清风 ｑ３怎么恢复", [S2, Q3], [0.8, 0.8]) is None
    assert clarification("清风q3怎么恢复", [S2, Q3], [0.8, 0.8]) is None


def test_what_was_said_is_not_asked_in_another_way():
    """Whoever names the product is not asked for the category instead."""
    near = [robot(1, "清风 Q3", category="家电/空调"), robot(2, "腕伴 S2", category="穿戴/手表")]
    assert clarification("清风Q3怎么恢复", near, [0.8, 0.8]) is None


def test_does_not_ask_where_an_article_is_about_no_product():
    """A product would not tell the two apart, since one holds for all."""
    assert clarification(RESET, [S2, NONE], [0.8, 0.8]) is None


def test_does_not_ask_where_products_overlap():
    """Both articles are about the same product: its name would not tell them apart."""
    both = robot(4, "清风 Q3", "腕伴 S2")
    assert clarification(RESET, [Q3, both], [0.8, 0.8]) is None


@pytest.mark.parametrize(
    ("facet", "first", "second", "values"),
    [
        ("category", "家电/空调", "穿戴/手表", ("家电/空调", "穿戴/手表")),
        ("audience", ["new"], ["enterprise"], ("new", "enterprise")),
        ("regions", ["华东"], ["华北"], ("华东", "华北")),
        ("tags", ["蓝牙"], ["无线"], ("蓝牙", "无线")),
    ],
)
def test_asks_for_what_separates_articles_of_one_product(facet, first, second, values):
    """Where both are about the same product, the next facet that separates them is asked for."""
    near = [robot(1, "清风 Q3", **{facet: first}), robot(2, "清风 Q3", **{facet: second})]
    asked = clarification(RESET, near, [0.8, 0.8])
    assert (asked.facet, asked.values) == (facet, values)


@pytest.mark.parametrize(
    ("first", "second", "values"),
    [
        ("家电/空调/制冷", "家电/空调/漏水", ("家电/空调/制冷", "家电/空调/漏水")),
        ("家电/空调/安装", "家电/冰箱/安装", ("家电/空调", "家电/冰箱")),
        ("家电/空调/制冷", "家电/冰箱", ("家电/空调", "家电/冰箱")),
        ("家电/空调", "家电/空调/制冷", None),
        ("家电/空调", "家电/空调", None),
        ("家电/空调", "", None),
    ],
)
def test_category_is_asked_on_the_deepest_level_that_differs(first, second, values):
    """Not on a level whose names are the same, nor where one category lies in the other."""
    near = [robot(1, category=first), robot(2, category=second)]
    asked = clarification(RESET, near, [0.8, 0.8])
    assert (asked and asked.values) == values


def test_category_is_named_by_its_own_name():
    """「空调」 names 家电/空调; nobody types the path."""
    near = [robot(1, category="家电/空调"), robot(2, category="家电/冰箱")]
    assert clarification("空调怎么恢复", near, [0.8, 0.8]) is None


def test_single_article_needs_no_question():
    """With one hit, or none, there is nothing to choose."""
    assert clarification(RESET, [Q3], [0.8]) is None
    assert clarification(RESET, [], []) is None


COMPUTERS = {"台式电脑": "晨光 D1", "笔记本电脑": "晨光 N5", "一体电脑": "晨光 A3"}
OTHERS = ["手表充不进电", "空调漏水", "门锁打不开", "路由器没有信号"]


@pytest.fixture(scope="module")
def computers(tmp_path_factory):
    """An article about a frozen computer for each of three products, and others."""
    body = "电脑没有反应时，长按{}的电源键十秒。"
    freezes = [
        {"title": f"{kind}死机怎么办", "body": body.format(kind), "products": [product]}
        for kind, product in COMPUTERS.items()
    ]
    rows = [*freezes, *({"title": title} for title in OTHERS)]
    articles = [
        Article.model_validate({"id": f"a{number}", "kind": "faq", **row})
        for number, row in enumerate(rows)
    ]
    return KnowledgeBase.build(articles, tmp_path_factory.mktemp("computers"))


def test_frozen_computer_of_three_products_asks_for_the_product(computers):
    """「电脑死机」 fits all three, whatever the confidence in each: ask which one it is."""
    response = computers.search("电脑死机")
    assert response.decision == "clarify"
    assert response.clarify.facet == "products"
    assert set(response.clarify.values) == set(COMPUTERS.values())
    shown = {hit.article_id for hit in response.hits[:3]}
    assert {name for names in response.clarify.articles.values() for (name,) in [names]} == shown


@pytest.mark.parametrize("text", ["笔记本电脑死机", "晨光N5死机了"])
def test_named_computer_is_answered(computers, text):
    """Who says which computer it is gets the answer."""
    response = computers.search(text)
    assert (response.decision, response.clarify) == ("answer", None)
    assert response.hits[0].article_id == "a1"


def test_product_named_in_an_earlier_turn_is_not_asked_for(computers):
    """It was said already, only not in this turn."""
    assert computers.search("电脑死机", context=["我用的是晨光N5"]).clarify is None
