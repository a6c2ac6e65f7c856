"""A whole training run, from files to a model folder, on hand-made text and a stand-in teacher."""

import json
import lzma

import numpy as np
import pytest

from kbsearch.encoders.registry import load_encoder
from kbsearch.training import __main__ as command
from kbsearch.training import pipeline
from kbsearch.training.groups import read_groups
from kbsearch.training.sources import CEDICT_FILE, PARALLEL_FILE

WORDS = ["空调", "制冷", "退款", "申请", "怎么", "手表", "密码"]
CEDICT = ["空調 空调 [kong1 tiao2] /air conditioning/", "退款 退款 [tui4 kuan3] /to refund/"]
PARALLEL = ["source\ten\tzh", "x\tforgot the password\t忘記密碼", "x\tthe watch\t手表"]


@pytest.fixture
def data(groups, tmp_path):
    """A data folder with the three sources; a fifth group shares no text with the others."""
    folder = tmp_path / "data"
    (folder / "paraphrases").mkdir(parents=True)
    lines = "\n".join(group.source for group in groups)
    (folder / "paraphrases" / "groups_a.jsonl").write_text(lines, encoding="utf-8")
    for name, text in {CEDICT_FILE: CEDICT, PARALLEL_FILE: PARALLEL}.items():
        (folder / name).write_bytes(lzma.compress("\n".join(text).encode("utf-8")))
    return folder


@pytest.fixture
def run(data, groups, letter_teacher, tmp_path, monkeypatch):
    """Runs the command with further options; gives the folder it wrote."""
    texts = [text for group in groups for text in group.texts]
    frequencies = dict.fromkeys([*WORDS, *"".join(texts)], 5)
    monkeypatch.setattr(command, "Teacher", lambda work: letter_teacher)
    monkeypatch.setattr(pipeline, "jieba_frequencies", lambda: frequencies)

    def run(name, *options):
        out = tmp_path / name
        paths = ["--data", str(data), "--out", str(out), "--work", str(tmp_path / "work")]
        command.main([*paths, "--epochs", "5", *options])
        return out

    return run


def test_the_written_model_works(run, groups):
    """The folder loads without torch, and every question is nearest to a text of its own group."""
    encoder = load_encoder(run("out", "--epochs", "300"))
    owner = [group.id for group in groups for _ in group.texts]
    vectors = encoder.encode([text for group in groups for text in group.texts])
    likeness = vectors @ vectors.T - 2 * np.eye(len(vectors))
    found = [owner[index] for index in likeness.argmax(axis=1)]
    assert np.mean([a == b for a, b in zip(found, owner, strict=True)]) >= 0.9


def test_the_same_seed_gives_the_same_model(run):
    """Two runs write the same fingerprint; another seed writes another."""
    first, second, other = run("a"), run("b"), run("c", "--seed", "1")
    assert load_encoder(first).fingerprint == load_encoder(second).fingerprint
    assert load_encoder(first).fingerprint != load_encoder(other).fingerprint


def test_held_out_groups_are_measured_and_written(run, groups, capsys):
    """Half of the groups are held out and written as they were; each stage prints figures."""
    folder = run("out", "--hold-out", "0.5")
    held_out = (folder / "held_out.jsonl").read_text(encoding="utf-8").splitlines()
    sources = [group.source for group in groups]
    assert len(held_out) == 2
    assert set(held_out) < set(sources)
    assert [json.loads(line)["id"] for line in held_out] == sorted(
        group.id for group in groups if group.source in held_out
    )
    assert capsys.readouterr().err.count("hit@1/3/10") == 3
    figures = json.loads((folder / "figures.json").read_text(encoding="utf-8"))
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert all(f"| {stage} | {rates} |" in card for stage, rates in figures.items())


def test_figures_of_another_run_stand_in_the_card(run):
    """A model trained on all groups shows what the run with held-out groups measured."""
    figures = run("measured", "--hold-out", "0.5") / "figures.json"
    card = run("out", "--figures", str(figures)) / "README.md"
    assert "| contrastive training | hit@1/3/10 " in card.read_text(encoding="utf-8")


def test_without_held_out_groups_none_are_written(run, capsys):
    """Training on all groups writes no held-out file and claims no figures."""
    folder = run("out")
    assert not (folder / "held_out.jsonl").exists()
    assert "hit@" not in capsys.readouterr().err


def test_the_card_gives_the_models_size(run):
    """The card names the number of words and dimensions of this very model."""
    folder = run("out")
    rows = load_encoder(folder)._rows
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert f"{len(rows):,} words" in card
    assert f"{rows.shape[1]} dimensions" in card


@pytest.mark.parametrize(
    ("option", "value", "fault"),
    [("--hold-out", "1", "below 1, not 1.0"), ("--data", "no/such", "no folder no/such")],
)
def test_wrong_options_are_named(run, option, value, fault, capsys):
    """A share of 1, or a missing data folder, is a usage error (exit code 2) that names it."""
    with pytest.raises(SystemExit, match="2"):
        run("out", option, value)
    assert fault in capsys.readouterr().err


def test_groups_of_the_data_folder_are_read(data, groups):
    """The hand-made folder holds what the fixtures say."""
    assert read_groups(data / "paraphrases") == groups
