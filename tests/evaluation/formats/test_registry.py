"""Tests of formats: each is recognised, and what it cannot hold is counted."""

import pytest

from kbsearch.evaluation.formats import ranx, registry, trec
from kbsearch.evaluation.formats.registry import Format
from kbsearch.evaluation.query_set import QuerySet

PLAIN = [name for name in Format if name is not Format.RANX]


@pytest.mark.parametrize("name", Format)
def test_what_is_written_is_recognised(name, full_set, articles, tmp_path):
    """By content: the name says nothing."""
    path = tmp_path / "file"
    registry.write_query_set(full_set, path, name, articles=articles)
    assert registry.recognise(path) is name


@pytest.mark.parametrize("name", PLAIN)
def test_what_is_written_is_read(name, full_set, articles, tmp_path):
    """The answerable queries' texts and grades."""
    path = tmp_path / "file"
    registry.write_query_set(full_set, path, name, articles=articles)
    found = registry.read_query_set([path]).answerable
    expected = [(query.text, query.relevant) for query in full_set.answerable]
    assert [(query.text, query.relevant) for query in found] == expected


def test_jsonl_keeps_everything(full_set, tmp_path):
    """Our own form loses nothing."""
    path = tmp_path / "q.jsonl"
    registry.write_query_set(full_set, path, Format.JSONL)
    assert QuerySet.read([path]).digest == full_set.digest


def test_ranx_takes_its_texts_from_topics(full_set, tmp_path):
    """Those of TREC's form."""
    trec.write_query_set(full_set, tmp_path / "trec")
    path = tmp_path / "qrels.json"
    ranx.write_qrels({query.id: query.relevant for query in full_set.queries}, path)
    found = registry.read_query_set([path], topics=tmp_path / "trec" / trec.TOPICS)
    assert [query.id for query in found.queries] == ["1", "2"]


def test_losses_are_counted(full_set):
    """Of one query type, filters and context; one must be declined."""
    common = {"type": 1, "filters": 1, "context": 1, "unanswerable": 1}
    assert registry.losses(full_set, Format.JSONL) == {}
    assert registry.losses(full_set, Format.TREC) == common
    assert registry.losses(full_set, Format.QUEPID) == {"id": 3, **common}
    assert registry.losses(full_set, Format.RANX) == {"text": 3, **common}


def test_runs_are_recognised(tmp_path):
    """TREC and ranx give the same run."""
    run = {"q": ["b", "a"], "r": ["c"]}
    trec.write_run(run, tmp_path / "trec")
    ranx.write_run(run, tmp_path / "ranx")
    assert registry.read_run(tmp_path / "trec") == run
    assert registry.read_run(tmp_path / "ranx") == run


@pytest.mark.parametrize("content", ["what is this", '{"a": 1}', "a,b,c"])
def test_unknown_format_is_named(tmp_path, problems, content):
    """With how it begins."""
    path = tmp_path / "file"
    path.write_text(content)
    assert problems(lambda p: registry.read_query_set([p]), path) == [
        ("format_unknown", None, content)
    ]


def test_missing_file_is_named(tmp_path, problems):
    """As of any other reader."""
    found = problems(lambda p: registry.read_query_set([p]), tmp_path / "none")
    assert [code for code, *_ in found] == ["query_file_unreadable"]


def test_several_paths_must_be_our_own(full_set, tmp_path):
    """Ids of Quepid's order, say, would clash."""
    paths = [tmp_path / name for name in "ab"]
    for path in paths:
        registry.write_query_set(full_set, path, Format.QUEPID)
    for listed in (paths, []):
        with pytest.raises(ValueError, match=r"several|at least"):
            registry.read_query_set(listed)
