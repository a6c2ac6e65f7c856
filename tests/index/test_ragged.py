"""Ragged arrays: runs one after the other; merging equals laying them out anew."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbsearch.index.ragged import Ragged

INT32 = np.dtype(np.int32)


def runs_of(*runs):
    """Ragged int32 values."""
    return Ragged.of([np.array(run, np.int32) for run in runs], INT32)


def content(ragged):
    """All there is to compare: types, shapes and bytes."""
    return [(a.dtype, a.shape, a.tobytes()) for a in (ragged.values, ragged.offsets)]


def test_runs_lie_one_after_the_other():
    """Three runs, the second of them empty: their values in order, and where each begins."""
    ragged = runs_of([7, 5], [], [9])
    assert ragged.values.tolist() == [7, 5, 9]
    assert ragged.offsets.tolist() == [0, 2, 2, 3]
    assert (ragged.values.dtype, ragged.offsets.dtype) == (np.int32, np.int64)
    assert len(ragged) == 3


@pytest.mark.parametrize(("runs", "offsets"), [([], [0]), ([[]], [0, 0]), ([[], []], [0, 0, 0])])
def test_nothing_is_ragged_too(runs, offsets):
    """No runs at all, or only empty ones: no values, of the type that was asked for."""
    ragged = runs_of(*runs)
    assert (ragged.values.dtype, ragged.values.shape) == (np.int32, (0,))
    assert ragged.offsets.tolist() == offsets
    assert len(ragged) == len(runs)


def test_values_take_the_type_asked_for():
    """Runs of another type are converted, so that an empty index has the type of a full one."""
    ragged = Ragged.of([np.array([1, 2], np.int64)], INT32)
    assert ragged.values.dtype == np.int32


def test_members_stand_run_after_run():
    """Rows 2, 0, 1 and 2 again of runs [7, 5], [] and [9]: 9, then 7 and 5, then 9."""
    ragged = runs_of([7, 5], [], [9])
    places, counts = ragged.members(np.array([2, 0, 1, 2]))
    assert ragged.values[places].tolist() == [9, 7, 5, 9]
    assert counts.tolist() == [1, 2, 0, 1]


def test_no_rows_have_no_members():
    """No rows, or only empty runs, give no places."""
    ragged = runs_of([7], [])
    for rows, expected in (([], []), ([1, 1], [0, 0])):
        places, counts = ragged.members(np.array(rows, np.int64))
        assert places.shape == (0,)
        assert counts.tolist() == expected


@given(
    st.lists(st.lists(st.integers(0, 99), max_size=4), min_size=1, max_size=8).flatmap(
        lambda runs: st.tuples(st.just(runs), st.lists(st.integers(0, len(runs) - 1), max_size=12))
    )
)
def test_members_equal_slices(case):
    """For any rows, in any order and repeated, members are what slicing each row gives."""
    runs, rows = case
    ragged = runs_of(*runs)
    places, counts = ragged.members(np.array(rows, np.int64))
    assert ragged.values[places].tolist() == [value for row in rows for value in runs[row]]
    assert counts.tolist() == [len(runs[row]) for row in rows]


def test_merge_by_hand():
    """Of [1], [2, 2], [] the second goes; [3, 3, 3] and [] come to rows 0 and 3."""
    merged = runs_of([1], [2, 2], []).merge(
        np.array([1, -1, 2]), runs_of([3, 3, 3], []), np.array([0, 3])
    )
    assert content(merged) == content(runs_of([3, 3, 3], [1], [], []))


names = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 3), max_size=8)


def named_runs(pairs, width=None):
    """Runs made of name and number: as long as the number; of rows if a width is given."""
    rng_of = [np.random.default_rng([ord(name), number]) for name, number in pairs]
    shapes = [(number,) if width is None else (number, width) for _, number in pairs]
    return [
        rng.integers(0, 99, shape).astype(np.int32)
        for rng, shape in zip(rng_of, shapes, strict=True)
    ]


@given(names, names)
def test_merging_equals_laying_out_anew(merge_plan, before, after):
    """After any adds, changes and deletes: the same values and offsets, byte for byte."""
    old, new = sorted(before.items()), sorted(after.items())
    kept, added, places = merge_plan(old, new)
    merged = runs_of(*named_runs(old)).merge(kept, runs_of(*named_runs(added)), places)
    assert content(merged) == content(runs_of(*named_runs(new)))


@given(names, names)
def test_values_may_be_rows(merge_plan, before, after):
    """A run may be a matrix; merging moves whole rows."""
    old, new = sorted(before.items()), sorted(after.items())
    kept, added, places = merge_plan(old, new)

    def matrices(pairs):
        runs = named_runs(pairs, width=2)
        offsets = np.cumsum([0, *map(len, runs)]).astype(np.int64)
        return Ragged(np.concatenate([np.zeros((0, 2), np.int32), *runs]), offsets)

    merged = matrices(old).merge(kept, matrices(added), places)
    assert content(merged) == content(matrices(new))
