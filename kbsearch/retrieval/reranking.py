"""Reranking: a cross-encoder reads the query beside each of the first candidates.

It tells near ones apart that vectors alone do not, and takes tens of milliseconds a query on one
core; so it is off unless `kbsearch.settings.RankingSettings.cross_encoder` names one.
"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from kbsearch.article import Article
from kbsearch.errors import EncoderError, MissingDependencyError

_PACKAGE = "sentence-transformers"
_BODY = 200  # characters


class Reranker(Protocol):
    """Scores texts against a query, reading both together."""

    def scores(self, query: str, texts: Sequence[str]) -> NDArray[np.float64]:
        """(texts,) float64, higher is better."""


class CrossEncoderReranker:
    """A CrossEncoder of sentence-transformers with one score a pair; threads take turns.

    Args:
        model: A folder, from which alone it is loaded, or a name that the hub knows.

    Raises:
        MissingDependencyError: sentence-transformers is not installed.
        EncoderError: There is no such model, it cannot be loaded, or it gives several scores.
    """

    def __init__(self, model: str) -> None:
        self._name = model
        self._lock = Lock()  # Hugging Face tokenizers fail when two threads set their padding
        try:
            from sentence_transformers import CrossEncoder
        except ImportError as error:
            raise MissingDependencyError(
                "encoder_package_missing", {"package": _PACKAGE, "model": model}
            ) from error
        try:
            self._model = CrossEncoder(model, local_files_only=Path(model).is_dir())
            labels = self._model.num_labels
        except Exception as error:  # whatever a hub, a file or a model's own code raises
            raise EncoderError(
                "cross_encoder_unusable", {"model": model, "reason": error}
            ) from error
        if labels != 1:
            reason = f"num_labels = {labels}, not 1"
            raise EncoderError("cross_encoder_unusable", {"model": model, "reason": reason})

    def scores(self, query: str, texts: Sequence[str]) -> NDArray[np.float64]:
        """(texts,) float64, as the model gives them; raises EncoderError if it fails."""
        pairs = [(query, text) for text in texts]
        with self._lock:
            try:
                scores = self._model.predict(pairs, show_progress_bar=False)
            except Exception as error:  # out of memory, a text the model's own code rejects, …
                raise EncoderError(
                    "encoder_failed", {"model": self._name, "reason": error}
                ) from error
        return np.asarray(scores, np.float64)


@lru_cache(maxsize=1)
def load_reranker(model: str) -> Reranker:
    """The cross-encoder `model`; the last one is kept, so that `reload` need not load it again."""
    return CrossEncoderReranker(model)


def passage(article: Article) -> str:
    """What a cross-encoder reads of an article: its title and the beginning of its body."""
    return f"{article.title}\n{article.body[:_BODY]}".strip()
