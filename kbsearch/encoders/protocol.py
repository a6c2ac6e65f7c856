"""What an encoder is: texts in, unit vectors out."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class WordVectors(Protocol):
    """The words that a static model's texts are sums of; for late interaction."""

    @property
    def weights(self) -> NDArray[np.float32]:
        """(words,) how much each word counts in a text; 0 for unknown ones."""

    def ids(self, texts: Sequence[str]) -> list[NDArray[np.int32]]:
        """The words of each text, by number, in order and with repetitions."""

    def encode(self, ids: Sequence[NDArray[np.int32]]) -> NDArray[np.float32]:
        """(n, dim) what `Encoder.encode` gives for texts of these words."""

    def vectors(self, ids: NDArray[np.int32]) -> NDArray[np.float32]:
        """(n, dim) unit rows of the words; zeros for unknown ones."""

    def likeness(self, ids: NDArray[np.int32], vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """(vectors, n) cosines of unit vectors with the words; zeros for unknown words."""


class Encoder(Protocol):
    """A model that turns texts into vectors whose inner product is their likeness.

    Texts come in the normal form of `kbsearch.analysis.filters.normalize`. An encoder may be used
    by many threads at once.
    """

    @property
    def name(self) -> str:
        """``bundled``, or the name or folder the user gave."""

    @property
    def dim(self) -> int:
        """Length of each vector."""

    @property
    def fingerprint(self) -> str:
        """SHA-256, in hexadecimal, over what decides the vectors: same model, same fingerprint."""

    @property
    def words(self) -> WordVectors | None:
        """The words of a static model; None for one that reads a text as a whole."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The texts' vectors, in order.

        Returns:
            (n, dim) float32, unit rows. A text without a known token gives a row of zeros; no texts
            give (0, dim).

        Raises:
            EncoderError: The model fails on these texts.
        """


def unit_rows(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each row divided by its length; rows of zeros stay.

    >>> unit_rows(np.array([[3, 4], [0, 0]], dtype=np.float32))
    array([[0.6, 0.8],
           [0. , 0. ]], dtype=float32)
    """
    lengths: NDArray[np.float32] = np.linalg.norm(vectors, axis=1, keepdims=True)
    lengths[lengths == 0] = 1
    unit: NDArray[np.float32] = vectors / lengths
    return unit
