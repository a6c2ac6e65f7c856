"""Tests of what is recommended before a customer asks."""

from datetime import UTC, datetime

import pytest

from kbsearch.article import Article
from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.recommendation.events import EventStore

ROWS = [
    {"id": "step-count", "kind": "faq", "title": "步数统计在哪里看", "products": ["腕伴 S2"]},
    {"id": "step-accuracy", "kind": "faq", "title": "如何提高步数统计准确性"},
    {"id": "watch-setup", "kind": "guide", "title": "手表首次设置", "products": ["腕伴 S2"]},
    {"id": "ac-summer", "kind": "guide", "title": "空调制冷保养", "products": ["清风 Q3"]},
    {"id": "winter", "kind": "faq", "title": "洗衣机结冰怎么办"},
    {"id": "company", "kind": "policy", "title": "企业采购发票", "audience": ["enterprise"]},
    {"id": "wording", "kind": "script", "title": "安抚话术", "visibility": "internal"},
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """Seven articles for customers who have not asked anything."""
    articles = [Article.model_validate(row) for row in ROWS]
    return KnowledgeBase.build(articles, tmp_path_factory.mktemp("shop"))


def pushed(shop, **context):
    """Article id → kinds of its reasons, in the order in which they are shown."""
    recommendation = shop.recommend(context=context)
    assert recommendation.query == ""
    return {
        entry.article_id: [str(reason.kind) for reason in entry.reasons]
        for entry in recommendation.slots["related"]
    }


def test_recent_query_is_answered(shop):
    """The article that answers it comes first, and says so."""
    found = pushed(shop, recent_queries=["怎么提高步数准确性"])
    assert next(iter(found)) == "step-accuracy"
    assert "search" in found["step-accuracy"]


def test_new_customer_begins_with_his_product(shop):
    """Of whom only segment and product are known: the guide to the product."""
    found = pushed(shop, segment="new", products=["腕伴 S2"])
    assert next(iter(found)) == "watch-setup"
    assert {"default", "product"} <= set(found["watch-setup"])


@pytest.mark.parametrize(
    ("day", "article"), [("2026-07-15", "ac-summer"), ("2026-01-15", "winter")]
)
def test_season_counts(shop, day, article):
    """What the season's words name is shown in that season."""
    found = pushed(shop, date=day, segment="experienced")
    assert next(iter(found), None) == article
    assert "season" in found[article]


def test_what_others_read_next_is_recommended(shop, tmp_path):
    """步数统计 → 如何提高步数统计准确性, once some customers went that way; without, not."""
    learning = KnowledgeBase(shop.index_dir, shop.searcher)
    learning.events = EventStore(tmp_path / "events.sqlite")
    for case in range(20):
        for article in ("step-count", "winter"):
            event = {"action": "opened", "article_id": article, "case_id": f"visit-{case}"}
            learning.record({**event, "at": datetime(2026, 11, 1, tzinfo=UTC)})
    context = {"viewed": ["step-count"], "date": "2026-04-10"}
    found = pushed(learning, **context)
    assert "viewed" in found["winter"]
    assert "viewed" not in pushed(shop, **context).get("winter", [])


def test_viewed_articles_and_scripts_are_not_pushed(shop):
    """Neither what was just read nor what agents say."""
    found = pushed(shop, viewed=["step-accuracy"], recent_queries=["步数统计不准", "安抚话术"])
    assert not {"step-accuracy", "wording"} & set(found)


def test_segment_keeps_to_itself(shop):
    """What is written for companies is shown to companies first, and to nobody else."""
    assert next(iter(pushed(shop, segment="enterprise"))) == "company"
    assert "company" not in pushed(shop, segment="new", recent_queries=["企业采购发票"])


def test_unknown_viewed_article_is_passed_over(shop):
    """A log may name articles that are gone."""
    assert pushed(shop, viewed=["gone"], recent_queries=["步数统计不准"])
