"""Any sentence-transformers model in training."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from kbsearch.errors import EncoderError
from kbsearch.learning.student import Learner


class TransformerStudent(Learner):
    """A model that reads texts as a whole; all its weights are trained.

    Args:
        model: A folder, or a name that the hub knows.
        device: Where to train it.

    Raises:
        EncoderError: There is no such model, or it cannot be loaded.
    """

    def __init__(self, model: str, device: torch.device) -> None:
        from sentence_transformers import SentenceTransformer

        super().__init__()
        local = Path(model).is_dir()
        try:
            self.model: Any = SentenceTransformer(model, device=str(device), local_files_only=local)
        except Exception as error:  # whatever a hub, a file or a model's own code raises
            key = "encoder_folder_invalid" if local else "encoder_model_unknown"
            raise EncoderError(key, {"path": model, "model": model, "reason": error}) from error

    def prepare(self, texts: Sequence[str]) -> Callable[[Sequence[int]], Tensor]:
        """See `Learner.prepare`; the texts are cut when they are drawn."""

        def vectors(indexes: Sequence[int]) -> Tensor:
            features = self.model.preprocess([texts[index] for index in indexes])
            features = {
                name: value.to(self.model.device) if isinstance(value, Tensor) else value
                for name, value in features.items()
            }
            return functional.normalize(self.model(features)["sentence_embedding"], dim=1)

        return vectors

    def save(self, folder: Path) -> None:
        """Writes a sentence-transformers folder."""
        self.model.save(str(folder), create_model_card=False)
