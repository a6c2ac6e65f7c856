"""Encoder for static models: the mean of word vectors, without torch.

The folder is what sentence-transformers writes for its `StaticEmbedding`: a text's vector is the
mean of its tokens' rows, divided by its length. Both give the same vectors.
"""

import copy
import hashlib
import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kbsearch.adaptation import Adaptation
from kbsearch.encoders.protocol import unit_rows
from kbsearch.errors import EncoderError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_MODULES = "modules.json"
_TOKENIZER = "tokenizer.json"
_WEIGHTS = "model.safetensors"
# Module types by their last name: sentence-transformers has moved them between packages.
_STATIC = "StaticEmbedding"
_NORMALIZE = "Normalize"
_BATCH = 1024
_FEW = 8  # texts for which the tokenizer's threads do not pay
# Products of fewer multiplications OpenBLAS does on one thread. More threads win nothing here, and
# wait for each other when the machine is busy.
_ONE_THREAD = 200_000


class StaticEncoder:
    """A static model run with `tokenizers` and NumPy; safe to share between threads.

    Args:
        folder: A folder for which `is_static_model` holds.
        name: What to call the model.

    Raises:
        EncoderError: A file is missing or damaged, or the table does not fit the tokenizer.
    """

    def __init__(self, folder: Path, name: str) -> None:
        from tokenizers import Tokenizer

        self._name = name
        self._adaptation: Adaptation | None = None
        inside = folder / _subfolder(folder)
        self._files = [inside / _WEIGHTS, inside / _TOKENIZER]
        self._rows = _read_rows(self._files[0])
        try:
            self._tokenizer = Tokenizer.from_file(str(self._files[1]))
        except Exception as error:  # tokenizers raises nothing more specific
            raise _invalid(self._files[1], error) from error
        self._tokenizer.no_padding()  # as sentence-transformers does
        if self._tokenizer.get_vocab_size() > len(self._rows):
            raise _invalid(
                folder,
                f"{self._tokenizer.get_vocab_size()} tokens but {len(self._rows)} rows of weights",
            )

    @property
    def name(self) -> str:
        """``bundled``, or what the user named."""
        return self._name

    @property
    def dim(self) -> int:
        """Length of each vector."""
        return int(self._rows.shape[1])

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the weights' and the tokenizer's file, and over an adaptation."""
        if self._adaptation is None:
            return self.model_fingerprint
        own = bytes.fromhex(self.model_fingerprint)
        return hashlib.sha256(own + self._adaptation.digest).hexdigest()

    @cached_property
    def model_fingerprint(self) -> str:
        """The fingerprint of the model as it came."""
        digest = hashlib.sha256()
        for file in self._files:
            digest.update(hashlib.sha256(file.read_bytes()).digest())
        return digest.hexdigest()

    @property
    def adaptation(self) -> Adaptation | None:
        """What was learned from a knowledge base; None for the model as it came."""
        return self._adaptation

    @cached_property
    def words(self) -> "StaticWords":
        """Its words; see `WordVectors`."""
        return StaticWords(self._rows, self._tokenizer)

    def fits(self, adaptation: Adaptation) -> bool:
        """Whether the adaptation is to a table of this size."""
        words, dim = self._rows.shape
        return bool(adaptation.rows.shape[1] == dim and adaptation.words.max(initial=0) < words)

    def adapted(self, adaptation: Adaptation) -> "StaticEncoder":
        """The same model with the rows that `adaptation` changes; this one stays as it is.

        Raises:
            EncoderError: The adaptation does not fit the table.
        """
        if not self.fits(adaptation):
            raise _invalid(self._files[0], "an adaptation to another model")
        _ = self.model_fingerprint  # read once, for this and for the copy
        new = copy.copy(self)
        new.__dict__.pop("words", None)  # a cached property of the other
        new._adaptation = adaptation
        new._rows = self._rows.astype(np.float32)  # a copy, in which any row has its place
        new._rows[adaptation.words] = adaptation.rows
        return new

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The texts' vectors: (n, dim) float32, unit rows; zeros where no token is known."""
        return self.words.encode(self.words.ids(texts))


class StaticWords:
    """The words of a static model; see `WordVectors`.

    Args:
        rows: (words, dim) the table.
        tokenizer: Cuts texts into words.
    """

    def __init__(self, rows: NDArray[np.floating], tokenizer: "Tokenizer") -> None:
        self.tokenizer = tokenizer
        self.rows = rows

    @cached_property
    def weights(self) -> NDArray[np.float32]:
        """See `WordVectors`: the length of a word's row."""
        lengths = np.linalg.norm(self.rows.astype(np.float32, copy=False), axis=1)
        weights: NDArray[np.float32] = lengths.astype(np.float32)
        return weights

    def ids(self, texts: Sequence[str]) -> list[NDArray[np.int32]]:
        """See `WordVectors`."""
        found: list[NDArray[np.int32]] = []
        if len(texts) <= _FEW:
            for text in texts:
                encoding = self.tokenizer.encode(text, add_special_tokens=False)
                found.append(np.array(encoding.ids, dtype=np.int32))
            return found
        for start in range(0, len(texts), _BATCH):
            batch = list(texts[start : start + _BATCH])
            encodings = self.tokenizer.encode_batch_fast(batch, add_special_tokens=False)
            found += [np.array(encoding.ids, dtype=np.int32) for encoding in encodings]
        return found

    def encode(self, ids: Sequence[NDArray[np.int32]]) -> NDArray[np.float32]:
        """See `WordVectors`: the mean of the words' rows, divided by its length."""
        vectors = np.zeros((len(ids), self.rows.shape[1]), dtype=np.float32)
        for own, vector in zip(ids, vectors, strict=True):
            # Text by text: memory stays small, and a vector does not depend on its neighbours.
            self.rows[own].sum(axis=0, dtype=np.float32, out=vector)
        return unit_rows(vectors)

    @cached_property
    def _lengths(self) -> NDArray[np.float32]:
        return np.where(self.weights > 0, self.weights, np.float32(1))

    def vectors(self, ids: NDArray[np.int32]) -> NDArray[np.float32]:
        """See `WordVectors`."""
        unit: NDArray[np.float32] = (self.rows[ids] / self._lengths[ids, None]).astype(np.float32)
        return unit

    def likeness(self, ids: NDArray[np.int32], vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """See `WordVectors`; divides the products by the lengths, which are fewer than the rows."""
        step = min(max(1, _ONE_THREAD // max(vectors.size, 1)), max(len(ids), 1))
        blocks = -(-len(ids) // step)
        padded = np.zeros(blocks * step, ids.dtype)
        padded[: len(ids)] = ids
        rows = self.rows[padded].reshape(blocks, step, -1)
        products = (rows @ np.ascontiguousarray(vectors.T)).reshape(blocks * step, -1)[: len(ids)]
        cosines: NDArray[np.float32] = np.empty((len(vectors), len(ids)), np.float32)
        np.divide(products.T, self._lengths[ids], out=cosines)
        return cosines


def is_static_model(folder: Path) -> bool:
    """Whether the folder is a sentence-transformers model that is only a table of word vectors."""
    try:
        _subfolder(folder)
    except EncoderError:
        return False  # for sentence-transformers itself to judge
    return True


def _subfolder(folder: Path) -> str:
    """Where in the folder the table stands, as sentence-transformers' list of modules says.

    Raises:
        EncoderError: There is no such list, or it names other modules than a static one.
    """
    path = folder / _MODULES
    try:
        modules = json.loads(path.read_text(encoding="utf-8"))
        types = [module["type"].rpartition(".")[2] for module in modules]
        subfolder = str(modules[0]["path"])
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise _invalid(path, error) from error
    if types not in ([_STATIC], [_STATIC, _NORMALIZE]):
        raise _invalid(path, f"modules {types} where {_STATIC} is expected")
    return subfolder


def _read_rows(path: Path) -> NDArray[np.floating]:
    """The table of word vectors, (tokens, dim), in the type it was stored in.

    Besides sentence-transformers' own form this reads model2vec's: rows shared by several tokens
    (``mapping``) and multiplied by a weight of each (``weights``).
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        tensors = load_file(path)
    except (OSError, SafetensorError, KeyError, TypeError) as error:
        raise _invalid(path, error) from error
    rows = tensors.get("embedding.weight", tensors.get("embeddings"))
    if rows is None or rows.ndim != 2:
        raise _invalid(path, "no table of word vectors in it")
    if "mapping" in tensors:
        rows = rows[tensors["mapping"]]
    if "weights" in tensors:
        rows = rows * tensors["weights"][:, None].astype(np.float32)
    return rows


def _invalid(path: Path, reason: object) -> EncoderError:
    return EncoderError("encoder_folder_invalid", {"path": path, "reason": reason})
