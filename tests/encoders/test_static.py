"""Tests of the torch-free encoder."""

import json
import shutil
import subprocess
import sys
import threading

import numpy as np
import pytest

from kbsearch.encoders.registry import BUNDLED_FOLDER
from kbsearch.encoders.static import StaticEncoder, is_static_model
from kbsearch.errors import EncoderError

MIXED = [
    "空调制冷效果差怎么办",
    "esim卡 5g 怎么 reset，订单号 20240101",
    "ＷｉＦｉ 连不上😀😀",
    "",
    "😀",
    "は、한국어",
    "   \n\t",
    "退款" * 5_000,
    "a",
    "Ω 空",
]


@pytest.fixture(scope="module")
def bundled():
    """The bundled model."""
    return StaticEncoder(BUNDLED_FOLDER, "bundled")


def test_vector_is_the_unit_mean_of_the_rows(static_folder):
    """空调 (3, 0) and 制冷 (0, 4) have the mean (1.5, 2) of length 2.5: (0.6, 0.8)."""
    vectors = StaticEncoder(static_folder, "m").encode(["空调制冷", "手表"])
    np.testing.assert_allclose(vectors, [[0.6, 0.8], [1, 0]], atol=1e-6)
    assert vectors.dtype == np.float32


def test_text_without_known_token_is_a_zero_row(static_folder):
    """Empty, foreign and unknown text give zeros; other texts of the batch keep their vectors."""
    vectors = StaticEncoder(static_folder, "m").encode(["", "abc", "猫", "空调"])
    np.testing.assert_array_equal(vectors, [[0, 0], [0, 0], [0, 0], [1, 0]])


def test_no_texts_give_no_rows(static_folder):
    """An empty list gives shape (0, dim)."""
    encoder = StaticEncoder(static_folder, "m")
    assert encoder.encode([]).shape == (0, encoder.dim) == (0, 2)


def test_float16_and_weighted_tables_are_read(static_folder, write_static_model, tmp_path):
    """A float16 table, and model2vec's form with weights and shared rows, give the same vectors."""
    expected = StaticEncoder(static_folder, "m").encode(["空调制冷手表"])
    half = np.array([[0, 0], [3, 0], [0, 4], [2, 0]], dtype=np.float16)
    shared = {
        "embeddings": np.array([[0, 0], [1, 0], [0, 1]], dtype=np.float16),
        "mapping": np.array([0, 1, 2, 1], dtype=np.int64),
        "weights": np.array([1, 3, 4, 2], dtype=np.float64),
    }
    for name, tensors in {"half": {"embedding.weight": half}, "shared": shared}.items():
        folder = write_static_model(tmp_path / name, tensors)
        found = StaticEncoder(folder, name).encode(["空调制冷手表"])
        np.testing.assert_allclose(found, expected, atol=1e-6)
        assert found.dtype == np.float32


def test_bundled_rows_are_unit_or_zero(bundled):
    """Each row has length 1, or 0 where no token is known."""
    lengths = np.linalg.norm(bundled.encode(MIXED), axis=1)
    np.testing.assert_allclose(lengths, [1, 1, 1, 0, 0, 0, 0, 1, 1, 1], atol=1e-5)


def test_bundled_agrees_with_sentence_transformers(bundled):
    """sentence-transformers loads the folder, with the same ids and, to 1e-4, the same vectors."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(BUNDLED_FOLDER), device="cpu", local_files_only=True)
    ids = model[0].preprocess(MIXED)["input_ids"].tolist()
    encodings = bundled._tokenizer.encode_batch_fast(MIXED, add_special_tokens=False)
    assert ids == [token for encoding in encodings for token in encoding.ids]
    reference = model.encode(MIXED)
    np.testing.assert_allclose(bundled.encode(MIXED), reference, atol=1e-4)


def test_vector_does_not_depend_on_the_batch(bundled):
    """A text alone, among others, and beyond the batch size has bit for bit the same vector."""
    texts = MIXED * 150  # 1,500: more than one batch
    together = bundled.encode(texts)
    alone = np.concatenate([bundled.encode([text]) for text in MIXED])
    np.testing.assert_array_equal(together, np.tile(alone, (150, 1)))


def test_threads_share_an_encoder(bundled):
    """Eight threads that encode at once get what one gets."""
    expected = bundled.encode(MIXED)
    found: list[np.ndarray] = []
    threads = [
        threading.Thread(target=lambda: found.extend(bundled.encode(MIXED) for _ in range(5)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 40
    for vectors in found:
        np.testing.assert_array_equal(vectors, expected)


def test_nothing_heavy_is_imported():
    """Loading the bundled model and encoding imports neither torch nor sentence-transformers."""
    code = (
        "import sys; from kbsearch.encoders.registry import load_encoder;"
        "load_encoder().encode(['空调']);"
        "heavy = {'torch', 'transformers', 'sentence_transformers', 'scipy', 'sklearn', 'opencc'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_bundled_folder_is_small():
    """The folder stays within 40 MB and everyone may read its files."""
    files = [path for path in BUNDLED_FOLDER.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 40_000_000
    assert all(path.stat().st_mode & 0o444 == 0o444 for path in files)


def test_fingerprint_follows_weights_and_tokenizer(static_folder, write_static_model, tmp_path):
    """A copy has the same fingerprint; one changed weight, or one changed token, gives another."""
    original = StaticEncoder(static_folder, "m").fingerprint
    copy = shutil.copytree(static_folder, tmp_path / "copy")
    assert StaticEncoder(copy, "other name").fingerprint == original
    rows = np.array([[0, 0], [3, 0], [0, 4], [2, 1e-3]], dtype=np.float32)
    changed = write_static_model(tmp_path / "changed", {"embedding.weight": rows})
    assert StaticEncoder(changed, "m").fingerprint != original
    tokenizer = copy / "tokenizer.json"
    tokenizer.write_text(tokenizer.read_text("utf-8").replace("手表", "手环"), "utf-8")
    assert StaticEncoder(copy, "m").fingerprint != original
    assert len(original) == 64


def test_only_a_table_of_word_vectors_is_a_static_model(static_folder, tmp_path):
    """Static alone or static and normalising: yes; other modules, or no list of modules: no."""
    modules = static_folder / "modules.json"
    static = json.loads(modules.read_text("utf-8"))
    normalize = {
        "idx": 1,
        "name": "1",
        "path": "1_N",
        "type": "sentence_transformers.models.Normalize",
    }
    dense = {**normalize, "type": "sentence_transformers.models.Dense"}
    assert is_static_model(static_folder)
    modules.write_text(json.dumps([*static, normalize]), "utf-8")
    assert is_static_model(static_folder)
    modules.write_text(json.dumps([*static, dense]), "utf-8")
    assert not is_static_model(static_folder)
    assert not is_static_model(tmp_path)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("modules.json", "{"),
        ("modules.json", "[]"),
        ("modules.json", '[{"type": 3, "path": ""}]'),
        ("tokenizer.json", "{}"),
        ("tokenizer.json", None),
        ("model.safetensors", "no weights"),
        ("model.safetensors", None),
    ],
)
def test_damaged_folder_raises_encoder_error(static_folder, file, content):
    """A missing or damaged file is an EncoderError that names it and keeps the cause."""
    path = static_folder / file
    path.unlink() if content is None else path.write_text(content, "utf-8")
    with pytest.raises(EncoderError, match=file) as caught:
        StaticEncoder(static_folder, "m")
    assert caught.value.__cause__ is not None
    assert file in caught.value.text("zh")


@pytest.mark.parametrize(
    "tensors",
    [
        {"embedding.weight": np.zeros((3, 2), dtype=np.float32)},
        {"embedding.weight": np.zeros(4, dtype=np.float32)},
        {"linear.weight": np.zeros((4, 2), dtype=np.float32)},
    ],
    ids=["a row too few", "no matrix", "no table"],
)
def test_unfit_table_raises_encoder_error(write_static_model, tmp_path, tensors):
    """Weights that do not fit the tokenizer are an EncoderError when loading."""
    with pytest.raises(EncoderError):
        StaticEncoder(write_static_model(tmp_path / "m", tensors), "m")
