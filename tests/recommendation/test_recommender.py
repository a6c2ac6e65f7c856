"""Tests of slots: which article goes where, why, and who may see it."""

import dataclasses

import pytest

from kbsearch.article import Article
from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.recommendation.recommender import Recommendation, RecommendedArticle, Slot
from kbsearch.settings import Settings

PROBLEM = "空调不制冷怎么办"
SURE = Settings.model_validate({"decision": {"answer": 0, "suggest": 0}})
DAY = {"valid_on": "2026-06-01"}  # everything in the small knowledge base holds on it


def names(recommendation):
    """Slot → article ids, without empty slots."""
    return {
        str(slot): [entry.article_id for entry in entries]
        for slot, entries in recommendation.slots.items()
        if entries
    }


def shown(recommendation):
    """Every article id that is recommended, as often as it is."""
    return [name for entries in names(recommendation).values() for name in entries]


def test_recommendation_has_the_fields_of_the_contract():
    """`recommend --json` prints these names."""
    fields = [field.name for field in dataclasses.fields(Recommendation)]
    assert fields == ["query", "slots", "decision", "snapshot_id"]
    fields = [field.name for field in dataclasses.fields(RecommendedArticle)]
    assert fields == ["article_id", "title", "kind", "confidence", "relation", "via"]


def test_slots_stand_in_the_order_of_acting(sure):
    """All of them are there, even where nothing fits."""
    expected = ["solution", "next_step", "policy", "script", "related"]
    assert [str(slot) for slot in sure.recommend(PROBLEM).slots] == expected
    assert [str(slot) for slot in sure.recommend("？").slots] == expected


def test_article_being_read_leads_on_by_its_links(sure):
    """Each link fills the slot of its relation, and says which article it came from."""
    recommendation = sure.recommend(article_id="ac-not-cooling", filters=DAY)
    assert names(recommendation) == {
        "next_step": ["book-repair"],
        "policy": ["onsite-fee"],
        "script": ["script-calm"],
    }
    (step,) = recommendation.slots[Slot.NEXT_STEP]
    assert step == RecommendedArticle(
        "book-repair", "如何预约上门维修", "guide", None, "next_step", "ac-not-cooling"
    )
    assert (recommendation.query, recommendation.decision) == ("", "answer")
    assert recommendation.snapshot_id == sure.snapshot_id


def test_problem_is_solved_by_the_best_hit(sure):
    """Search fills the solution with its confidence, as it would answer the same text."""
    recommendation = sure.recommend(PROBLEM, filters=DAY)
    first = recommendation.slots[Slot.SOLUTION][0]
    (hit,) = sure.search(PROBLEM, top_k=1, filters=DAY).hits
    assert (first.article_id, first.confidence) == ("ac-not-cooling", hit.confidence)
    assert (first.relation, first.via) == (None, "")
    assert recommendation.query == PROBLEM


def test_policies_and_scripts_that_search_found_go_to_their_slots(sure):
    """What an agent may cite or say is no solution, however well it matches."""
    found = names(sure.recommend("上门检测费怎么收", filters=DAY))
    assert found["policy"] == ["onsite-fee"]
    assert found["script"] == ["script-calm"]
    assert not {"onsite-fee", "script-calm"} & set(found["solution"])


def test_no_article_is_recommended_twice(sure):
    """An article that search found is not repeated where a link leads to it."""
    for text in (PROBLEM, "上门检测费怎么收", "客户发火", "手表没电"):
        articles = shown(sure.recommend(text, filters=DAY))
        assert len(articles) == len(set(articles))


def test_conversation_is_about_what_the_customer_said_last(sure):
    """The same as asking for the last words with the earlier ones as context."""
    conversation = [
        {"role": "customer", "text": "你好，我家的空调"},
        {"role": "agent", "text": "是手表的问题吗"},
        {"role": "customer", "text": "不制冷了"},
    ]
    recommendation = sure.recommend(conversation=conversation, filters=DAY)
    assert recommendation.query == "不制冷了"
    assert recommendation.slots[Slot.SOLUTION][0].article_id == "ac-not-cooling"


def test_internal_articles_are_not_recommended_to_the_public(sure):
    """With visibility public neither search nor a link leads to the agents' script."""
    public = {**DAY, "visibility": "public"}
    for ask in ({"text": "客户发火时的安抚话术"}, {"article_id": "ac-not-cooling"}):
        assert "script-calm" in shown(sure.recommend(**ask, filters=DAY))
        assert "script-calm" not in shown(sure.recommend(**ask, filters=public))


def test_links_lead_only_to_articles_that_hold(sure):
    """The policy ends with 2026: a link to it leads nowhere in 2027."""
    later = sure.recommend(article_id="ac-not-cooling", filters={"valid_on": "2127-01-01"})
    assert names(later) == {"next_step": ["book-repair"], "script": ["script-calm"]}


@pytest.mark.parametrize(
    ("context", "missing"),
    [
        ({"segment": "new"}, {"onsite-fee"}),
        ({"segment": "enterprise"}, set()),
        ({"channel": "hotline"}, {"book-repair"}),
        ({"region": "华南"}, set()),
    ],
)
def test_only_what_is_meant_for_the_customer_is_recommended(sure, context, missing):
    """Segment, channel and region keep out what was written for others, links included."""
    every = set(shown(sure.recommend(article_id="ac-not-cooling", filters=DAY)))
    found = set(shown(sure.recommend(article_id="ac-not-cooling", filters=DAY, context=context)))
    assert found == every - missing


def test_owned_products_come_first(tmp_path):
    """Two articles fit alike; the one about the customer's own product leads."""
    articles = [
        Article(id=name, kind="faq", title="怎么重启", products=(product,))
        for name, product in (("a", "清风 Q3"), ("b", "腕伴 S2"))
    ]
    settings = Settings.model_validate({"decision": {"answer": 0, "suggest": 0}})
    two = KnowledgeBase.build(articles, tmp_path, settings=settings)
    assert names(two.recommend("怎么重启")) == {"solution": ["a", "b"]}
    owner = two.recommend("怎么重启", context={"products": ["腕伴 S2"]})
    assert names(owner) == {"solution": ["b", "a"]}


def test_slot_holds_three_at_most(tmp_path):
    """An agent reads three articles, not ten."""
    articles = [Article(id=f"copy-{n}", kind="faq", title="怎么重启") for n in range(5)]
    settings = Settings.model_validate({"decision": {"answer": 0, "suggest": 0}})
    five = KnowledgeBase.build(articles, tmp_path, settings=settings)
    assert names(five.recommend("怎么重启")) == {"solution": ["copy-0", "copy-1", "copy-2"]}


def test_unsure_hits_are_not_recommended(articles, tmp_path):
    """With a threshold that nothing reaches, every slot stays empty and search has declined."""
    settings = Settings.model_validate({"decision": {"answer": 1, "suggest": 1}})
    strict = KnowledgeBase.build(articles, tmp_path, settings=settings)
    recommendation = strict.recommend("手表")
    assert shown(recommendation) == []
    assert recommendation.decision == "abstain"


def test_superseded_and_unknown_targets_are_not_followed(tmp_path):
    """A newer article does not lead back to the one it replaces, nor to one that is not there."""
    new = Article.model_validate(
        {
            "id": "new",
            "kind": "faq",
            "title": "怎么重启",
            "links": [{"rel": "supersedes", "id": "old"}, {"rel": "see_also", "id": "more"}],
        }
    )
    old, more = (Article(id=name, kind="faq", title="关机") for name in ("old", "more"))
    knowledge_base = KnowledgeBase.build([new, old, more], tmp_path)
    assert names(knowledge_base.recommend(article_id="new")) == {"related": ["more"]}
    knowledge_base.update(delete=["more"])
    assert names(knowledge_base.recommend(article_id="new")) == {}


@pytest.mark.parametrize("article_id", ["no-such-article", "watch-old", ""])
def test_article_that_may_not_be_shown_is_refused(sure, article_id):
    """Neither an unknown article nor a draft can be read: ValueError."""
    with pytest.raises(ValueError, match="no article"):
        sure.recommend(article_id=article_id)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"text": "空调", "article_id": "ac-not-cooling"},
        {"text": "空调", "conversation": [{"role": "customer", "text": "空调"}]},
    ],
)
def test_exactly_one_thing_says_what_it_is_about(sure, given):
    """None or several of text, conversation and article are a ValueError."""
    with pytest.raises(ValueError, match="exactly one"):
        sure.recommend(**given)


@pytest.mark.parametrize("text", ["", "？！", "\ud800", "\x00", "啊" * 10_000])
def test_absurd_problem_gets_a_recommendation(sure, text):
    """Whatever was typed, all slots come back."""
    assert len(sure.recommend(text).slots) == 5


def test_day_of_the_filters_holds_for_recommendations(tmp_path):
    """An article that holds on the day asked for is recommended, whatever day it is."""
    rows = [{"id": "a", "kind": "faq", "title": PROBLEM, "valid_from": "2130-01-01"}]
    articles = [Article.model_validate(row) for row in rows]
    late = KnowledgeBase.build(articles, tmp_path, settings=SURE)
    assert shown(late.recommend(PROBLEM)) == []
    found = late.recommend(PROBLEM, filters={"valid_on": "2130-06-01"}, context={"channel": "app"})
    assert shown(found) == ["a"]


def test_filters_and_customer_both_hold(tmp_path):
    """A condition of the caller is not replaced by one that follows from the customer."""
    rows = [
        {"id": "a", "kind": "faq", "title": PROBLEM, "channels": ["app"]},
        {"id": "b", "kind": "faq", "title": PROBLEM, "channels": ["app", "hotline"]},
    ]
    articles = [Article.model_validate(row) for row in rows]
    both = KnowledgeBase.build(articles, tmp_path, settings=SURE)
    found = both.recommend(PROBLEM, filters={"channels": "hotline"}, context={"channel": "app"})
    assert shown(found) == ["b"]


def test_article_that_found_no_room_may_come_by_a_link(tmp_path):
    """The fourth hit does not fit among the solutions, but is the next step of the first."""
    rows = [{"id": f"s{n}", "kind": "faq", "title": PROBLEM} for n in range(4)]
    rows[0]["links"] = [{"rel": "next_step", "id": "s3"}]
    articles = [Article.model_validate(row) for row in rows]
    full = KnowledgeBase.build(articles, tmp_path, settings=SURE)
    assert names(full.recommend(PROBLEM)) == {
        "solution": ["s0", "s1", "s2"],
        "next_step": ["s3"],
    }
