"""Tests of the first word vectors."""

import numpy as np

from kbsearch.training.dictionary_vectors import dictionary_vectors
from kbsearch.training.vocabulary import build_tokenizer, words_by_id

GLOSSES = {"空调": "air conditioner", "退": "to return", "款": "money"}


def _vectors(words, teacher):
    words = words_by_id(build_tokenizer(words, {}))
    axes = np.eye(16, dtype=np.float32)
    vectors = dictionary_vectors(words, GLOSSES, {}, teacher=teacher, axes=axes)
    return dict(zip(words, vectors, strict=True))


def test_a_word_has_its_glosss_vector(letter_teacher):
    """空调 has the vector of "air conditioner", wifi that of "wifi"."""
    found = _vectors(["空调", "wifi"], letter_teacher)
    gloss, own = letter_teacher.encode(["air conditioner", "wifi"])
    np.testing.assert_allclose(found["空调"], gloss, rtol=1e-6)
    np.testing.assert_allclose(found["wifi"], own, rtol=1e-6)


def test_a_word_without_gloss_has_the_mean_of_its_parts(letter_teacher):
    """退款 has no gloss here: it points between 退 and 款."""
    found = _vectors(["退", "款", "退款"], letter_teacher)
    mean = found["退"] + found["款"]
    np.testing.assert_allclose(found["退款"], mean / np.linalg.norm(mean), rtol=1e-5)


def test_what_nothing_explains_has_zeros(letter_teacher):
    """The unknown token, letters, digits and characters without a gloss start from zero."""
    found = _vectors(["龘", "空调"], letter_teacher)
    for word in ("<unk>", "a", "7", "龘"):
        assert not found[word].any()
