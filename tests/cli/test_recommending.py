"""Tests of the commands of an agent's desk, and of their measurement."""

import json

import pytest
import tomli_w

from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.recommendation.emotion import Lexicon
from kbsearch.settings import Settings

QUESTION = "空调不制冷怎么办"
TURNS = [
    {"role": "customer", "text": "你好，空调不制冷，我要投诉你们！"},
    {"role": "agent", "text": "您好"},
    {"role": "customer", "text": "还是不行"},
]
CASE = {
    "id": "c1",
    "type": "text",
    "text": QUESTION,
    "wanted": {"solution": ["ac-not-cooling"], "next_step": ["book-repair"]},
    "first": ["ac-not-cooling"],
}


@pytest.fixture
def written(tmp_path):
    """Writes a document, as JSON or as it is."""

    def write(document, name="given.json"):
        text = document if isinstance(document, str) else json.dumps(document, ensure_ascii=False)
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    return write


def test_recommend_prints_every_slot_as_json(run, built):
    """The slots in the order of acting, with the fields of each article."""
    arguments = ("--article", "ac-not-cooling", "--filter", "date=2026-06-01", "--json")
    result = run("recommend", "--index", built, *arguments)
    assert (result.code, result.err) == (0, "")
    document = result.document
    assert [*document] == [
        *("query", "slots", "decision", "snapshot_id", "emotion", "hand_over"),
    ]
    assert [*document["slots"]] == ["solution", "next_step", "policy", "script", "related"]
    (step,) = document["slots"]["next_step"]
    reasons = step.pop("reasons")
    assert step == {
        "article_id": "book-repair",
        "title": "如何预约上门维修",
        "kind": "guide",
        "confidence": None,
        "relation": "next_step",
        "via": "ac-not-cooling",
    }
    assert [*reasons[0]] == ["kind", "weight", "via", "relation"]


def test_recommend_for_a_text_is_that_of_the_library(run, built):
    """Same slots for the same customer."""
    arguments = ("--segment", "new", "--product", "清风 Q3", "--json")
    document = run("recommend", QUESTION, "--index", built, *arguments).document
    expected = KnowledgeBase.open(built).recommend(
        QUESTION, context={"segment": "new", "products": ["清风 Q3"]}
    )
    assert document["query"] == QUESTION
    assert {
        slot: [entry["article_id"] for entry in entries]
        for slot, entries in document["slots"].items()
    } == {slot: [entry.article_id for entry in entries] for slot, entries in expected.slots.items()}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_people_see_slots_and_why(run, built, lang):
    """Titles under their slots, with the article whose link led there."""
    out = run("recommend", "--index", built, "--article", "ac-not-cooling", "--lang", lang).out
    assert "如何预约上门维修" in out
    assert "ac-not-cooling" in out
    assert "next_step" in out


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        [QUESTION, "--article", "ac-not-cooling"],
        [QUESTION, "--conversation", "no-such-file.json"],
        ["--article", "no-such-article"],
        [QUESTION, "--segment", "vip"],
        [QUESTION, "--filter", "colour=red"],
    ],
)
def test_wrong_recommendation_is_wrong_use(run, built, arguments):
    """Nothing to go by, too much, an unknown article, segment or filter: exit code 2."""
    result = run("recommend", "--index", built, *arguments, "--json")
    assert (result.code, result.out) == (2, "")
    assert result.err


def test_conversation_is_read_from_a_file(run, built, written):
    """The problem that is open in it, how the customer sounds, and who should take over."""
    path = written(TURNS)
    document = run("recommend", "--index", built, "--conversation", path, "--json").document
    assert document["query"] == "空调不制冷，我要投诉你们，还是不行"
    assert document["emotion"]["is_raised"] is True
    out = run("recommend", "--index", built, "--conversation", path).out
    assert "我要投诉" in out


def test_context_alone_pushes(run, built, written):
    """Without a question; options are added to the file."""
    path = written({"recent_queries": ["手表没电"]})
    arguments = ("--context", path, "--product", "腕伴 S2", "--json")
    document = run("recommend", "--index", built, *arguments).document
    assert document["slots"]["related"][0]["article_id"] == "watch-battery"


@pytest.mark.parametrize(
    ("option", "document", "named"),
    [
        ("--conversation", "not json", "JSON"),
        ("--conversation", {"role": "customer"}, "array"),
        ("--conversation", [{"role": "robot", "text": ""}], "0.role"),
        ("--context", [], "object"),
        ("--context", {"phone": "1"}, "phone"),
        ("--emotion", "anger = 1", "anger"),
    ],
)
def test_wrong_file_is_wrong_use(run, built, written, option, document, named):
    """Exit code 2; the message names the file and what is wrong in it."""
    path = written(document)
    text = [QUESTION] if option == "--emotion" else []
    result = run("recommend", *text, "--index", built, option, path)
    assert (result.code, result.out) == (2, "")
    assert str(path) in result.err
    assert named in result.err


def test_recorded_event_counts(run, built, tmp_path):
    """It goes to the file that is named, masked, and shows among the reasons."""
    events = tmp_path / "events.sqlite"
    arguments = ("ac-not-cooling", "--index", built, "--events", events, "--slot", "solution")
    result = run("record", "solved", *arguments, "--query", "我是 13800138000")
    assert result.code == 0
    assert str(events) in result.out
    assert b"13800138000" not in b"".join(each.read_bytes() for each in tmp_path.iterdir())
    arguments = (QUESTION, "--index", built, "--events", events, "--json")
    for more, counts in (((), True), (("--no-events",), False)):
        slots = run("recommend", *arguments, *more).document["slots"]
        kinds = {reason["kind"] for reason in slots["solution"][0]["reasons"]}
        assert ("usage" in kinds) is counts


@pytest.mark.parametrize("arguments", [("liked", "ac-not-cooling"), ("solved", "no-such-article")])
def test_wrong_event_is_wrong_use(run, built, tmp_path, arguments):
    """An unknown action or article is not recorded."""
    events = tmp_path / "events.sqlite"
    result = run("record", *arguments, "--index", built, "--events", events)
    assert (result.code, result.out) == (2, "")
    assert not events.exists()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_recommendations_are_measured(run, built, written, tmp_path, lang):
    """Figures for people, all of it as JSON, and what learning changes."""
    cases = written(CASE, "cases.jsonl")
    saved = tmp_path / "result.json"
    arguments = ("--index", built, "--json", saved, "--replay", "--lang", lang)
    result = run("eval-recommend", cases, *arguments)
    assert result.code == 0
    assert "precision@1" in result.out
    assert "100.0%" in result.out
    document = json.loads(saved.read_text(encoding="utf-8"))
    assert document["first"]["value"] == 1
    assert document["outcomes"][0]["case"]["id"] == "c1"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_measurement_is_reported(run, built, written, tmp_path, lang):
    """As a page in the language asked for."""
    cases = written({**CASE, "first": ["book-repair"]}, "cases.jsonl")
    page = tmp_path / "report.html"
    assert (
        run("eval-recommend", cases, "--index", built, "--report", page, "--lang", lang).code == 0
    )
    html = page.read_text(encoding="utf-8")
    assert f'<html lang="{"zh-CN" if lang == "zh" else "en"}">' in html
    assert "如何预约上门维修" in html


def test_word_list_of_the_settings_counts(run, written, articles, tmp_path):
    """The settings of the index name it; the option comes before them."""
    words = Lexicon.bundled().model_dump(mode="json")
    none = {**words, "anger": {}, "anxiety": {}, "urgency": {}, "hand_over": {}}
    path = written(tomli_w.dumps(none), "none.toml")
    usual = written(tomli_w.dumps(words), "usual.toml")
    settings = Settings.model_validate({"recommendation": {"emotion": str(path)}})
    index = KnowledgeBase.build(articles, tmp_path / "index", settings=settings).index_dir
    for more, raised in (((), False), (("--emotion", usual), True)):
        document = run("recommend", "我要投诉你们", "--index", index, *more, "--json").document
        assert document["emotion"]["is_raised"] is raised


def test_missed_target_fails(run, built, written):
    """Exit code 1 if too few of the wanted articles are found."""
    cases = written({**CASE, "wanted": {"solution": ["watch-battery"]}}, "cases.jsonl")
    assert run("eval-recommend", cases, "--index", built, "--target", 0.8).code == 1
