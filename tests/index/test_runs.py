"""Runs: where each article's values stand; joining columns equals laying them out anew."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbsearch.index.arrays import joined
from kbsearch.index.runs import Runs, placed


def column_of(*runs):
    """The runs of some int32 values, and the values."""
    values = np.concatenate([np.zeros(0, np.int32), *(np.array(r, np.int32) for r in runs)])
    return Runs.of([len(run) for run in runs]), values.astype(np.int32)


def saved(folder, runs, column):
    """Bytes of the files that runs and column are written to."""
    runs.save(folder / "offsets.npy")
    runs.save_column(folder / "values.npy", column)
    return [(folder / name).read_bytes() for name in ("offsets.npy", "values.npy")]


def test_runs_lie_one_behind_the_other():
    """Three runs, the second of them empty: where each begins, and how long it is."""
    runs, values = column_of([7, 5], [], [9])
    assert (runs.begins.tolist(), runs.counts.tolist()) == ([0, 2, 2], [2, 0, 1])
    assert (runs.begins.dtype, runs.counts.dtype) == (np.int64, np.int64)
    assert len(runs) == 3
    assert [values[runs.at(row)].tolist() for row in range(3)] == [[7, 5], [], [9]]
    assert runs.owners.tolist() == [0, 0, 2]


@pytest.mark.parametrize(("runs", "offsets"), [([], [0]), ([[]], [0, 0]), ([[], []], [0, 0, 0])])
def test_nothing_is_a_column_too(tmp_path, runs, offsets):
    """No runs at all, or only empty ones: a file of no values, of the type of the column."""
    runs, column = column_of(*runs)
    saved(tmp_path, runs, column)
    values = np.load(tmp_path / "values.npy")
    assert (values.dtype, values.shape) == (np.int32, (0,))
    assert np.load(tmp_path / "offsets.npy").tolist() == offsets
    assert len(Runs.load(tmp_path / "offsets.npy")) == len(runs)


def test_members_stand_run_after_run():
    """Rows 2, 0, 1 and 2 again of runs [7, 5], [] and [9]: 9, then 7 and 5, then 9."""
    runs, values = column_of([7, 5], [], [9])
    places, counts = runs.members(np.array([2, 0, 1, 2]))
    assert values[places].tolist() == [9, 7, 5, 9]
    assert counts.tolist() == [1, 2, 0, 1]


def test_no_rows_have_no_members():
    """No rows, or only empty runs, give no places."""
    runs, _ = column_of([7], [])
    for rows, expected in (([], []), ([1, 1], [0, 0])):
        places, counts = runs.members(np.array(rows, np.int64))
        assert places.shape == (0,)
        assert counts.tolist() == expected


@given(
    st.lists(st.lists(st.integers(0, 99), max_size=4), min_size=1, max_size=8).flatmap(
        lambda runs: st.tuples(st.just(runs), st.lists(st.integers(0, len(runs) - 1), max_size=12))
    )
)
def test_members_equal_slices(case):
    """For any rows, in any order and repeated, members are what slicing each row gives."""
    lists, rows = case
    runs, values = column_of(*lists)
    places, counts = runs.members(np.array(rows, np.int64))
    assert values[places].tolist() == [value for row in rows for value in lists[row]]
    assert counts.tolist() == [len(lists[row]) for row in rows]


def test_joining_by_hand():
    """Of [1], [2, 2], [] the second goes; [3, 3, 3] and [] come to rows 0 and 3."""
    (first, ones), (second, threes) = column_of([1], [2, 2], []), column_of([3, 3, 3], [])
    rows = [np.array([1, -1, 2]), np.array([0, 3])]
    runs = Runs.joined([first, second], [len(ones), len(threes)], rows)
    values = joined([ones, threes])
    assert placed(rows) == len(runs) == 4
    assert [values[runs.at(row)].tolist() for row in (0, 1)] == [[3, 3, 3], [1]]
    assert runs.counts.tolist() == [3, 1, 0, 0]
    assert runs.owners.tolist() == [0, 0, 0, 1]


names = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 3), max_size=8)


def named_column(pairs, shape=()):
    """Runs made of name and number, as long as the number; of arrays of a shape."""
    each = [
        np.random.default_rng([ord(name), number]).integers(0, 99, (number, *shape))
        for name, number in pairs
    ]
    values = np.concatenate([np.zeros((0, *shape)), *each]).astype(np.int32)
    return Runs.of([number for _, number in pairs]), values


@pytest.mark.parametrize("shape", [(), (2,)])
@given(before=names, after=names)
def test_joining_equals_laying_out_anew(tmp_path_factory, merge_plan, shape, before, after):
    """After any adds, changes and deletes: the same files, byte for byte, also of rows."""
    old, new = sorted(before.items()), sorted(after.items())
    kept, added, places = merge_plan(old, new)
    parts = [named_column(pairs, shape) for pairs in (old, added)]
    sizes = [len(values) for _, values in parts]
    runs = Runs.joined([part for part, _ in parts], sizes, [kept, places])
    column = joined([values for _, values in parts])
    folder = tmp_path_factory.mktemp("runs")
    assert saved(folder, runs, column) == saved(folder, *named_column(new, shape))
    assert np.load(folder / "values.npy").dtype == np.int32


def test_long_columns_are_written_block_by_block(tmp_path, monkeypatch):
    """With three articles to a block, ten of them are written as at once."""
    monkeypatch.setattr("kbsearch.index.runs._BLOCK", 3)
    lists = [[number] * (number % 3) for number in range(10)]
    runs, values = column_of(*lists)
    backwards = Runs.joined([runs], [len(values)], [np.arange(10)[::-1]])
    assert saved(tmp_path, backwards, values) == saved(tmp_path, *column_of(*lists[::-1]))
