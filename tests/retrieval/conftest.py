"""An encoder whose vectors can be reckoned in the head, and knowledge bases built with it."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file
from tokenizers import Regex, Tokenizer, models, pre_tokenizers

from kbsearch.article import Article
from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.settings import Settings


@pytest.fixture(scope="session")
def three_words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A static model: 手表, 空调 and 门锁 are at right angles, nothing else is known."""
    folder = tmp_path_factory.mktemp("model")
    pieces = [("<unk>", 0.0), ("手表", -1.0), ("空调", -1.0), ("门锁", -1.0)]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=0, byte_fallback=False))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("[一-龥]+"), "removed", invert=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    rows = np.vstack([np.zeros((1, 3)), np.eye(3)]).astype(np.float32)
    save_file({"embedding.weight": rows}, folder / "model.safetensors")
    static = {"idx": 0, "name": "0", "path": ""}
    static["type"] = "sentence_transformers.models.StaticEmbedding"
    (folder / "modules.json").write_text(json.dumps([static]), encoding="utf-8")
    return folder


@pytest.fixture
def build_small(three_words: Path, tmp_path: Path) -> Callable[..., KnowledgeBase]:
    """Builds articles (given as fields, of kind faq if not said) with the three-word model."""

    def build(rows: Sequence[dict[str, Any]], **sections: dict[str, Any]) -> KnowledgeBase:
        sections["vectors"] = {"model": str(three_words), **sections.get("vectors", {})}
        articles = [Article.model_validate({"kind": "faq", **row}) for row in rows]
        return KnowledgeBase.build(
            articles, tmp_path / "index", settings=Settings.model_validate(sections)
        )

    return build
