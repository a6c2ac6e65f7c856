"""Tests of the gate: each check passes what is good and stops what is not."""

from dataclasses import replace

import pytest

from kbsearch.article import Article
from kbsearch.evaluation.experiment import evaluate
from kbsearch.evaluation.gate import Check, check
from kbsearch.evaluation.history import Entry
from kbsearch.evaluation.query_set import JudgedQuery, QuerySet
from kbsearch.evaluation.significance import share
from kbsearch.knowledge_base import KnowledgeBase

TITLES = ["空调漏水", "手表没电", "门锁打不开", "摄像头离线", "洗衣机不排水", "冰箱结霜"]
QUERIES = QuerySet.of(
    "titles",
    [JudgedQuery(id=f"q{n}", text=title, relevant=[f"a{n}"]) for n, title in enumerate(TITLES)],
)


@pytest.fixture(scope="module")
def measured(tmp_path_factory, character_settings):
    """Evaluates an index of these titles."""

    def run(titles, query_set=QUERIES):
        articles = [Article(id=f"a{n}", kind="faq", title=title) for n, title in enumerate(titles)]
        folder = tmp_path_factory.mktemp("index")
        index = KnowledgeBase.build(articles, folder, settings=character_settings)
        return evaluate(index, query_set)

    return run


@pytest.fixture(scope="module")
def good(measured):
    """All six are right."""
    return measured(TITLES)


@pytest.fixture(scope="module")
def worse(measured):
    """The first two titles are swapped: four of six are right."""
    return measured([TITLES[1], TITLES[0], *TITLES[2:]])


def test_nothing_asked_is_nothing_failed(worse):
    """No checks, no verdicts."""
    assert check(worse) == ()


def test_target_is_held_against_the_lower_bound(good):
    """6 of 6 prove 6 / (6 + z²) = 61 %, and no more; the bare share is 100 %."""
    (verdict,) = check(good, target=0.6)
    assert (verdict.check, verdict.met, verdict.figure) == (Check.TARGET, True, good.accuracy.low)
    assert not check(good, target=0.62)[0].met
    assert check(good, target=1, point=True)[0].met


def test_each_industry_must_reach_the_target(good):
    """One bad industry is not hidden by a good one."""
    industries = {"telecom": share(99, 100), "finance": share(80, 100)}
    evaluation = replace(
        good,
        systems={"final": {"hit@1": share(179, 200)}},
        slices={**good.slices, "industry": industries},
    )
    verdicts = check(evaluation, target=0.83)
    assert [(v.name, v.met) for v in verdicts] == [
        ("", True),
        ("telecom", True),
        ("finance", False),
    ]


def test_slices_of_twenty_queries_must_reach_their_share(good):
    """19 queries say nothing; 15 of 20 are 75 %."""
    types = {"typo": share(0, 19), "short": share(15, 20), "long": share(20, 20)}
    evaluation = replace(good, slices={"type": types, "kind": {"faq": share(10, 20)}})
    for wanted, met in ((0.75, [True, True]), (0.76, [False, True])):
        verdicts = check(evaluation, min_slice={"type": wanted})
        assert [v.name for v in verdicts] == ["short", "long"]
        assert [v.met for v in verdicts] == met
    assert [v.name for v in check(evaluation, min_slice=0.6) if not v.met] == ["faq"]


def test_unknown_dimension_is_refused(good):
    """A misspelt one must not pass."""
    with pytest.raises(ValueError, match="kinds"):
        check(good, min_slice={"kinds": 0.5})


@pytest.mark.parametrize(("most", "met"), [(0.32, False), (0.34, True)])
def test_worsened_ranking_is_stopped(good, worse, most, met):
    """Two of six are lost: a drop of 33.3 %."""
    (verdict,) = check(worse, max_drop=most, baseline=good)
    assert verdict.figure == pytest.approx(1 / 3)
    assert verdict.met is met


def test_same_and_better_have_not_dropped(good, worse):
    """No drop is allowed, and there is none."""
    assert check(good, max_drop=0, baseline=good)[0].met
    assert check(good, max_drop=0, baseline=worse)[0].met


def test_drop_is_counted_on_the_queries_both_have(good, measured):
    """A harder query that the baseline never saw is no drop."""
    hard = JudgedQuery(id="hard", text="空调漏水", relevant=["a5"])
    evaluation = measured(TITLES, QuerySet.of("more", [*QUERIES.queries, hard]))
    assert evaluation.accuracy.value < 1
    assert check(evaluation, max_drop=0, baseline=good)[0].met


def test_run_of_the_history_is_a_baseline(good, worse):
    """Of the same queries only."""
    assert not check(worse, max_drop=0.3, baseline=Entry.of(good))[0].met
    other = replace(good.measured, query_sets={"other": "0"})
    with pytest.raises(ValueError, match="other queries"):
        check(worse, max_drop=0.3, baseline=Entry.of(replace(good, measured=other)))


def test_drop_against_nothing_is_refused(good):
    """No baseline, or one without a common query, proves nothing."""
    for baseline in (None, replace(good, outcomes=())):
        with pytest.raises(ValueError, match="no baseline"):
            check(good, max_drop=0.1, baseline=baseline)
