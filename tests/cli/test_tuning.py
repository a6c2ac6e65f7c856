"""Tests of tune: what it cannot fit, it keeps, and says so."""

import json

import pytest

from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.settings import Settings


@pytest.fixture
def queries(tmp_path):
    """Writes so many answerable queries about two articles."""
    asked = [("空调不制冷", "ac-not-cooling"), ("手表没电", "watch-battery")]

    def write(count):
        rows = [
            {"id": f"q{n}", "text": asked[n % 2][0], "relevant": [asked[n % 2][1]]}
            for n in range(count)
        ]
        path = tmp_path / "queries.jsonl"
        path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize(("count", "why"), [(3, "只有 3 条"), (50, "没有应拒答的查询")])
def test_what_is_kept_is_said(run, built, queries, tmp_path, count, why):
    """On stderr, with the reason; the file has the thresholds in use."""
    out = tmp_path / "settings.toml"
    result = run("tune", queries(count), "--index", built, "--out", out)
    assert result.code == 0
    assert why in result.err
    assert "沿用阈值" in result.out
    in_use = KnowledgeBase.open(built).settings
    tuned = Settings.read(out)
    assert (tuned.confidence, tuned.decision) == (in_use.confidence, in_use.decision)


def test_json_says_what_is_kept(run, built, queries, tmp_path):
    """Nothing was tuned, so no share of it."""
    arguments = ("--index", built, "--out", tmp_path / "settings.toml", "--json")
    document = run("tune", queries(3), *arguments).document
    assert (document["kept"], document["tuned"]["value"]) == ("few", None)
