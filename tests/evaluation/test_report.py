"""Tests of the HTML report: the figures of the JSON, in one file, in both languages."""

import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser

import pytest

from kbsearch.evaluation.experiment import Miss, evaluate
from kbsearch.evaluation.report import render


@pytest.fixture(scope="module")
def evaluation(knowledge_base, query_set):
    """The small query set on the small knowledge base."""
    return evaluate(knowledge_base, query_set)


class Page(HTMLParser):
    """Reads a page: its text, its elements with their attributes, and whether they are closed."""

    VOID = frozenset({"meta", "br"})

    def __init__(self, html):
        super().__init__()
        self.texts, self.elements, self.open = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        """Notes an element."""
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        """Closes the innermost element, which must be this one."""
        assert self.open.pop() == tag

    def handle_data(self, data):
        """Notes what a reader sees."""
        if not self.open or self.open[-1] != "style":
            self.texts.append(data)

    @property
    def text(self):
        """All that a reader sees, on one line."""
        return " ".join("".join(self.texts).split())


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_report_has_the_figures_of_the_evaluation(evaluation, lang):
    """Accuracy and its interval, every measure of every leg, types, declining, latency."""
    text = Page(render(evaluation, lang)).text
    shares = [evaluation.accuracy.value, evaluation.accuracy.low, evaluation.accuracy.high]
    shares += [each.value for values in evaluation.systems.values() for each in values.values()]
    for each in evaluation.types.values():
        shares += [each.value, each.low, each.high]
    declining = evaluation.declining
    shares += [declining.declined.value, declining.wrongly_declined.value]
    shares += [declining.not_answered.value, declining.right_when_answered.value]
    for share in shares:
        assert f"{share:.1%}" in text
    for name, value in evaluation.latency_ms.items():
        assert f"{name} {value:.1f}" in text


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_report_says_what_was_measured(evaluation, lang):
    """Snapshot, query set, measures, types and every miss with what it found."""
    text = Page(render(evaluation, lang)).text
    miss = evaluation.misses[0]
    for name in (evaluation.snapshot_id, "small", *evaluation.systems["hybrid"], "standard"):
        assert name in text
    for name in (miss.text, miss.relevant[0], *miss.rankings["hybrid"][:3]):
        assert name in text


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_report_loads_nothing(evaluation, lang):
    """No script, link, picture or frame, no address and no import: it opens without a network."""
    html = render(evaluation, lang)
    page = Page(html)
    assert page.open == []
    assert not {tag for tag, _ in page.elements} & {"script", "link", "img", "iframe", "object"}
    attributes = {name for _, found in page.elements for name in found}
    assert not attributes & {"src", "href", "srcset", "data", "action", "style"}
    assert not re.search(r"https?:|//|@import|url\(", html)


def test_report_is_in_the_language_asked_for(evaluation):
    """The English one has no Chinese but the queries; the Chinese one says so."""
    without = replace(evaluation, misses=())
    assert not re.search(r"[\u4e00-\u9fff]", Page(render(without, "en")).text)
    assert '<html lang="zh-CN">' in render(without, "zh")
    assert '<html lang="en">' in render(without, "en")


def test_report_shows_text_as_text(evaluation):
    """What a customer typed is no markup."""
    typed = '<script>alert("x")</script>&amp;'
    miss = Miss("q", typed, "<b>", ("a",), {"hybrid": ("b",)})
    html = render(replace(evaluation, misses=(miss,)), "zh")
    assert "<script>" not in html
    assert typed in unescape(html)


def test_report_says_whether_targets_are_met(evaluation):
    """3 of 4 miss both targets; 1,000 of 1,000 reach both, their lower bound being 0.996."""
    flawless = replace(
        evaluation.accuracy, value=1.0, low=1000 / (1000 + 3.8415), high=1.0, count=1000
    )
    hybrid = {**evaluation.systems["hybrid"], "hit@1": flawless}
    good = replace(evaluation, systems={**evaluation.systems, "hybrid": hybrid})
    for report, expected in ((evaluation, ["missed"] * 2), (good, ["met"] * 2)):
        classes = [found.get("class") for tag, found in Page(render(report, "zh")).elements]
        assert [name for name in classes if name in {"met", "missed"}] == expected
