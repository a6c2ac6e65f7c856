"""Encoder for any sentence-transformers model, from a folder or a hub."""

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from kbsearch.encoders.protocol import unit_rows
from kbsearch.errors import EncoderError, MissingDependencyError

_PACKAGE = "sentence-transformers"


class SentenceTransformerEncoder:
    """A sentence-transformers model; threads take turns.

    Texts get no prompt: a model that needs one for queries (such as E5) loses accuracy.

    Args:
        model: A folder, from which alone it is loaded, or a name that the hub knows.
        name: What to call the model.

    Raises:
        MissingDependencyError: sentence-transformers is not installed.
        EncoderError: There is no such model, or it cannot be loaded.
    """

    def __init__(self, model: Path | str, name: str) -> None:
        self._name = name
        self._lock = Lock()  # Hugging Face tokenizers fail when two threads set their padding
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise MissingDependencyError(
                "encoder_package_missing", {"package": _PACKAGE, "model": name}
            ) from error
        local = isinstance(model, Path)
        try:
            self._model = SentenceTransformer(str(model), local_files_only=local)
        except Exception as error:  # whatever a hub, a file or a model's own code raises
            key = "encoder_folder_invalid" if local else "encoder_model_unknown"
            raise EncoderError(key, {"path": model, "model": name, "reason": error}) from error

    @property
    def name(self) -> str:
        """What the user named."""
        return self._name

    @cached_property
    def dim(self) -> int:
        """Length of each vector."""
        return int(self._encode([""]).shape[1])

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over modules and their settings, and over names, types and values of weights."""
        digest = hashlib.sha256(repr(self._model).encode())  # pooling, longest text, lower case
        for key, tensor in sorted(self._model.state_dict().items()):
            digest.update(f"{key} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
            # NumPy has no bfloat16; float32 holds it and float16 exactly.
            digest.update(tensor.detach().cpu().float().numpy().tobytes())
        return digest.hexdigest()

    @property
    def words(self) -> None:
        """None: it reads a text as a whole."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The texts' vectors: (n, dim) float32, unit rows; blank texts give zeros."""
        vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        filled = [index for index, text in enumerate(texts) if text.strip()]
        if filled:
            vectors[filled] = self._encode([texts[index] for index in filled])
        return unit_rows(vectors)

    def _encode(self, texts: list[str]) -> NDArray[np.float32]:
        """The model's vectors as they are."""
        with self._lock:
            try:
                vectors = self._model.encode(texts, convert_to_numpy=True, show_progress_bar=False)
            except Exception as error:  # out of memory, a text the model's own code rejects, …
                raise EncoderError(
                    "encoder_failed", {"model": self._name, "reason": error}
                ) from error
        return np.asarray(vectors, dtype=np.float32)
