"""Tests of the article graph."""

from kbsearch.article import Article
from kbsearch.recommendation.graph import ArticleGraph, graph_of
from kbsearch.recommendation.slots import Slot


def graph(*rows):
    """A graph of articles; each is (id, kind, {relation: target}) and more fields."""
    return ArticleGraph.of(
        Article.model_validate(
            {
                "id": name,
                "kind": kind,
                "title": name,
                "links": [{"rel": rel, "id": target} for rel, target in links.items()],
                **more,
            }
        )
        for name, kind, links, *rest in rows
        for more in (rest or [{}])
    )


def best(articles, row=0):
    """(id, slot) → the weight of the strongest step from `row`."""
    found = {}
    for step in articles.steps(row):
        key = (articles.cards[step.row].id, str(step.slot))
        found[key] = max(found.get(key, 0), round(step.weight, 4))
    return found


def test_hub_is_where_many_links_of_the_slot_lead():
    """None is 0, 30 and more are 1; links of other slots do not count."""
    links = [(f"a{number}", "faq", {"next_step": "book"}) for number in range(31)]
    articles = graph(*links, ("book", "guide", {}))
    (book,) = articles.rows_of(["book"])
    assert articles.hub(book, Slot.NEXT_STEP) == 1
    assert articles.hub(book, Slot.POLICY) == articles.hub(0, Slot.NEXT_STEP) == 0
    few = graph(*links[:3], ("book", "guide", {}))
    assert 0 < few.hub(3, Slot.NEXT_STEP) < 1


def test_link_leads_to_the_slot_of_its_relation():
    """By relation and kind of the target."""
    links = {"next_step": "b", "policy": "c", "script": "d", "see_also": "e"}
    kinds = {"b": "guide", "c": "policy", "d": "script", "e": "faq"}
    articles = graph(("a", "faq", links), *((name, kind, {}) for name, kind in kinds.items()))
    found = best(articles)
    assert found["b", "next_step"] == 0.75
    assert found["c", "policy"] == 0.7
    assert found["d", "script"] == 0.75
    assert found["e", "related"] == 0.5


def test_link_is_followed_back():
    """A script that solves the problem is its script."""
    articles = graph(("a", "troubleshooting", {}), ("s", "script", {"solves": "a"}))
    assert best(articles) == {("s", "script"): 0.9}


def test_second_link_decays():
    """Policy of the next step: 0.75 * 0.7 * 0.35; the third link is not followed."""
    articles = graph(
        ("a", "faq", {"next_step": "b"}),
        ("b", "guide", {"policy": "c"}),
        ("c", "policy", {"policy": "d"}),
        ("d", "policy", {}),
    )
    found = best(articles)
    assert found["c", "policy"] == round(0.75 * 0.7 * 0.35, 4)
    assert not any(name == "d" for name, _ in found)


def test_newer_article_does_not_lead_to_the_one_it_replaces():
    """Nor to one that is not there."""
    articles = graph(("a", "faq", {"supersedes": "b", "see_also": "gone"}), ("b", "faq", {}))
    assert best(articles) == {}


def test_shared_product_and_category_imply_a_weak_link():
    """Both must be shared, and a link of an editor counts instead."""
    alike = {"category": "空调", "products": ["Q3"]}
    articles = graph(
        ("a", "faq", {"policy": "d"}, alike),
        ("b", "policy", {}, alike),
        ("c", "faq", {}, {"category": "空调", "products": ["Q5"]}),
        ("d", "policy", {}, alike),
    )
    found = best(articles)
    assert found["b", "policy"] == 0.1
    assert found["d", "policy"] == 0.7
    assert not any(name == "c" for name, _ in found)


def test_product_is_found_however_it_is_written():
    """Without blanks and in any case."""
    articles = graph(("a", "faq", {}, {"products": ["腕伴 S2"]}))
    assert articles.products_in("我的腕伴s2没电") == {"腕伴 S2"}
    assert articles.products_in("我的腕伴没电") == set()
    assert articles.with_product("腕伴 S2") == (0,)


def test_graph_is_built_once_for_a_snapshot(knowledge_base):
    """The second call gives the same object."""
    assert graph_of(knowledge_base.searcher) is graph_of(knowledge_base.searcher)


def test_steps_name_slot_and_way():
    """Why an article is there can be told: which link, of which article."""
    articles = graph(("a", "faq", {"policy": "b"}), ("b", "policy", {}))
    (step, *_) = articles.steps(0)
    assert (step.slot, step.via, str(step.relation)) == (Slot.POLICY, 0, "policy")
