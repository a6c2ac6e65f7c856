"""Arrays on disk are mapped; chunks are read as if they were one array."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbsearch.index.arrays import Chunks, joined, load_array, save_array

arrays = st.lists(
    st.lists(st.integers(0, 99), max_size=4).map(lambda values: np.array(values, np.int32)),
    min_size=1,
    max_size=4,
)


def is_mapped(array):
    """Whether an array lies in a file."""
    while array is not None and not isinstance(array, np.memmap):
        array = getattr(array, "base", None)
    return array is not None


def test_loaded_array_is_mapped_and_read_only(tmp_path):
    """Values come back as they were, from pages of the file, and cannot be changed."""
    save_array(tmp_path / "a.npy", np.arange(6).reshape(3, 2)[:, ::-1])
    loaded = load_array(tmp_path / "a.npy")
    assert loaded.tolist() == [[1, 0], [3, 2], [5, 4]]
    assert is_mapped(loaded)
    with pytest.raises(ValueError, match="read-only"):
        loaded[0, 0] = 9


def test_objects_are_neither_written_nor_read(tmp_path):
    """What needs pickle is refused on both sides."""
    things = np.array([{}], object)
    with pytest.raises(ValueError, match="pickle"):
        save_array(tmp_path / "a.npy", things)
    np.save(tmp_path / "b.npy", things, allow_pickle=True)
    with pytest.raises(ValueError, match="Python objects"):
        load_array(tmp_path / "b.npy")


@given(arrays, st.data())
def test_chunks_read_as_one_array(several, data):
    """For any places, in any order and repeated, and any slice within one of the arrays."""
    chunks, whole = Chunks(several), np.concatenate(several)
    assert (len(chunks), chunks.shape, chunks.dtype) == (len(whole), whole.shape, whole.dtype)
    if len(whole):
        places = data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=9))
        found = chunks[np.array(places, np.int64)]
        assert (found.tolist(), found.dtype) == (whole[places].tolist(), whole.dtype)
    begin = 0
    for array in several:
        end = begin + len(array)
        if len(array):
            first = data.draw(st.integers(begin, end - 1))
            last = data.draw(st.integers(first, end))
            assert chunks[first:last].tolist() == whole[first:last].tolist()
        begin = end


@given(arrays)
def test_split_names_each_place_once(several):
    """Every place comes with the array that it lies in and its place there."""
    chunks, whole = Chunks(several), np.concatenate(several)
    places = np.arange(len(whole))[::-1]
    found = np.full(len(whole), -1)
    for array, chosen, inside in chunks.split(places):
        assert any(array is one for one in several)
        assert len(chosen)
        found[chosen] = array[inside]
    assert found.tolist() == whole[places].tolist()


def test_joining_chunks_keeps_them_flat():
    """Columns of columns are one column; nothing is copied, and one array stays as it is."""
    one, other, third = (np.array([n], np.int32) for n in (1, 2, 3))
    assert joined([one]) is one
    column = joined([joined([one, other]), third])
    parts = [array for array, _, _ in column.split(np.arange(3))]
    assert all(a is b for a, b in zip(parts, (one, other, third), strict=True))
    assert column[np.array([2, 0, 1])].tolist() == [3, 1, 2]


def test_rows_of_matrices_are_chunked_too():
    """The shape but for the first axis stays."""
    chunks = Chunks([np.zeros((2, 3)), np.ones((1, 3))])
    assert chunks.shape == (3, 3)
    assert chunks[np.array([2, 0])].tolist() == [[1, 1, 1], [0, 0, 0]]
