"""Tests of the first training stage."""

import numpy as np
import pytest

from kbsearch.learning.fitting import Schedule
from kbsearch.learning.student import Student, TokenTable
from kbsearch.training.distillation import DistillationSettings, distil
from kbsearch.training.vocabulary import build_tokenizer

TEXTS = ["空调", "退款", "密码", "密码"]
TARGETS = np.eye(3, dtype=np.float32)
SETTINGS = DistillationSettings(Schedule(epochs=300, batch=4, learning_rate=0.1))


@pytest.fixture
def make_student():
    """Makes a student with random rows of three dimensions, always the same."""

    def make():
        tokenizer = build_tokenizer(["空调", "退款", "密码"], {})
        size = tokenizer.get_vocab_size()
        rows = np.random.default_rng(0).normal(size=(size, 3)).astype(np.float32)
        return Student(tokenizer, rows, np.ones(size, dtype=np.float32))

    return make


def test_texts_reach_their_targets(make_student):
    """The loss falls, and each text comes to point where the teacher points."""
    student = make_student()
    tokens = TokenTable(TEXTS, student.tokenizer)
    losses = distil(student, tokens, TARGETS, [0, 1, 2, 2], SETTINGS, seed=0)
    assert len(losses) == 300
    assert losses[-1] < 0.1 * losses[0]
    np.testing.assert_allclose(student.encode(TEXTS), TARGETS[[0, 1, 2, 2]], atol=0.1)


def test_the_seed_decides(make_student):
    """Two runs with one seed give the same rows bit for bit."""
    settings = DistillationSettings(Schedule(epochs=2, batch=2, learning_rate=0.05))
    rows = []
    for seed in (0, 0, 1):
        student = make_student()
        tokens = TokenTable(TEXTS, student.tokenizer)
        distil(student, tokens, TARGETS, [0, 1, 2, 2], settings, seed=seed)
        rows.append(student.folded_rows())
    np.testing.assert_array_equal(rows[0], rows[1])
    assert (rows[0] != rows[2]).any()
