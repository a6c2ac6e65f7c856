"""Tests of the model in training."""

import numpy as np
import pytest
import torch

from kbsearch.learning.student import Student, TokenTable, inverse_frequency_weights
from kbsearch.training.vocabulary import build_tokenizer


@pytest.fixture
def student():
    """Words <unk>, 空 (3, 0) of weight 1 and 调 (0, 2) of weight 2; letters have zeros."""
    tokenizer = build_tokenizer(["空", "调"], {})
    rows = np.zeros((tokenizer.get_vocab_size(), 2), dtype=np.float32)
    rows[:3] = [[9, 9], [3, 0], [0, 2]]
    weights = np.ones(len(rows), dtype=np.float32)
    weights[2] = 2
    return Student(tokenizer, rows, weights)


def test_text_is_the_weighted_mean_of_its_words(student):
    """空调 is (3, 0) + 2 (0, 2) = (3, 4), of length 5: (0.6, 0.8); no token gives zeros."""
    np.testing.assert_allclose(student.encode(["空调", "", "空"]), [[0.6, 0.8], [0, 0], [1, 0]])


def test_folded_rows_give_the_same_vectors(student):
    """The plain mean of folded rows points where the weighted mean does; the mean length is 1."""
    rows = student.folded_rows()
    summed = rows[1] + rows[2]
    np.testing.assert_allclose(summed / np.linalg.norm(summed), [0.6, 0.8], rtol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1).mean(), 1, rtol=1e-6)
    np.testing.assert_array_equal(rows[0], [0, 0])


def test_word_dropout_leaves_words_out(student):
    """With half of the words dropped 空调 may become one of its words; off, it never does."""
    torch.manual_seed(0)
    student.word_dropout = 0.5
    dropped = student.encode(["空调"] * 50)
    assert (dropped == [1, 0]).all(axis=1).any()
    student.word_dropout = 0.0
    assert not (student.encode(["空调"] * 50) == [1, 0]).all(axis=1).any()


def test_tokens_are_drawn_in_the_order_asked(student):
    """Texts 2 and 0: their ids one after the other, and where each begins, empty ones included."""
    tokens = TokenTable(["空调", "", "调"], student.tokenizer)
    ids, offsets = tokens.draw([2, 1, 0])
    assert ids.tolist() == [2, 1, 2]
    assert offsets.tolist() == [0, 1, 1]
    assert tokens.counts(4).tolist() == [0, 1, 2, 0]


def test_frequent_words_weigh_less():
    """With a = 0.001, a / (a + p) is 1 for p = 0, 1/2 for p = 0.001, and less for the rest."""
    counts = np.array([0, 1, 999])
    expected = [1, 0.5, 0.001 / (0.001 + 0.999)]
    np.testing.assert_allclose(inverse_frequency_weights(counts), expected, rtol=1e-6)
    np.testing.assert_array_equal(inverse_frequency_weights(np.zeros(2, dtype=np.int64)), [1, 1])
