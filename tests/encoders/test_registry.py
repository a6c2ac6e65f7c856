"""Tests of the way from a model's name to its encoder."""

import pytest

from kbsearch.encoders import registry
from kbsearch.encoders.registry import load_encoder
from kbsearch.encoders.static import StaticEncoder
from kbsearch.errors import EncoderError


def test_bundled_model_is_the_default():
    """Without an argument the bundled model is loaded, under its name."""
    encoder = load_encoder()
    assert isinstance(encoder, StaticEncoder)
    assert encoder.name == "bundled"
    assert encoder.dim == encoder.encode(["空调"]).shape[1]


def test_bundled_model_knows_paraphrases():
    """The default is trained: a paraphrase is nearer than another question on the product."""
    query, paraphrase, other = load_encoder().encode(
        ["空调不制冷怎么办", "空调吹出来的风不凉", "空调遥控器怎么配对"]
    )
    assert query @ paraphrase > query @ other + 0.1


def test_static_folder_runs_without_sentence_transformers(static_folder):
    """A folder with only a table of word vectors goes to the torch-free encoder, as str or Path."""
    for model in (static_folder, str(static_folder)):
        encoder = load_encoder(model)
        assert isinstance(encoder, StaticEncoder)
        assert encoder.name == str(static_folder)


def test_other_folder_goes_to_sentence_transformers(tmp_path, monkeypatch):
    """Any other folder is handed on as a Path: it is to be loaded without the network."""
    calls = []
    monkeypatch.setattr(registry, "SentenceTransformerEncoder", lambda *call: calls.append(call))
    load_encoder(tmp_path)
    load_encoder(str(tmp_path))
    assert calls == [(tmp_path, str(tmp_path))] * 2


def test_hub_name_is_handed_on_as_text(monkeypatch):
    """What is no folder but may be a hub model's name is handed on as text."""
    calls = []
    monkeypatch.setattr(registry, "SentenceTransformerEncoder", lambda *call: calls.append(call))
    load_encoder("BAAI/bge-small-zh-v1.5")
    load_encoder("all-MiniLM-L6-v2")
    assert calls == [("BAAI/bge-small-zh-v1.5",) * 2, ("all-MiniLM-L6-v2",) * 2]


@pytest.mark.parametrize("model", ["./models/mine", "/no/such/folder", "a b", "模型"])
def test_missing_folder_is_told_from_a_hub_name(model, monkeypatch):
    """A path that is no folder is an EncoderError at once; the hub is not asked."""
    monkeypatch.setattr(registry, "SentenceTransformerEncoder", pytest.fail)
    with pytest.raises(EncoderError) as caught:
        load_encoder(model)
    assert caught.value.key == "encoder_folder_missing"


def test_path_is_never_a_hub_name(tmp_path, monkeypatch):
    """A Path that does not exist is an EncoderError even where its text could be a hub name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(registry, "SentenceTransformerEncoder", pytest.fail)
    with pytest.raises(EncoderError, match="owner"):
        load_encoder(type(tmp_path)("owner/model"))
