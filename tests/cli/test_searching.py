"""Tests of search: the contract's names in JSON, and what people read."""

import json
import subprocess
import sys

import pytest

from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.retrieval.features import Features

HIT = ["article_id", "title", "kind", "score", "confidence", "matched_question", "highlights"]
QUESTION = "空调不制冷怎么办"


def test_search_prints_the_contract_as_json(run, built):
    """The names that services read, in a single document, and nothing on stderr."""
    result = run("search", QUESTION, "--index", built, "--json")
    assert (result.code, result.err) == (0, "")
    document = result.document
    assert {"hits", "decision", "clarify", "snapshot_id", "took_ms"} <= set(document)
    assert document["query"] == QUESTION
    for hit in document["hits"]:
        assert [*hit] == [*HIT, "explanation", "pinned"]
    first = document["hits"][0]
    assert (first["article_id"], first["kind"]) == ("ac-not-cooling", "troubleshooting")
    assert first["explanation"] is None


def test_json_says_what_the_library_says(run, built):
    """Hits, scores and decision are those of `KnowledgeBase.search`."""
    document = run("search", QUESTION, "--index", built, "--json").document
    response = KnowledgeBase.open(built).search(QUESTION)
    assert document["decision"] == response.decision
    assert document["snapshot_id"] == response.snapshot_id
    assert document["facets"] == response.facets
    shown = [(hit["article_id"], hit["score"], hit["confidence"]) for hit in document["hits"]]
    assert shown == [(hit.article_id, hit.score, hit.confidence) for hit in response.hits]


def test_json_highlights_are_slices_with_spans(run, built):
    """Field, text, start and spans as pairs of numbers."""
    document = run("search", QUESTION, "--index", built, "--json").document
    found = document["hits"][0]["highlights"][0]
    assert (found["field"], found["text"], found["start"]) == ("title", QUESTION, 0)
    assert all(0 <= begin < end <= len(QUESTION) for begin, end in found["spans"])


def test_explain_gives_both_legs(run, built):
    """Score, normalised score and rank of BM25 and of vectors."""
    document = run("search", QUESTION, "--index", built, "--explain", "--json").document
    explanation = document["hits"][0]["explanation"]
    for leg in ("bm25", "dense"):
        assert set(explanation[leg]) == {"score", "normalized", "rank"}
        assert explanation[leg]["rank"] == 1


def test_explain_gives_features_and_corrections(run, built):
    """What the final score weighs, and which words were taken for others."""
    document = run("search", "空调不治冷", "--index", built, "--explain", "--json").document
    explanation = document["hits"][0]["explanation"]
    assert [*explanation["ranking"]] == [*Features._fields]
    assert explanation["corrections"] == [["治冷", "制冷"]]


def test_top_bounds_the_hits(run, built):
    """Five unless said otherwise."""
    everything = run("search", "怎么办", "--index", built, "--json").document["hits"]
    two = run("search", "怎么办", "--index", built, "--top", 2, "--json").document["hits"]
    assert len(everything) == 5
    assert two == everything[:2]


def test_filters_of_one_name_are_alternatives_of_several_conditions(run, built):
    """Two kinds, one of them public only: what the library finds with the same filters."""
    options = ["--filter", "kind=script", "--filter", "kind=guide", "--filter", "visibility=public"]
    document = run("search", "客户要上门", "--index", built, *options, "--json").document
    assert [hit["article_id"] for hit in document["hits"]] == ["book-repair"]
    assert document["facets"]["kind"] == {"guide": 1}


def test_date_filter_is_a_single_day(run, built):
    """In 2027 the policy does not hold any more."""
    for day, found in (("2026-06-01", True), ("2127-01-01", False)):
        arguments = ("--filter", f"date={day}", "--filter", "kind=policy", "--json")
        hits = run("search", "上门检测费怎么收", "--index", built, *arguments).document["hits"]
        assert bool(hits) == found


@pytest.mark.parametrize("value", ["kind", "=faq", "kind=", "colour=red", "kind=fqa", "date=明天"])
def test_impossible_filter_is_wrong_use(run, built, value):
    """No field, no value, an unknown field or value: exit code 2, and it is named."""
    result = run("search", QUESTION, "--index", built, "--filter", value, "--json")
    assert (result.code, result.out) == (2, "")
    assert value.partition("=")[0] in result.err or "valid_on" in result.err


def test_unknown_filter_is_answered_with_those_there_are(run, built):
    """The message lists what can be filtered on."""
    result = run("search", QUESTION, "--index", built, "--filter", "colour=red")
    assert "products" in result.err
    assert "visibility" in result.err


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_people_see_rank_title_kind_scores_and_highlights(run, built, lang):
    """The first line is the first hit, its matches stand between 【】, the snapshot comes last."""
    result = run("search", QUESTION, "--index", built, "--lang", lang)
    response = KnowledgeBase.open(built).search(QUESTION)
    first = response.hits[0]
    line = result.out.splitlines()[0]
    for part in ("1. ", first.title, first.kind, f"{first.score:.3f}", f"{first.confidence:.0%}"):
        assert part in line
    assert "【空调" in result.out
    assert response.snapshot_id in result.out.splitlines()[-1]


def test_people_see_both_legs_on_request(run, built):
    """With `--explain` each hit has a line with BM25 and vectors."""
    plain = run("search", QUESTION, "--index", built).out
    explained = run("search", QUESTION, "--index", built, "--explain").out
    assert "BM25" not in plain
    assert explained.count("   BM25 ") == 5


@pytest.mark.parametrize(
    ("lang", "nearest", "verbatim"),
    [("zh", "最近的问法", "几乎逐字相同"), ("en", "nearest question", "nearly verbatim")],
)
def test_people_see_what_the_ranking_weighs(run, built, lang, nearest, verbatim):
    """A row for each feature: weight, and of each hit value and contribution; and what is added."""
    out = run("search", "空调不治冷", "--index", built, "--explain", "--top", 2, "--lang", lang).out
    assert "治冷 → 制冷" in out
    hit = KnowledgeBase.open(built).search("空调不治冷", explain=True).hits[0]
    rows = out.splitlines()[-len(Features._fields) - 1 :]
    assert rows[0].startswith(nearest)
    assert rows[-1].startswith(verbatim)
    added = [float(row.split("→")[1].split()[0]) for row in rows]
    assert sum(added) == pytest.approx(hit.score, abs=0.004)
    for row, value in zip(rows[:-1], hit.explanation.ranking.values(), strict=True):
        assert f"{value:.2f} →" in row


def test_nothing_found_is_said(run, built):
    """A text without a word: no hits, exit code 0, and in JSON an empty list."""
    assert "没有找到" in run("search", "？？", "--index", built).out
    document = run("search", "？？", "--index", built, "--json").document
    assert (document["hits"], document["decision"]) == ([], "abstain")


@pytest.mark.parametrize("text", ["", "\ud83d", "空\x00调", "a" * 10_000, "%s {x}", "-"])
def test_absurd_query_prints_one_document(run, built, text):
    """Whatever was typed, stdout is one JSON document that can be encoded."""
    result = run("search", "--index", built, "--json", "--", text)
    assert result.code == 0
    assert isinstance(result.document["hits"], list)
    result.out.encode("utf-8")


def test_absurd_query_is_printed_for_people(run, built):
    """Half a character is shown as a question mark, and breaks no terminal."""
    assert run("search", "--index", built, "--", "\ud83d空调").code == 0


def test_context_is_passed_on(run, built):
    """Earlier turns change the answer just as in the library."""
    context = ["我的手表", "一天就没电"]
    options = [part for turn in context for part in ("--context", turn)]
    document = run("search", "怎么办", "--index", built, *options, "--json").document
    response = KnowledgeBase.open(built).search("怎么办", context=context)
    assert [hit["article_id"] for hit in document["hits"]] == [h.article_id for h in response.hits]
    assert document["hits"][0]["article_id"] == "watch-battery"


def test_process_prints_json_and_nothing_else(built):
    """As a process of its own: exit code 0, one document on stdout, an empty stderr."""
    arguments = ["search", "手錶沒電", "--json", "--index", str(built)]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "kbsearch.cli", *arguments],
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)["hits"][0]["article_id"] == "watch-battery"


@pytest.mark.parametrize("command", ["search", "recommend"])
def test_folder_without_an_index_is_wrong_use(run, tmp_path, command):
    """A missing folder, or a file in its place: exit code 2, the path, and no traceback."""
    (tmp_path / "file").write_text("x")
    for path in (tmp_path / "missing", tmp_path / "file"):
        result = run(command, QUESTION, "--index", path, "--json")
        assert (result.code, result.out) == (2, "")
        assert str(path) in result.err


@pytest.mark.parametrize(
    "arguments",
    [[], ["文本"], ["--index"], ["a", "b", "--index", "x"], ["a", "--index", "x", "--top", "0"]],
)
def test_wrong_arguments_are_wrong_use(run, arguments):
    """No text, no index, a text too many, no hits wanted: exit code 2."""
    result = run("search", *arguments)
    assert (result.code, result.out) == (2, "")
