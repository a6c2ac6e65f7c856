"""Tests of what people and services are shown when search asks back, declines, or obeys a pin."""

import pytest

from kbsearch.article import Article
from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.settings import Settings

ROWS = [
    {"id": "d1", "title": "电脑死机怎么办", "products": ["晨光 D1"]},
    {"id": "n5", "title": "电脑死机怎么办", "products": ["晨光 N5"]},
    {"id": "fee", "title": "上门检测费怎么收"},
]


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    """An index folder with two computers, a fee, and a pin."""
    folder = tmp_path_factory.mktemp("decisions")
    (folder / "pins.txt").write_text("上门 => fee", encoding="utf-8")
    articles = [Article.model_validate({"kind": "faq", **row}) for row in ROWS]
    settings = {"dictionaries": {"pins": folder / "pins.txt"}}
    KnowledgeBase.build(articles, folder / "index", settings=Settings.model_validate(settings))
    return folder / "index"


@pytest.mark.parametrize(("lang", "facet"), [("zh", "产品"), ("en", "product")])
def test_people_are_told_what_to_ask(run, index, lang, facet):
    """The facet in words, its values, and where each leads."""
    out = run("search", "电脑死机", "--index", index, "--lang", lang).out
    assert facet in out
    assert "晨光 D1 / 晨光 N5" in out
    assert "晨光 N5 → n5" in out


@pytest.mark.parametrize(("lang", "reason"), [("zh", "不大可能"), ("en", "likely")])
def test_people_are_told_why_they_take_over(run, index, lang, reason):
    """The reason, what was said before, unknown words, and the nearest articles with their ids."""
    arguments = ("量子力学", "--context", "你好", "--index", index, "--top", 1, "--lang", lang)
    out = run("search", *arguments).out
    assert reason in out
    assert "你好" in out
    assert "量子" in out
    assert all(row["title"] in out and row["id"] in out for row in ROWS)


def test_json_has_the_handover(run, index):
    """As the library gives it."""
    handover = run("search", "？？", "--index", index, "--json").document["handover"]
    expected = {"query": "？？", "context": [], "reason": "no_words"}
    assert handover == expected | {"nearest": [], "unknown_terms": []}


def test_json_has_the_articles_of_each_value(run, index):
    """Value to ids."""
    clarify = run("search", "电脑死机", "--index", index, "--json").document["clarify"]
    assert clarify["values"] == ["晨光 D1", "晨光 N5"]
    assert clarify["articles"] == {"晨光 D1": ["d1"], "晨光 N5": ["n5"]}


@pytest.mark.parametrize(("lang", "said"), [("zh", "编辑置顶"), ("en", "editor")])
def test_people_see_what_an_editor_put_first(run, index, lang, said):
    """One line under the hit, and no handover."""
    out = run("search", "上门", "--index", index, "--lang", lang).out
    assert out.splitlines()[0].startswith("1. 上门检测费怎么收")
    assert said in out.splitlines()[1]
    assert run("search", "上门", "--index", index, "--json").document["handover"] is None
