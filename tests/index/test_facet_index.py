"""The facet index: filters, validity and counts; joining equals indexing anew."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbsearch.article import Article, Audience, Kind
from kbsearch.index.facet_index import FacetIndex

TODAY = date(2026, 11, 22)


def article(**fields):
    """An article with the given fields."""
    return Article.model_validate({"id": "a", "kind": "faq", "title": "手表", **fields})


def allowed(articles, wanted, day=TODAY):
    """Rows that fit."""
    return FacetIndex.of(articles).allowed(wanted, day).nonzero()[0].tolist()


@pytest.mark.parametrize(
    ("wanted", "rows"),
    [
        ("智能家电", [0, 1, 2]),
        ("智能家电/空调", [0, 1]),
        ("智能家电/空调/制冷", [0]),
        ("智能", []),  # not a level of the path
        ("空调", []),  # not from the root
    ],
)
def test_category_holds_everything_below_it(wanted, rows):
    """A category matches itself and what lies below, level by level from the root."""
    paths = ["智能家电/空调/制冷", "智能家电/空调", "智能家电/冰箱", "智能家电控制/空调", ""]
    assert allowed([article(category=path) for path in paths], {"category": [wanted]}) == rows


@pytest.mark.parametrize(
    ("facet", "value", "other"),
    [("audience", "new", "enterprise"), ("channels", "app", "电话"), ("regions", "华东", "华北")],
)
def test_open_facets_mean_everyone_when_empty(facet, value, other):
    """An article that names no audience, channel or region is meant for all of them."""
    articles = [article(**{facet: values}) for values in ([], [value], [other], [value, other])]
    assert allowed(articles, {facet: [value]}) == [0, 1, 3]


@pytest.mark.parametrize(("facet", "value"), [("products", "腕伴 S2"), ("tags", "续航")])
def test_other_facets_mean_nothing_when_empty(facet, value):
    """An article that names no product is about none."""
    articles = [article(**{facet: values}) for values in ([], [value], ["别的"])]
    assert allowed(articles, {facet: [value]}) == [1]


def test_within_a_facet_any_value_does_and_all_facets_must_fit():
    """Values are joined by or, facets by and."""
    articles = [
        article(kind="faq", products=["腕伴 S2"]),
        article(kind="policy", products=["腕伴 S2"]),
        article(kind="guide", products=["腕伴 S2"]),
        article(kind="faq", products=["清风 Q3"]),
    ]
    wanted = {"kind": ["faq", "policy"], "products": ["腕伴 S2"]}
    assert allowed(articles, wanted) == [0, 1]


def test_unknown_value_fits_nothing_but_the_open():
    """A value that no article carries leaves only the articles meant for all."""
    articles = [article(regions=[]), article(regions=["华东"])]
    assert allowed(articles, {"regions": ["火星"]}) == [0]
    assert allowed(articles, {"products": ["火星"]}) == []


def test_visibility_is_strict():
    """Asking for public articles never gives an internal one."""
    articles = [article(visibility="internal"), article(visibility="public"), article()]
    assert allowed(articles, {"visibility": ["public"]}) == [1, 2]
    assert allowed(articles, {"visibility": ["internal"]}) == [0]
    assert allowed(articles, {}) == [0, 1, 2]


days = st.none() | st.dates(TODAY - timedelta(days=3), TODAY + timedelta(days=3))


@given(days, days, st.dates(TODAY - timedelta(days=5), TODAY + timedelta(days=5)))
def test_first_and_last_day_count(first, last, day):
    """An article holds from its first day to its last, both included, as it says itself."""
    if first and last and last < first:
        first, last = last, first
    one = article(valid_from=first, valid_until=last)
    assert allowed([one], {}, day) == ([0] if one.holds_on(day) else [])


def test_dates_at_the_ends_of_the_calendar():
    """The first and the last day of the calendar are days like others."""
    one = article(valid_from=date.min, valid_until=date.max)
    assert allowed([one, article()], {}, date.min) == [0, 1]
    assert allowed([one, article()], {}, date.max) == [0, 1]


def test_counts_by_hand():
    """Every value, most frequent first, equal ones by name, over the given articles only."""
    facets = FacetIndex.of(
        [
            article(products=["清风 Q3"], category="家电/空调"),
            article(products=["腕伴 S2", "清风 Q3"], category="家电", kind="policy"),
            article(products=["清风 Q3"], kind="guide"),
        ]
    )
    counts = facets.counts(np.array([0, 1]))
    assert counts["products"] == {"清风 Q3": 2, "腕伴 S2": 1}
    assert list(counts["products"]) == ["清风 Q3", "腕伴 S2"]
    assert counts["category"] == {"家电": 2, "家电/空调": 1}
    assert list(counts["kind"].items()) == [("faq", 1), ("policy", 1)]
    assert "audience" not in counts  # meant for all: no value to choose
    assert facets.counts(np.zeros(0, np.int64)) == {}


def test_value_named_twice_counts_once():
    """A product that an article lists twice is one."""
    facets = FacetIndex.of([article(products=["清风 Q3", "清风 Q3"])])
    assert facets.counts(np.array([0]))["products"] == {"清风 Q3": 1}


def test_known_values_are_sorted_and_without_the_open_one():
    """What an editor may choose from."""
    facets = FacetIndex.of([article(regions=["华东"]), article(), article(regions=["华北"])])
    assert facets.known("regions") == ("华东", "华北")
    assert facets.known("products") == ()


articles = st.lists(
    st.builds(
        article,
        kind=st.sampled_from(Kind),
        audience=st.lists(st.sampled_from(Audience), max_size=2),
        products=st.lists(st.sampled_from(["甲", "乙"]), max_size=2),
        category=st.sampled_from(["", "家电", "家电/空调", "穿戴"]),
    ),
    max_size=6,
)


@given(articles, st.sets(st.sampled_from(Kind)), st.sets(st.sampled_from(Audience)))
def test_loaded_facets_filter_as_the_articles_say(tmp_path_factory, given_articles, kinds, groups):
    """Saved and loaded, the filter agrees with looking at every article."""
    folder = tmp_path_factory.mktemp("facets")
    FacetIndex.of(given_articles).save(folder)
    facets = FacetIndex.load(folder)
    wanted = {"kind": tuple(kinds), "audience": tuple(groups)}
    wanted = {name: values for name, values in wanted.items() if values}
    expected = [
        (not kinds or one.kind in kinds)
        and (not groups or not one.audience or bool(groups & set(one.audience)))
        for one in given_articles
    ]
    assert facets.allowed(wanted, TODAY).tolist() == expected


versions = st.dictionaries(
    st.sampled_from("abcdefgh"),
    st.tuples(st.sampled_from(["", "甲", "乙"]), st.sampled_from(["", "家电", "家电/空调"])),
    max_size=8,
)


@given(versions, versions)
def test_joining_equals_indexing_anew(tmp_path_factory, merge_plan, files_of, before, after):
    """After any adds, changes and deletes: the facets of a fresh index, byte for byte."""
    old, new = sorted(before.items()), sorted(after.items())
    kept, added, places = merge_plan(old, new)

    def fresh(pairs):
        return FacetIndex.of(
            article(id=name, products=[product] if product else [], category=category)
            for name, (product, category) in pairs
        )

    joined = FacetIndex.joined([fresh(old), fresh(added)], [kept, places])
    folder = tmp_path_factory.mktemp("joined")
    for name, facets in (("joined", joined), ("fresh", fresh(new))):
        (folder / name).mkdir()
        facets.save(folder / name)
    assert files_of(folder / "joined") == files_of(folder / "fresh")
    assert joined.known("products") == fresh(new).known("products")
