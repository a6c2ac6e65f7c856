"""Arrays on disk: NumPy's own format, never pickled, mapped into memory when read."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Scalar = TypeVar("Scalar", bound=np.generic)


def save_array(path: Path, array: NDArray[Any]) -> None:
    """Writes `array`; same values, same bytes."""
    np.save(path, np.ascontiguousarray(array), allow_pickle=False)


def load_array(path: Path) -> NDArray[Any]:
    """The array, read-only and mapped, so that processes share its pages."""
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    # A plain view: numpy.memmap runs Python code on every slice, which costs more than the slice.
    view: NDArray[Any] = array.view(np.ndarray)
    return view


class Chunks(Generic[Scalar]):
    """Arrays that are read as if they stood one behind the other, without being copied.

    Args:
        arrays: At least one; all of the same type and, but for the first axis, shape.
    """

    def __init__(self, arrays: Sequence[NDArray[Scalar]]) -> None:
        self._arrays = tuple(arrays)
        self._begins = np.cumsum([0, *map(len, arrays)])[:-1]
        self.shape: tuple[int, ...] = (sum(map(len, arrays)), *arrays[0].shape[1:])
        self.dtype = arrays[0].dtype

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, places: NDArray[np.int64] | slice) -> NDArray[Scalar]:
        """The values at `places`, or those of a slice, which must lie in one of the arrays."""
        if isinstance(places, slice):
            number = int(np.searchsorted(self._begins, places.start, "right")) - 1
            begin = int(self._begins[number])
            return self._arrays[number][places.start - begin : places.stop - begin]
        values = np.empty((len(places), *self.shape[1:]), self.dtype)
        for array, chosen, inside in self.split(places):
            values[chosen] = array[inside]
        return values

    def split(
        self, places: NDArray[np.int64]
    ) -> Iterator[tuple[NDArray[Scalar], NDArray[np.int64], NDArray[np.int64]]]:
        """Each array that is asked for, which of `places` lie in it, and where in it they lie."""
        numbers = np.searchsorted(self._begins, places, "right") - 1
        for number, array in enumerate(self._arrays):
            chosen = np.flatnonzero(numbers == number)
            if len(chosen):
                yield array, chosen, places[chosen] - self._begins[number]


Column = NDArray[Scalar] | Chunks[Scalar]
"""Values that stand one behind the other, in one array or several."""


def joined(columns: Sequence[Column[Scalar]]) -> Column[Scalar]:
    """The columns one behind the other."""
    arrays: list[NDArray[Scalar]] = []
    for column in columns:
        arrays += column._arrays if isinstance(column, Chunks) else (column,)
    return arrays[0] if len(arrays) == 1 else Chunks(arrays)
