"""Tests of the history: nothing is lost, nothing stands twice, what is broken is named."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from kbsearch.errors import QuerySetError
from kbsearch.evaluation.history import Entry, append, baseline, read

RUNS = 40  # of each process
SCRIPT = f"""
import sys
from dataclasses import replace
from kbsearch.evaluation.history import append, read
first, path, name = sys.argv[1:]
(entry,) = read(first)
for number in range({RUNS}):
    append(path, replace(entry, measured=replace(entry.measured, model=name + str(number))))
"""


@pytest.fixture
def path(tmp_path):
    """Where the history will be."""
    return tmp_path / "history.jsonl"


@pytest.fixture
def entry(evaluation):
    """Makes a run whose provenance has these hashes."""

    def make(note="", failed=(), **hashes):
        measured = replace(evaluation.measured, **hashes)
        return Entry.of(replace(evaluation, measured=measured), note=note, failed=failed)

    return make


def test_run_is_read_back(path, evaluation, entry):
    """What was measured, the figures of what search shows, and the note."""
    assert append(path, entry(note="新词典"))
    (found,) = read(path)
    assert found == entry(note="新词典")
    assert (found.queries, found.measured) == (4, evaluation.measured)
    assert found.measures["hit@1"] == evaluation.accuracy
    assert found.p50_ms == evaluation.latency_ms["p50"]


def test_runs_are_only_added(path, entry):
    """What was there stays, byte for byte."""
    append(path, entry())
    before = path.read_bytes()
    append(path, entry(content_digest="1"))
    assert path.read_bytes().startswith(before)
    assert len(read(path)) == 2


def test_same_provenance_is_not_recorded_twice(path, entry):
    """Not even with another note; but going back to what was before is news."""
    assert append(path, entry())
    assert not append(path, entry(note="again"))
    assert append(path, entry(model="1"))
    assert append(path, entry(note="back"))
    assert len(read(path)) == 3


def test_missing_history_is_empty(path):
    """The first run begins it."""
    assert read(path) == ()


def test_corrupt_lines_are_named(path, entry):
    """Each with file and line, in both languages; nothing is added to such a file."""
    append(path, entry())
    good = path.read_text(encoding="utf-8")
    path.write_text(f"{good}{{broken\n{good}[]\n", encoding="utf-8")
    with pytest.raises(QuerySetError) as caught:
        append(path, entry(model="1"))
    assert [problem.line for problem in caught.value.problems] == [2, 4]
    for lang in ("zh", "en"):
        assert f"{path}:2" in caught.value.text(lang)


def test_file_that_is_no_text_is_named(path):
    """A folder or other bytes."""
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(QuerySetError, match=r"history\.jsonl"):
        read(path)


def test_line_that_is_being_written_is_in_nobodys_way(path, entry):
    """What is half there is not lost, and the next run stands on a line of its own."""
    path.write_text('{"created_at": "2026-', encoding="utf-8")
    assert append(path, entry())
    with pytest.raises(QuerySetError, match=r"history\.jsonl:1"):
        read(path)
    assert json.loads(path.read_text(encoding="utf-8").splitlines()[1])["queries"] == 4


def test_line_without_its_end_swallows_nothing(path, entry):
    """An editor that left out the last line break does not cost the next run."""
    path.write_text(json.dumps(json.loads(_line(path, entry()))), encoding="utf-8")
    append(path, entry(model="1"))
    assert len(read(path)) == 2


def _line(path, entry):
    append(path, entry)
    return path.read_text(encoding="utf-8")


def test_two_processes_lose_nothing(path, entry, tmp_path):
    """Forty runs each, at once."""
    append(tmp_path / "first.jsonl", entry())
    command = [sys.executable, "-c", SCRIPT, tmp_path / "first.jsonl", path]
    processes = [subprocess.Popen([*command, name]) for name in ("a", "b")]
    assert [process.wait() for process in processes] == [0, 0]
    found = {each.measured.model for each in read(path)}
    assert found == {f"{name}{number}" for name in ("a", "b") for number in range(RUNS)}


def test_baseline_is_the_last_on_the_same_queries_that_had_not_dropped(entry, evaluation):
    """Neither one that dropped, nor other queries, nor the very thing that is measured."""
    entries = [
        entry(model="old"),
        entry(model="good", failed=["target"]),
        entry(model="bad", failed=["drop"]),
        entry(model="other", query_sets={"other": "0"}),
        entry(),
    ]
    assert baseline(entries, evaluation.measured) == entries[1]
    assert baseline(entries[2:], evaluation.measured) is None
