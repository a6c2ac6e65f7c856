"""Writes the student as a sentence-transformers folder that needs no torch to run."""

from pathlib import Path

import numpy as np

from kbsearch.learning.student import Student


def export(student: Student, folder: Path, *, card: str) -> None:
    """Writes the folder: tokenizer, weights, the files sentence-transformers wants, and the card.

    The values are rounded to float16 but stored as float32: sentence-transformers computes in the
    type it finds, and in float16 an empty text divides zero by zero. The rounding lets the folder
    compress to about half its size.

    Args:
        student: Trained; its token weights are folded into the rows.
        folder: Created if it is missing; files of the same names are replaced.
        card: The model card, Markdown.
    """
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, StaticEmbedding

    rows = student.folded_rows().astype(np.float16).astype(np.float32)
    static = StaticEmbedding(student.tokenizer, embedding_weights=rows)
    # Unit vectors also for who calls `encode` without asking for them.
    model = SentenceTransformer(modules=[static, Normalize()], device="cpu")
    model.save(str(folder), create_model_card=False)
    (folder / "README.md").write_text(card, encoding="utf-8")
    for file in folder.rglob("*"):
        if file.is_file():
            file.chmod(0o644)  # safetensors lets only the owner read
