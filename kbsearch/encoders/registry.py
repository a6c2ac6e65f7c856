"""From a model's name to its encoder."""

import re
from pathlib import Path

from kbsearch.encoders.protocol import Encoder
from kbsearch.encoders.sentence_transformer import SentenceTransformerEncoder
from kbsearch.encoders.static import StaticEncoder, is_static_model
from kbsearch.errors import EncoderError

BUNDLED = "bundled"
BUNDLED_FOLDER = Path(__file__).with_name("bundled")
# "owner/model", or "model" for one of sentence-transformers' own
_HUB_NAME = re.compile(r"[a-z0-9][\w.-]*(/[a-z0-9][\w.-]*)?", re.IGNORECASE | re.ASCII)


def load_encoder(model: str | Path = BUNDLED) -> Encoder:
    """The encoder called `model`.

    Args:
        model: ``bundled`` for the model that comes with kbsearch; a folder of a
            sentence-transformers model, which is loaded without touching the network; or a name on
            the Hugging Face hub, such as ``BAAI/bge-small-zh-v1.5``, which is downloaded unless it
            is cached. A folder wins over a hub model of the same name; a `Path` is always a folder.

    Raises:
        EncoderError: There is no such folder or model, or it is damaged.
        MissingDependencyError: The model needs a package that is not installed.
    """
    if model == BUNDLED:
        return StaticEncoder(BUNDLED_FOLDER, BUNDLED)
    folder = Path(model)
    if folder.is_dir():
        if is_static_model(folder):
            return StaticEncoder(folder, str(model))
        return SentenceTransformerEncoder(folder, str(model))
    if isinstance(model, Path) or not _HUB_NAME.fullmatch(model):
        raise EncoderError("encoder_folder_missing", {"path": model})
    return SentenceTransformerEncoder(model, model)
