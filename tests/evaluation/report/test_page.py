"""Tests of the report: the figures of the JSON, in one file, in both languages."""

import re
from dataclasses import fields, replace
from html import unescape

import pytest

from kbsearch.evaluation.declining import Declining
from kbsearch.evaluation.measures import MEASURES
from kbsearch.evaluation.report import render
from kbsearch.evaluation.significance import Estimate, share

LANGUAGES = pytest.mark.parametrize("lang", ["zh", "en"])


def shown(estimate):
    """A share with its interval, as it is shown."""
    return f"{estimate.value:.1%} {estimate.low:.1%}–{estimate.high:.1%}" if estimate.count else "—"


def counted(evaluation):
    """Every share that is shown with its number of queries."""
    declining = evaluation.declining
    yield from (each for values in evaluation.slices.values() for each in values.values())
    yield from declining.not_answered_by_type.values()
    for field in fields(Declining):
        if isinstance(value := getattr(declining, field.name), Estimate):
            yield value


@LANGUAGES
def test_report_has_the_figures_of_the_evaluation(full, read, lang):
    """Each share with its interval and number, both curves, calibration and latency."""
    text = read(render(full, lang)).text
    assert f"{full.accuracy.value:.1%}" in text
    for leg in full.systems:
        figures = " ".join(shown(full.systems[leg][name]) for name in MEASURES)
        assert figures in text.replace("▲ ", "")
    for each in counted(full):
        assert f"{shown(each)} {each.count}" in text
    for point in full.coverage:
        assert f"{point.threshold:.3f} {point.coverage:.1%} {point.precision:.1%}" in text
    for each in full.reliability:
        figures = f"{each.confidence:.1%} {each.right:.1%}" if each.count else "— —"
        assert f"{each.low:.1f}–{each.high:.1f} {each.count} {figures}" in text
    assert f"{full.calibration_error:.1%}" in text
    for value in full.latency_ms.values():
        assert f"{value:.1f} ms" in text


@LANGUAGES
def test_report_says_what_was_measured(full, read, lang):
    """Query sets, counts, snapshot, date and every hash."""
    text = read(render(full, lang)).text
    measured = full.measured
    assert f"{full.answerable}" in text
    assert full.created_at in text
    for name in (*measured.query_sets, *measured.query_sets.values(), measured.snapshot_id):
        assert name in text
    for name in (measured.content_digest, measured.settings_digest, measured.model):
        assert name in text
    assert {*full.systems["final"]} <= {*text.split()}


@LANGUAGES
def test_report_shows_what_to_do(full, read, lang):
    """The suggestion, the confused pair, the article to judge, each with its queries."""
    text = read(render(full, lang)).text
    todo = text[: text.index(full.misses[-1].query_id)]
    assert "空调不冷了" in todo
    for article in ("ac-not-cooling", "book-repair", "other"):
        assert full.titles[article] in text


@LANGUAGES
def test_report_shows_every_miss(full, read, lang):
    """Query, context, cause, titles of the wanted and of the found, and why it is known."""
    html = render(full, lang)
    page = read(html)
    causes = [each["data-cause"] for each in page.classed("miss")]
    assert causes == ["unknown_article", "outranked", "not_found", "declined"]
    for name in ("空調不冷了", "机器吹热风", "你好", "没有同义词", "no-such-article"):
        assert name in page.text
    assert "<mark>" in html
    assert page.classed("wanted")


def test_report_marks_a_leg_that_beats_the_final_ranking(full, read):
    """A leg with a higher figure is marked, in that measure only."""
    final = {name: share(1, 4) for name in full.systems["final"]}
    systems = {leg: final for leg in full.systems} | {"bm25": final | {"hit@3": share(2, 4)}}
    report = render(replace(full, systems=systems), "zh")
    assert len(read(report).classed("better")) == 1
    assert "▲ 50.0%" in read(report).text


@LANGUAGES
def test_report_shows_the_trend_if_there_is_one(full, history, read, lang):
    """Two runs: the change, what moved, the note; one run or none: nothing of it."""
    page = read(render(full, lang, history))
    assert "+25.0%" in page.text
    assert "新模型" in page.text
    assert {"id": "trend"} in [each for _, each in page.elements]
    for short in ((), history[:1]):
        assert {"id": "trend"} not in [each for _, each in read(render(full, lang, short)).elements]


@LANGUAGES
def test_report_of_nothing_renders(full, outcome, read, lang):
    """No misses, no unanswerable queries, nothing to do, nothing answerable."""
    none = share(0, 0)
    declining = Declining(none, none, none, none, {})
    empty = replace(
        full,
        answerable=0,
        unanswerable=0,
        systems={leg: dict.fromkeys(values, none) for leg, values in full.systems.items()},
        slices={dimension: {} for dimension in full.slices},
        declining=declining,
        coverage=(),
        reliability=tuple(replace(each, count=0) for each in full.reliability),
        misses=(),
        declined=(),
        confusions=(),
        to_judge=(),
        suggestions=(),
        outcomes=(outcome(),),
    )
    page = read(render(empty, lang))
    assert page.open == []
    assert not page.classed("miss")
    assert len(page.classed("too_few")) == 2


@LANGUAGES
def test_report_loads_nothing(full, history, read, lang):
    """No address, source or import: it opens without a network; and every element is closed."""
    html = render(full, lang, history)
    page = read(html)
    assert page.open == []
    assert not {tag for tag, _ in page.elements} & {"link", "img", "iframe", "object", "image"}
    assert not re.search(r"https?:|src\s*=|@import|xmlns", html)
    ids = [each["id"] for _, each in page.elements if "id" in each]
    assert len(ids) == len({*ids})
    targets = {each["href"] for tag, each in page.elements if tag == "use"}
    assert targets <= {f"#{name}" for name in ids}


def test_report_is_in_the_language_asked_for(evaluation, read):
    """The English one has no Chinese but names and texts; the Chinese one says so."""
    without = replace(evaluation, misses=(), declined=(), slices={}, to_judge=(), suggestions=())
    without = replace(without, confusions=())
    assert not re.search(r"[\u4e00-\u9fff]", read(render(without, "en")).text)
    assert '<html lang="zh-CN">' in render(without, "zh")
    assert '<html lang="en">' in render(without, "en")


def test_report_shows_text_as_text(full, markup):
    """What a customer typed or an editor wrote is no markup."""
    html = render(full, "zh")
    assert html.count("<script>") == 1
    assert unescape(html).count(markup) > 1


def test_equal_evaluations_give_equal_bytes(full, history):
    """Nothing of the hour or of chance stands in it."""
    assert render(full, "zh", history) == render(full, "zh", history)


@pytest.mark.parametrize(
    ("right", "states"),
    [(750, ["missed", "missed"]), (970, ["met", "missed"]), (1000, ["met", "met"])],
)
def test_report_says_whether_targets_are_met(full, read, right, states):
    """By the lower bound; with a sign beside the colour."""
    final = {**full.systems["final"], "hit@1": share(right, 1000)}
    page = read(render(replace(full, systems={**full.systems, "final": final}), "zh"))
    found = [each["class"] for tag, each in page.elements if tag == "li" and "class" in each]
    assert found == states
    assert f"{right / 1000:.1%}" in page.text
