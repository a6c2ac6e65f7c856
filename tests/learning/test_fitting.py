"""Tests of the training loop."""

from itertools import chain

import numpy as np
import pytest

from kbsearch.learning.fitting import Schedule, fit
from kbsearch.learning.student import Student
from kbsearch.training.vocabulary import build_tokenizer


@pytest.fixture
def student():
    """A student whose first row is (5, 5, 5)."""
    tokenizer = build_tokenizer([], {})
    rows = np.full((tokenizer.get_vocab_size(), 3), 5, dtype=np.float32)
    return Student(tokenizer, rows, np.ones(len(rows), dtype=np.float32))


def _fit(student, schedule, seen):
    def loss_of(batch):
        seen.append(batch)
        return (student.rows[0] ** 2).sum()

    return fit(student, 5, loss_of, schedule, rng=np.random.default_rng(0), stage="test")


def test_every_epoch_sees_every_example_once(student):
    """Five examples in batches of two: three steps an epoch, all numbers once, in another order."""
    seen = []
    losses = _fit(student, Schedule(epochs=2, batch=2, learning_rate=0.1), seen)
    assert [len(batch) for batch in seen] == [2, 2, 1, 2, 2, 1]
    first, second = list(chain(*seen[:3])), list(chain(*seen[3:]))
    assert sorted(first) == sorted(second) == [0, 1, 2, 3, 4]
    assert first != second
    assert len(losses) == 2


def test_loss_falls(student):
    """Adam walks down a bowl: each epoch's mean loss is below the last, and the first is 75."""
    losses = _fit(student, Schedule(epochs=5, batch=5, learning_rate=0.1), [])
    assert losses[0] == 75
    assert losses == sorted(losses, reverse=True)
