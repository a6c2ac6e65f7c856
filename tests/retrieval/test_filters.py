"""Tests of filters: how they are read, and that they let through what they say."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kbsearch.retrieval.filters import Filters

DAY = date(2026, 6, 1)  # everything in the small knowledge base holds on it
EVERYTHING = {"ac-not-cooling", "book-repair", "onsite-fee", "script-calm", "watch-battery"}


def found(knowledge_base, filters):
    """Ids of all articles that a filter lets through; the query is near to everything."""
    ranked = knowledge_base.rank("空调手表上门维修客户", filters={"valid_on": DAY, **filters})
    return {name for name, _ in ranked}


def test_without_filters_everything_published_is_found(knowledge_base):
    """Five of the six articles; the draft is none of them."""
    assert found(knowledge_base, {}) == EVERYTHING


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"kind": "troubleshooting"}, {"ac-not-cooling", "watch-battery"}),
        ({"kind": ["guide", "policy"]}, {"book-repair", "onsite-fee"}),
        ({"products": "腕伴 S2"}, {"watch-battery"}),
        ({"products": ["腕伴 S2", "清风 Q3"]}, {"watch-battery", "ac-not-cooling"}),
        ({"tags": "制冷"}, {"ac-not-cooling"}),
        ({"visibility": "public"}, EVERYTHING - {"script-calm"}),
        ({"visibility": "internal"}, {"script-calm"}),
        ({"products": "没有这个产品"}, set()),
    ],
)
def test_field_keeps_what_has_one_of_the_values(knowledge_base, filters, expected):
    """Kind, products, tags and visibility: the article must carry a value that was asked for."""
    assert found(knowledge_base, filters) == expected


@pytest.mark.parametrize(
    ("category", "expected"),
    [
        ("售后服务", {"book-repair", "onsite-fee"}),
        ("售后服务/", {"book-repair", "onsite-fee"}),
        ("售后服务/收费", {"onsite-fee"}),
        ("智能家电/空调/制冷", {"ac-not-cooling"}),
        ("售后", set()),  # the beginning of a name is no level of the path
        ("空调", set()),  # a path is followed from its root
    ],
)
def test_category_matches_everything_below_it(knowledge_base, category, expected):
    """A category is a prefix of the path, level by level."""
    assert found(knowledge_base, {"category": category}) == expected


@pytest.mark.parametrize(
    ("filters", "left_out"),
    [
        ({"channels": "app"}, set()),
        ({"channels": "hotline"}, {"book-repair"}),
        ({"regions": "华东"}, set()),
        ({"regions": "华南"}, {"watch-battery"}),
        ({"audience": "regular"}, set()),
        ({"audience": "new"}, {"onsite-fee"}),
        ({"audience": ["new", "enterprise"]}, set()),
    ],
)
def test_article_without_channel_region_or_audience_is_for_all(knowledge_base, filters, left_out):
    """Only an article that names others is left out."""
    assert found(knowledge_base, filters) == EVERYTHING - left_out


@pytest.mark.parametrize(
    ("day", "holds"),
    [
        ("2025-12-31", False),
        ("2026-01-01", True),
        ("2126-12-31", True),
        ("2127-01-01", False),
    ],
)
def test_article_is_found_from_its_first_to_its_last_day(knowledge_base, day, holds):
    """Both ends are included; `date` is another name of `valid_on`."""
    for name in ("date", "valid_on"):
        ranked = knowledge_base.rank("上门检测费怎么收", filters={name: day})
        assert ("onsite-fee" in [article for article, _ in ranked]) == holds


def test_today_is_the_day_if_none_is_given(build_small):
    """What ended yesterday or begins tomorrow is not found; what holds today only is."""
    today = date.today()
    yesterday, tomorrow = today - timedelta(days=1), today + timedelta(days=1)
    rows = [
        {"id": "ended", "title": "手表", "valid_until": yesterday},
        {"id": "now", "title": "手表", "valid_from": today, "valid_until": today},
        {"id": "soon", "title": "手表", "valid_from": tomorrow},
    ]
    response = build_small(rows).search("手表")
    assert [hit.article_id for hit in response.hits] == ["now"]


def test_all_fields_must_fit(knowledge_base):
    """Two troubleshooting articles, of which one is about the product; no guide is."""
    both = {"kind": "troubleshooting", "products": "清风 Q3", "channels": "app"}
    assert found(knowledge_base, both) == {"ac-not-cooling"}
    assert found(knowledge_base, {**both, "kind": "guide"}) == set()


VALUES = {
    "kind": ["faq", "troubleshooting", "policy", "guide", "script"],
    "products": ["清风 Q3", "腕伴 S2", "别的"],
    "tags": ["制冷", "别的"],
    "category": ["智能家电", "智能家电/空调", "售后服务", "售后服务/报修", "智能"],
    "audience": ["new", "regular", "experienced", "enterprise"],
    "channels": ["app", "hotline"],
    "regions": ["华东", "华南"],
    "visibility": ["public", "internal"],
}
CONDITIONS = st.fixed_dictionaries(
    {"valid_on": st.dates(date(2025, 12, 1), date(2027, 2, 1))},
    optional={
        name: st.lists(st.sampled_from(values), min_size=1, max_size=2)
        for name, values in VALUES.items()
    },
)


def lets_through(article, filters):
    """What the documentation of `Filters` says, for one article."""
    for name, wanted in filters.items():
        if name == "valid_on":
            fits = article.holds_on(wanted)
        elif name in {"kind", "visibility"}:
            fits = getattr(article, name) in wanted
        elif name == "category":
            fits = any(f"{article.category}/".startswith(f"{path}/") for path in wanted)
        else:
            own = getattr(article, name)
            open_to_all = name in {"audience", "channels", "regions"} and not own
            fits = open_to_all or any(value in wanted for value in own)
        if wanted and not fits:
            return False
    return article.status == "published"


@settings(max_examples=200, deadline=None)
@given(filters=CONDITIONS)
def test_filters_let_through_what_they_say(knowledge_base, articles, filters):
    """Any conditions together find exactly the articles that a plain reading of them allows."""
    expected = {article.id for article in articles if lets_through(article, filters)}
    assert found(knowledge_base, filters) == expected


@pytest.mark.parametrize("empty", [[], (), ""])
@pytest.mark.parametrize("name", ["visibility", "kind", "product"])
def test_empty_condition_is_refused(name, empty):
    """A list of what may be seen that is empty must not show everything."""
    with pytest.raises(ValueError, match="is empty"):
        Filters.parse({name: empty})


@pytest.mark.parametrize(
    ("given", "name"),
    [("product", "products"), ("tag", "tags"), ("channel", "channels"), ("region", "regions")],
)
def test_singular_is_the_same_filter(given, name):
    """`product` means `products`, and a single value a list of one."""
    assert Filters.parse({given: "一个"}) == Filters.parse({name: ["一个"]})


def test_filter_under_two_names_is_refused():
    """Neither of two values may be dropped unseen."""
    with pytest.raises(ValueError, match="'products' is given twice"):
        Filters.parse({"product": "清风 Q3", "products": "腕伴 S2"})


@pytest.mark.parametrize("filters", [None, {}, Filters()])
def test_no_conditions_ask_for_nothing(filters):
    """Without conditions no facet is wanted."""
    assert Filters.parse(filters).wanted() == {}


def test_unknown_filter_is_refused_with_those_there_are():
    """A misspelt filter is a ValueError that names it and every filter that is allowed."""
    with pytest.raises(ValueError, match="'prodcts'") as caught:
        Filters.parse({"prodcts": "清风 Q3"})
    for name in (*VALUES, "valid_on"):
        assert name in str(caught.value)


@pytest.mark.parametrize(
    ("filters", "named"),
    [
        ({"kind": "fqa"}, "kind"),
        ({"audience": ["new", "vip"]}, "audience"),
        ({"visibility": "secret"}, "visibility"),
        ({"valid_on": "下周"}, "valid_on"),
        ({"date": "2026-02-30"}, "valid_on"),
        ({"products": 3}, "products"),
        ({"category": None}, "category"),
    ],
)
def test_impossible_value_is_refused(filters, named):
    """The ValueError names the filter at fault."""
    with pytest.raises(ValueError, match=named):
        Filters.parse(filters)


def test_unknown_filter_is_refused_wherever_filters_go(knowledge_base):
    """Search, ranking and recommendation do not ignore a filter they do not know."""
    bad = {"colour": "red"}
    for ask in (knowledge_base.search, knowledge_base.rank, knowledge_base.recommend):
        with pytest.raises(ValueError, match="colour"):
            ask("空调", filters=bad)
    with pytest.raises(ValueError, match="colour"):
        knowledge_base.search_many(["空调", "手表"], filters=bad)
