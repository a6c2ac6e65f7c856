"""Tests of the written model folder."""

import numpy as np
import pytest

from kbsearch.encoders.static import StaticEncoder, is_static_model
from kbsearch.learning.student import Student
from kbsearch.training.export import export
from kbsearch.training.vocabulary import build_tokenizer


@pytest.fixture
def student():
    """A student with random rows and weights."""
    tokenizer = build_tokenizer(["空调", "退款"], {})
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(tokenizer.get_vocab_size(), 4)).astype(np.float32)
    return Student(tokenizer, rows, rng.uniform(0.1, 2, len(rows)).astype(np.float32))


def test_folder_gives_the_students_vectors(student, tmp_path):
    """What is written loads without torch and encodes as the student does, within float16."""
    export(student, tmp_path / "out", card="# Card\n")
    assert is_static_model(tmp_path / "out")
    texts = ["空调退款", "空调 abc", ""]
    vectors = StaticEncoder(tmp_path / "out", "m").encode(texts)
    np.testing.assert_allclose(vectors, student.encode(texts), atol=2e-3)


def test_card_is_written_and_files_are_readable(student, tmp_path):
    """The card is README.md, and everyone may read every file."""
    export(student, tmp_path, card="# Card\n")
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == "# Card\n"
    assert all(path.stat().st_mode & 0o444 == 0o444 for path in tmp_path.iterdir())


def test_same_student_same_bytes(student, tmp_path):
    """Two exports are equal byte for byte."""
    for name in ("a", "b"):
        export(student, tmp_path / name, card="")
    files = [p.relative_to(tmp_path / "a") for p in (tmp_path / "a").rglob("*") if p.is_file()]
    assert len(files) >= 5
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
