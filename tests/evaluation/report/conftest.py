"""An evaluation in which every part of the report has something to show, and a page reader."""

from dataclasses import replace
from html.parser import HTMLParser

import pytest

from kbsearch.evaluation.diagnosis import Cause, Confusion, Miss, ToJudge
from kbsearch.evaluation.history import Entry
from kbsearch.evaluation.result import KnownFailures
from kbsearch.evaluation.significance import share
from kbsearch.evaluation.suggestions import Remedy, Suggestion
from kbsearch.retrieval.candidates import Leg
from kbsearch.retrieval.response import Decision

VOID = frozenset({"meta", "br", "input"})
CELLS = frozenset({"td", "th", "dt", "dd", "small", "option"})


class Page(HTMLParser):
    """Reads a page: what stands in it, its elements, and whether they are closed."""

    def __init__(self, html):
        super().__init__()
        self.texts, self.elements, self.open = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        """Notes an element."""
        self.elements.append((tag, dict(attrs)))
        if tag in CELLS:
            self.texts.append(" ")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        """Notes an element that closes itself, as in SVG."""
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        """Closes the innermost element, which must be this one."""
        assert self.open.pop() == tag

    def handle_data(self, data):
        """Notes what a reader sees."""
        if not {"style", "script"} & {*self.open}:
            self.texts.append(data)

    @property
    def text(self):
        """All that a reader sees, on one line."""
        return " ".join("".join(self.texts).split())

    def classed(self, name):
        """The elements of a class."""
        return [each for _, each in self.elements if name in (each.get("class") or "").split()]


@pytest.fixture(scope="session")
def read():
    """Reads a page."""
    return Page


@pytest.fixture(scope="session")
def markup():
    """What must not work in a browser."""
    return '<script>alert("x")</script>&amp;'


@pytest.fixture(scope="session")
def full(evaluation, outcome, markup):
    """The small evaluation with two misses, one of them known, and one query wrongly declined."""
    rankings = {leg: ("book-repair", "ac-not-cooling") for leg in Leg} | {"dense": ("other",)}
    values = {"final": {"hit@1": 0.0}}
    asked = {
        "relevant": {"ac-not-cooling": 2},
        "rankings": rankings,
        "values": values,
        "industry": "telecom",
    }
    outranked = outcome(
        False, id="m1", text="空調不冷了" + markup, type="typo", context=("你好",), **asked
    )
    known = outcome(
        False, id="m2", text="机器吹热风", type="symptom", known_failure="没有同义词", **asked
    )
    declined = outcome(
        True, id="m3", text="维修", relevant={"book-repair": 1}, decision=Decision.ABSTAIN
    )
    params = {"right": "空调不制冷", "rival": "预约维修", "rank": "2", "confidence": "50%"}

    def miss(query_id, cause):
        ranks = {"final": 2, "bm25": 1, "dense": None, "hybrid": 2}
        missing = ("不冷",)
        return Miss(
            query_id, cause, "ac-not-cooling", ranks, "book-repair", {}, {}, missing, params
        )

    remedy = Suggestion(
        Remedy.SIMILAR_QUESTION,
        ("ac-not-cooling",),
        ("空调不冷了",),
        ("m1", "m2"),
        {"right": "空调不制冷", "texts": "空调不冷了"},
    )
    unknown = next(each for each in evaluation.misses if each.cause is Cause.UNKNOWN_ARTICLE)
    return replace(
        evaluation,
        outcomes=(*evaluation.outcomes, outranked, known, declined),
        misses=(unknown, miss("m1", Cause.OUTRANKED), miss("m2", Cause.NOT_FOUND)),
        declined=(miss("m3", Cause.DECLINED),),
        known_failures=KnownFailures(1, ("m2",), ()),
        suggestions=(remedy,),
        confusions=(Confusion("ac-not-cooling", "book-repair", ("m1",), 3),),
        to_judge=(ToJudge("m2", "other", ("dense",)),),
        titles={**evaluation.titles, "other": "其他" + markup},
        slices={**evaluation.slices, "product": {"腕伴 S2": share(19, 30), "空": share(0, 0)}},
    )


@pytest.fixture(scope="session")
def history(full):
    """Two runs, between which the model changed and accuracy rose by a quarter."""
    after = Entry.of(full, note="新模型", failed=("target",))
    hits = after.measures["hit@1"]
    worse = {**after.measures, "hit@1": replace(hits, value=hits.value - 0.25)}
    before = replace(
        after,
        created_at="2026-01-02T03:04:05+00:00",
        measures=worse,
        measured=replace(after.measured, model="other"),
        note="",
        failed=(),
    )
    return before, after
