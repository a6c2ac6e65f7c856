"""Arrays on disk: NumPy's own format, never pickled, mapped into memory when read."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def save_array(path: Path, array: NDArray[Any]) -> None:
    """Writes `array`; same values, same bytes."""
    np.save(path, np.ascontiguousarray(array), allow_pickle=False)


def load_array(path: Path) -> NDArray[Any]:
    """The array, read-only and mapped, so that processes share its pages."""
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    # A plain view: numpy.memmap runs Python code on every slice, which costs more than the slice.
    view: NDArray[Any] = array.view(np.ndarray)
    return view
