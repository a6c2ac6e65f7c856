"""Tests of slots: which article goes where, why, and who may see it."""

import dataclasses
from datetime import date

import hypothesis
import pytest
from hypothesis import strategies as st

from kbsearch.article import Article, Status, Visibility
from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.recommendation.emotion import Lexicon
from kbsearch.recommendation.recommender import Recommendation
from kbsearch.recommendation.scoring import USAGE_BOUND
from kbsearch.recommendation.slots import RecommendedArticle, Slot
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
    assert fields == ["query", "slots", "decision", "snapshot_id", "emotion", "hand_over"]
    fields = [field.name for field in dataclasses.fields(RecommendedArticle)]
    assert fields == ["article_id", "title", "kind", "confidence", "relation", "via", "reasons"]


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
    assert dataclasses.replace(step, reasons=()) == RecommendedArticle(
        "book-repair", "如何预约上门维修", "guide", None, "next_step", "ac-not-cooling"
    )
    assert step.reasons[0].kind == "link"
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


def test_rule_that_is_asked_for_is_the_solution(sure):
    """A policy answers a question about it; what agents say never solves anything."""
    found = names(sure.recommend("上门检测费怎么收", filters=DAY))
    assert found["solution"][0] == "onsite-fee"
    assert "script-calm" not in found["solution"]


def test_no_article_is_recommended_twice(sure):
    """An article that search found is not repeated where a link leads to it."""
    for text in (PROBLEM, "上门检测费怎么收", "客户发火", "手表没电"):
        articles = shown(sure.recommend(text, filters=DAY))
        assert len(articles) == len(set(articles))


def test_conversation_is_about_the_problem_that_is_open(sure):
    """The same as asking for what the customer said of it."""
    conversation = [
        {"role": "customer", "text": "你好，我家的空调"},
        {"role": "agent", "text": "是手表的问题吗"},
        {"role": "customer", "text": "不制冷了"},
    ]
    recommendation = sure.recommend(conversation=conversation, filters=DAY)
    assert recommendation.query == "我家的空调，不制冷了"
    assert recommendation.slots[Slot.SOLUTION][0].article_id == "ac-not-cooling"
    growing = sure.conversation()
    for turn in conversation:
        growing.add(turn)
    assert sure.recommend(conversation=growing, filters=DAY) == recommendation


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


def test_articles_that_say_the_same_are_shown_once(tmp_path):
    """Five copies of one article are one recommendation."""
    articles = [Article(id=f"copy-{n}", kind="faq", title="怎么重启") for n in range(5)]
    five = KnowledgeBase.build(articles, tmp_path)
    assert names(five.recommend("怎么重启")) == {"solution": ["copy-0"]}


def test_nothing_is_shown_where_nothing_fits(corpus_index):
    """Somebody else's business: every slot stays empty."""
    devices = KnowledgeBase.open(corpus_index)
    recommendation = devices.recommend("附近哪家面馆好吃")
    assert shown(recommendation) == []
    assert recommendation.first is None


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
    assert shown(knowledge_base.recommend(article_id="new")) == ["more"]
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


ANGRY = "空调不制冷，太过分了，我要投诉你们！"


def test_script_comes_first_for_an_angry_customer(sure):
    """And the rest in the order of acting behind it; the words that made it angry are told."""
    recommendation = sure.recommend(ANGRY, filters=DAY)
    assert next(iter(recommendation.slots)) is Slot.SCRIPT
    assert recommendation.first.article_id == "script-calm"
    assert recommendation.emotion.is_raised
    assert "我要投诉" in "".join(match.phrase for match in recommendation.emotion.matches)
    calm = sure.recommend("空调不制冷，我不是来投诉的，也不着急", filters=DAY)
    assert next(iter(calm.slots)) is Slot.SOLUTION


def test_script_that_is_asked_for_comes_first(sure):
    """Without any feeling: nothing else is wanted as surely."""
    recommendation = sure.recommend("客户发火时的安抚话术", filters=DAY)
    assert not recommendation.emotion.is_raised
    assert next(iter(recommendation.slots)) is Slot.SCRIPT
    assert recommendation.first.article_id == "script-calm"


def test_what_is_settled_counts_against_an_article(sure):
    """What the agent says now speaks for the solutions near it, what is past against them."""
    settled = [
        {"role": "customer", "text": "手表一天就没电"},
        {"role": "agent", "text": "关掉常亮，还有别的需要吗？"},
        {"role": "customer", "text": "好了。还有，空调开着房间不凉"},
        {"role": "agent", "text": "空调不制冷，先洗滤网"},
        {"role": "customer", "text": "洗了，还是热"},
    ]
    recommendation = sure.recommend(conversation=settled, filters=DAY)
    first = recommendation.slots[Slot.SOLUTION][0]
    weights = {reason.kind: reason.weight for reason in first.reasons}
    assert first.article_id == "ac-not-cooling"
    assert weights["advice"] > 0
    assert "settled" in weights


def test_word_list_of_the_caller_counts(sure):
    """Another list, another customer: nobody is angry by the words of an empty one."""
    words = Lexicon.model_validate({**Lexicon.bundled().model_dump(), "anger": {}})
    recommendation = sure.recommend(ANGRY, filters=DAY, lexicon=words)
    assert not recommendation.emotion.is_raised


def test_events_change_order_and_can_be_switched_off(tmp_path):
    """Of two alike, the one that solved cases comes first, says so, and not without events."""
    articles = [
        Article(id=name, kind="faq", title="怎么重启", products=(product,))
        for name, product in (("a", "清风 Q3"), ("b", "腕伴 S2"))
    ]
    two = KnowledgeBase.build(articles, tmp_path / "index")
    for number in range(20):
        event = {"action": "solved", "article_id": "b", "slot": "solution"}
        two.record({**event, "case_id": f"case-{number}"})
    learned = two.recommend("怎么重启").slots[Slot.SOLUTION]
    assert [entry.article_id for entry in learned] == ["b", "a"]
    weights = {reason.kind: reason.weight for reason in learned[0].reasons}
    assert 0 < weights["usage"] < USAGE_BOUND
    plain = two.recommend("怎么重启", use_events=False).slots[Slot.SOLUTION]
    assert [entry.article_id for entry in plain] == ["a", "b"]


def test_context_alone_is_enough(sure):
    """Before anything is asked; without anything known it is not."""
    assert sure.recommend(context={"products": ["腕伴 S2"]}, filters=DAY).query == ""
    with pytest.raises(ValueError, match="exactly one"):
        sure.recommend(context={})


LIFE = st.fixed_dictionaries(
    {
        "status": st.sampled_from(Status),
        "visibility": st.sampled_from(Visibility),
        "valid_from": st.none() | st.dates(date(2026, 1, 1), date(2026, 6, 30)),
        "valid_until": st.none() | st.dates(date(2026, 7, 1), date(2026, 12, 31)),
    }
)


@hypothesis.settings(max_examples=25)
@hypothesis.given(
    lives=st.lists(LIFE, min_size=6, max_size=6), day=st.dates(date(2026, 1, 1), date(2026, 12, 31))
)
def test_public_never_sees_what_is_retired_expired_or_internal(
    lives, day, character_settings, tmp_path_factory
):
    """Over random lifecycles, whether by text, conversation, article, links or push."""
    kinds = ("troubleshooting", "guide", "policy", "script", "faq", "guide")
    relations = ("next_step", "policy", "script", "see_also", "solves")
    articles = [
        Article.model_validate(
            {
                "id": f"a{place}",
                "kind": kind,
                "title": f"空调不制冷{place}",
                "products": ["清风 Q3"],
                "links": [
                    {"rel": relations[(place + step) % 5], "id": f"a{(place + step) % 6}"}
                    for step in range(1, 6)
                ],
                **life,
            }
        )
        for place, (kind, life) in enumerate(zip(kinds, lives, strict=True))
    ]
    good = {
        a.id
        for a in articles
        if a.status is Status.PUBLISHED and a.visibility is Visibility.PUBLIC and a.holds_on(day)
    }
    hypothesis.assume(any(a.status is Status.PUBLISHED for a in articles))
    index_dir = tmp_path_factory.mktemp("life")
    index = KnowledgeBase.build(articles, index_dir, settings=character_settings)
    filters = {"visibility": "public", "valid_on": day}
    conversation = [{"role": "customer", "text": "空调不制冷，我要投诉！"}]
    asked = [
        {"text": "空调不制冷"},
        {"conversation": conversation},
        {"context": {"products": ["清风 Q3"], "recent_queries": ["空调不制冷"], "viewed": ["a0"]}},
        *({"article_id": name} for name in sorted(good)),
    ]
    for ask in asked:
        assert set(shown(index.recommend(**ask, filters=filters))) <= good
