"""Tests of pins and blocks: what an editor writes, and what search makes of it."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbsearch.analysis.analyzer import Analyzer
from kbsearch.analysis.dictionaries import PINS, Dictionaries
from kbsearch.errors import DictionaryError
from kbsearch.evaluation.experiment import evaluate
from kbsearch.evaluation.query_set import JudgedQuery, QuerySet
from kbsearch.indexer.builder import build
from kbsearch.indexer.given import source_problems
from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.loaders.source import read_source
from kbsearch.retrieval.pins import Pins, Ruling

ROWS = [
    {"id": "ac", "title": "空调"},
    {"id": "band", "title": "手表"},
    {"id": "care", "title": "手表"},
    {"id": "lock", "title": "门锁", "visibility": "internal"},
    {"id": "old", "title": "门锁", "valid_until": "2020-01-01"},
]


def pins(text):
    """The rules of a file with this text."""
    return Pins(Dictionaries(pins=text).pin_rules)


@pytest.fixture
def search(build_small, tmp_path):
    """Searches the small knowledge base with the rules given."""

    def search(rules, text, **options):
        path = tmp_path / PINS
        path.write_text(rules, encoding="utf-8")
        return build_small(ROWS, dictionaries={"pins": str(path)}).search(text, **options)

    return search


def ids(response):
    """The article ids of a response, best first."""
    return [hit.article_id for hit in response.hits]


# What a rule says


def test_words_must_all_stand_in_the_query():
    """In any order and any form of Chinese; one of them alone is not enough."""
    rules = pins("手錶 沒電 => a,b，c")
    assert rules.ruling("没电了，我的手表") == Ruling(("a", "b", "c"), ())
    assert rules.ruling("手表") == rules.ruling("没电") == Ruling()


def test_word_of_letters_is_not_found_in_a_longer_one():
    """「app」 stands in 打开APP看看, not in apple; Chinese is written without blanks."""
    rules = pins("app => a")
    assert rules.touched("打开APP看看")
    assert not rules.touched("apple")


def test_words_are_no_regular_expression():
    """A point is a point, a bracket a bracket."""
    rules = pins("c++ v1.0( => a")
    assert rules.touched("C++ V1.0(新)")
    assert not rules.touched("ccc v1x0(")


def test_regular_expression_is_found_anywhere_in_the_normal_form():
    """Whatever the case of its letters; it may hold blanks, arrows and slashes."""
    assert pins("/开不了?机/ => a").touched("電腦開不機")
    assert pins("/wi-?fi [56]/ => a").touched("这个ＷｉＦｉ ６怎么用")
    assert pins("/A => b|1/2/ => a").touched("a => b")


def test_rules_that_fit_add_up_in_the_order_of_the_file():
    """An id is said once; blocks are kept apart."""
    rules = pins("# 手表\n手表 => b\n\n手表 没电 => a,b\n没电 =/> c\n空调 => d")
    assert rules.ruling("手表没电") == Ruling(("b", "a"), ("c",))


@given(st.text())
def test_no_rules_say_nothing(text):
    """Without a file no query is touched."""
    assert not Pins().touched(text)


@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_line_is_a_rule_or_named(line):
    """No line raises anything but the error that names it."""
    with suppress(DictionaryError):
        assert all(rule.articles for rule in Dictionaries(pins=line).pin_rules)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("手表 没电", "pin_form"),
        ("手表 =>", "pin_form"),
        ("=> a", "pin_form"),
        ("手表 => 手表没电", "pin_form"),
        ("手表 => a b", "pin_form"),
        ("手表 => a,,b", "pin_form"),
        ("手表 => a => b", "pin_form"),
        ("/手表 => a", "pin_form"),
        ("// => a", "pin_form"),
        ("/(手表/ => a", "pin_pattern"),
        ("/a{9999999999999999999}/ => a", "pin_pattern"),
    ],
)
def test_bad_line_is_named(tmp_path, line, code):
    """With file and line, in both languages."""
    path = tmp_path / PINS
    path.write_text(f"# 规则\n手表 => a\n{line}\n", encoding="utf-8")
    with pytest.raises(DictionaryError) as caught:
        Dictionaries.read({PINS: [path]})
    (problem,) = caught.value.problems
    assert (problem.code, problem.path, problem.line) == (code, str(path), 3)
    assert all(line in problem.text(lang) for lang in ("zh", "en"))


# What search makes of it


def test_pinned_article_comes_first_whatever_its_score(search):
    """In the order of the editor, with confidence 1 and the decision to answer."""
    response = search("手表 => care,ac", "手表", explain=True)
    assert ids(response) == ["care", "ac", "band", "lock"]
    assert [hit.pinned for hit in response.hits] == [True, True, False, False]
    assert [hit.confidence for hit in response.hits[:2]] == [1, 1]
    assert (response.decision, response.clarify, response.handover) == ("answer", None, None)
    assert response.facets["kind"] == {"faq": 4}


def test_pinned_article_need_not_be_found(search):
    """Neither leg finds it: its score is 0, and there is nothing to explain."""
    response = search("/^？+$/ => ac\n/^\\?+$/ => ac", "？？", explain=True)
    (hit,) = response.hits
    assert (hit.article_id, hit.score, hit.explanation) == ("ac", 0.0, None)
    assert hit.matched_question == hit.title == "空调"


def test_pins_count_among_the_hits(search):
    """`top_k` is `top_k`; the decision does not depend on it."""
    assert ids(search("手表 => ac,care", "手表", top_k=1)) == ["ac"]


def test_blocked_article_is_not_shown(search):
    """It is no hit, no facet value, and the next one takes its place."""
    response = search("手表 =/> band", "手表")
    assert ids(response) == ["care", "ac", "lock"]
    assert response.facets["kind"] == {"faq": 3}
    assert ids(search("手表 没电 =/> band", "手表"))[0] == "band"


def test_block_beats_pin(search):
    """What is both is not shown."""
    assert ids(search("手表 => band\n手表 =/> band", "手表")) == ["care", "ac", "lock"]


def test_pinned_article_must_pass_filters_and_hold(search):
    """An internal article is never public, an expired one is gone, an unknown one is ignored."""
    response = search("手表 => lock,old,gone", "手表", filters={"visibility": "public"})
    assert ids(response) == ["band", "care", "ac"]
    assert not any(hit.pinned for hit in response.hits)


def test_query_that_no_rule_fits_is_answered_as_without_rules(build_small, search):
    """Rules for other queries change nothing."""
    plain = build_small(ROWS).search("手表")
    other = search("空调 => lock", "手表")
    assert (other.hits, other.decision) == (plain.hits, plain.decision)


def test_evaluation_measures_the_engine_and_counts_the_pins(build_small, tmp_path):
    """A pin to the wrong article changes no figure; the query is counted."""
    path = tmp_path / PINS
    path.write_text("空调 => lock\n手表 =/> band", encoding="utf-8")
    queries = [
        JudgedQuery(id="q1", text="空调", relevant=["ac"]),
        JudgedQuery(id="q2", text="手表", relevant=["band"]),
        JudgedQuery(id="q3", text="门锁", relevant=["lock"]),
    ]
    query_set = QuerySet.of("small", queries)
    plain = evaluate(build_small(ROWS), query_set)
    small = build_small(ROWS, dictionaries={"pins": str(path)})
    pinned = evaluate(small, query_set)
    assert (plain.pinned, pinned.pinned) == (0, 2)
    assert pinned.systems == plain.systems
    assert pinned.calibration_error == plain.calibration_error
    assert [o.decision for o in pinned.outcomes] == [o.decision for o in plain.outcomes]
    assert small.rank("空调")[0][0] == "ac"
    assert small.search("空调").hits[0].article_id == "lock"


# Where the file lies


@pytest.fixture
def source(tmp_path):
    """A folder with two articles."""
    folder = tmp_path / "source"
    folder.mkdir()
    rows = [{"kind": "faq", **row} for row in ROWS[:2]]
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    (folder / "articles.jsonl").write_text(lines, encoding="utf-8")
    return folder


def test_changed_pins_act_without_analysing_again(source, tmp_path, character_settings):
    """They are kept in the snapshot, and stay for updates."""
    build(source, tmp_path / "index", settings=character_settings)
    (source / PINS).write_text("手表 => ac", encoding="utf-8")
    analysed = []
    build(
        source,
        tmp_path / "index",
        settings=character_settings,
        progress=lambda stage, _, total: analysed.append(total) if stage == "analyse" else None,
    )
    assert sum(analysed) == 0
    (source / PINS).unlink()
    opened = KnowledgeBase.open(tmp_path / "index")
    opened.update(delete=["band"])
    assert opened.search("手表").hits[0].pinned


def test_pins_are_no_part_of_the_fingerprint():
    """They decide no term of an article."""
    assert (
        Analyzer(Dictionaries(pins="手表 => a")).fingerprint == Analyzer(Dictionaries()).fingerprint
    )


def test_snapshot_without_pins_has_none():
    """Those of older versions lack the file."""
    texts = {k: v for k, v in Dictionaries().texts.items() if k != PINS}
    assert Dictionaries.of(texts).pin_rules == ()


def test_unknown_article_is_a_warning(source, tmp_path, character_settings):
    """It keeps nothing from being built; validate and build name file, line and id."""
    (source / PINS).write_text("# 规则\n手表 => band,gone", encoding="utf-8")
    problems = source_problems(read_source([source]), [source])
    report = build(source, tmp_path / "index", settings=character_settings)
    for found in (problems, report.problems):
        (problem,) = [each for each in found if each.code.startswith("pin")]
        assert (problem.code, problem.severity) == ("pin_unknown", "warning")
        assert (problem.location, problem.value) == (f"{source / PINS}:2", "gone")


def test_pattern_that_would_run_for_years_is_given_up():
    """Nested repetitions over a text that fails at its end: the rule does not fit, and soon."""
    (rule,) = Dictionaries(pins="/(a|aa)+$/ => lock").pin_rules
    assert not rule.found_in("a" * 60 + "b")
