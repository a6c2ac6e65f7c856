"""Tests of the command convert, called as people call it."""

import pytest

from kbsearch.cli import main
from kbsearch.evaluation.formats import registry
from kbsearch.evaluation.formats.registry import Format
from kbsearch.evaluation.query_set import QuerySet


@pytest.fixture
def convert(capsys, monkeypatch):
    """Runs ``kbsearch convert`` in Chinese and gives exit code, stdout and stderr."""
    monkeypatch.delenv("KBSEARCH_LANG", raising=False)

    def run(*arguments):
        with pytest.raises(SystemExit) as exited:
            main(["convert", *map(str, arguments)])
        return exited.value.code or 0, *capsys.readouterr()

    return run


@pytest.fixture
def queries(full_set, tmp_path):
    """Our own form of the query set."""
    path = tmp_path / "queries.jsonl"
    registry.write_query_set(full_set, path, Format.JSONL)
    return path


@pytest.mark.parametrize("name", ["trec", "quepid", "elasticsearch", "beir"])
def test_there_and_back(convert, queries, built, tmp_path, name):
    """The loss is told in one line on stderr; texts and grades come back."""
    out, back = tmp_path / "out", tmp_path / "back.jsonl"
    code, printed, told = convert(queries, "--to", name, "--out", out, "--index", built)
    assert (code, told.count("\n")) == (0, 1)
    assert f"{name} 格式存不下" in told
    assert "应拒答的标记（1 条）" in told
    assert f"2 条可回答的查询：{out}" in printed
    assert convert(out, "--to", "jsonl", "--out", back)[::2] == (0, "")
    texts = [query.text for query in QuerySet.read([back]).queries]
    assert texts == [query.text for query in QuerySet.read([queries]).answerable]


def test_articles_of_a_beir_folder_can_be_built(convert, queries, built, articles, tmp_path):
    """Only the published ones are in the index; their ids come back."""
    convert(queries, "--to", "beir", "--out", tmp_path / "beir", "--index", built)
    found = tmp_path / "articles.jsonl"
    arguments = ("--to", "jsonl", "--out", tmp_path / "back.jsonl", "--articles", found)
    assert convert(tmp_path / "beir", *arguments)[0] == 0
    from kbsearch.indexer.given import read_articles

    expected = sorted(article.id for article in articles if article.status == "published")
    assert [article.id for article in read_articles([found])] == expected


def test_beir_needs_articles(convert, queries, tmp_path):
    """Wrong use, and how to give them."""
    code, _, told = convert(queries, "--to", "beir", "--out", tmp_path / "out")
    assert code == 2
    assert "--index" in told


def test_topics_are_read(convert, tmp_path):
    """A TREC qrels file needs them."""
    qrels, topics = tmp_path / "qrels", tmp_path / "topics"
    qrels.write_text("q 0 a 1\n")
    topics.write_text("q\t空调\n", encoding="utf-8")
    out = tmp_path / "q.jsonl"
    code, _, told = convert(qrels, "--to", "jsonl", "--out", out)
    assert code == 2
    assert "--topics" in told
    assert convert(qrels, "--to", "jsonl", "--out", out, "--topics", topics)[0] == 0
    assert QuerySet.read([out]).queries[0].text == "空调"
