"""Tests of the page of a recommendation evaluation: its figures and its misses."""

import pytest

from kbsearch.evaluation.recommending import CaseOutcome, RecommendationCase, measure
from kbsearch.evaluation.report import render_recommendations
from kbsearch.recommendation.slots import Slot

TITLES = {"cool": "空调不凉 <b>", "book": "怎样报修", "fee": "上门费"}
LANGUAGES = pytest.mark.parametrize("lang", ["zh", "en"])


def outcome(name, wanted, shown, first=(), **given):
    """A case of an industry, and what was shown for it."""
    case = {"id": name, "wanted": wanted, "first": first, "industry": "telecom", **given}
    slots = {Slot(slot): tuple(articles) for slot, articles in shown.items()}
    return CaseOutcome(RecommendationCase.model_validate(case), slots)


@pytest.fixture
def evaluation():
    """A right case, one of each kind of miss, and each kind of input."""
    text = {"type": "text", "text": "空调不凉"}
    turns = [{"role": "customer", "text": "在吗"}, {"role": "agent", "text": "您好"}]
    talk = {"type": "conversation", "conversation": turns}
    known = {"type": "context", "context": {"products": ["清风 Q3"]}}
    reading = {"type": "article", "article_id": "cool"}
    return measure(
        [
            outcome("right", {"solution": ["cool"]}, {"solution": ["cool"]}, ["cool"], **text),
            outcome("first", {"solution": ["cool"]}, {"solution": ["fee"]}, ["cool"], **talk),
            outcome("quiet", {}, {"policy": ["fee"]}, **known),
            outcome("found", {"next_step": ["book", "gone"]}, {"next_step": ["book"]}, **reading),
        ]
    )


@LANGUAGES
def test_page_has_the_figures(evaluation, read, lang):
    """Each measure with its interval, and each slot."""
    text = read(render_recommendations(evaluation, TITLES, lang)).text
    for name in ("found", "first", "reached", "right", "quiet"):
        estimate = getattr(evaluation, name)
        assert f"{estimate.value:.1%} {estimate.low:.1%}–{estimate.high:.1%}" in text
    for figures in evaluation.slots.values():
        if figures.found.count:
            assert f"{figures.found.value:.1%}" in text


@LANGUAGES
def test_page_shows_every_miss(evaluation, read, lang):
    """Why it is one, what was said, what was wanted and what was shown; all escaped."""
    html = render_recommendations(evaluation, TITLES, lang)
    page = read(html)
    assert [each["data-cause"] for each in page.classed("miss")] == ["first", "quiet", "found"]
    for said in ("在吗", "您好", "清风 Q3", "✓ 怎样报修", "gone", "空调不凉 <b>"):
        assert said in page.text
    assert "<b>" not in html
    assert page.open == []


def test_page_of_nothing_renders(read):
    """No cases, no misses."""
    page = read(render_recommendations(measure([]), {}, "zh"))
    assert not page.classed("miss")
