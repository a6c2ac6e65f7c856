"""A small model folder that the encoder tests share."""

import json

import numpy as np
import pytest
from safetensors.numpy import save_file
from tokenizers import Regex, Tokenizer, models, pre_tokenizers


@pytest.fixture
def write_static_model():
    """Writes a static model over the tokens <unk>, 空调, 制冷 and 手表, with the given tensors."""

    def write(folder, tensors):
        pieces = [("<unk>", 0.0), ("空调", -1.0), ("制冷", -1.0), ("手表", -1.0)]
        tokenizer = Tokenizer(models.Unigram(pieces, unk_id=0, byte_fallback=False))
        tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("[一-龥]+"), "removed", invert=True)
        folder.mkdir()
        tokenizer.save(str(folder / "tokenizer.json"))
        save_file(tensors, folder / "model.safetensors")
        static = {"idx": 0, "name": "0", "path": ""}
        static["type"] = "sentence_transformers.models.StaticEmbedding"
        (folder / "modules.json").write_text(json.dumps([static]), encoding="utf-8")
        return folder

    return write


@pytest.fixture
def static_folder(write_static_model, tmp_path):
    """A static model whose vectors are easy to reckon; <unk> has a row of zeros."""
    rows = np.array([[0, 0], [3, 0], [0, 4], [2, 0]], dtype=np.float32)
    return write_static_model(tmp_path / "model", {"embedding.weight": rows})
