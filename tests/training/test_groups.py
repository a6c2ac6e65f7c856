"""Tests of reading, joining and splitting paraphrase groups."""

import json
from pathlib import Path

import pytest

from kbsearch.training.groups import (
    GROUPS_FOLDER,
    intents,
    parse_group,
    read_groups,
    split,
    write_groups,
)

FOLDER = Path(__file__).parents[3] / "shared" / "data" / GROUPS_FOLDER
needs_data = pytest.mark.skipif(not FOLDER.is_dir(), reason="the training data is not here")


def test_group_is_normalised_and_keeps_its_source():
    """Texts are normalised, equal questions kept once; the line itself is kept as it is."""
    line = json.dumps(
        {
            "id": "a-1",
            "industry": "家电",
            "title": "空調不冷",
            "questions": ["ＡＢＣ", "abc", "不冷"],
            "hard_negatives": ["太冷"],
            "answer": "Ok",
        }
    )
    group = parse_group(line)
    assert group.texts == ("空调不冷", "abc", "不冷")
    assert (group.hard_negatives, group.answer) == (("太冷",), "ok")
    assert group.source == line


def test_shared_texts_join_groups_over_others(make_group):
    """A shares a text with B, B another with C: one intent; D stands alone."""
    groups = [
        make_group("a", "一", ["甲"]),
        make_group("b", "二", ["甲", "乙"]),
        make_group("c", "乙", ["丙"]),
        make_group("d", "三", ["丁"]),
    ]
    a, b, c, d = intents(groups)
    assert a == b == c != d


def test_split_parts_no_intent(make_group):
    """Whatever the seed, groups that share a text are on the same side, and none is lost."""
    groups = [make_group(f"g{i}", f"标题{i}", [f"问{i // 2}", f"另{i}"]) for i in range(20)]
    for seed in range(10):
        training, held_out = split(groups, hold_out=0.3, seed=seed)
        assert sorted(group.id for group in training + held_out) == sorted(g.id for g in groups)
        assert len(held_out) == 6
        texts = {text for group in training for text in group.texts}
        assert not texts & {text for group in held_out for text in group.texts}


def test_split_follows_the_seed(make_group):
    """The same seed gives the same split, another seed another; a share of 0 holds nothing out."""
    groups = [make_group(f"g{i}", f"标题{i}", [f"问{i}"]) for i in range(20)]
    assert split(groups, hold_out=0.5, seed=1) == split(groups, hold_out=0.5, seed=1)
    assert split(groups, hold_out=0.5, seed=1) != split(groups, hold_out=0.5, seed=2)
    assert split(groups, hold_out=0, seed=1).held_out == []


def test_groups_are_written_as_they_were_read(groups, tmp_path):
    """What is written is read back unchanged."""
    write_groups(groups, tmp_path / "held_out.jsonl")
    assert read_groups(tmp_path) == groups


@needs_data
def test_the_real_groups_are_read():
    """The source's counts: 3,391 groups; a tenth is held out within the size of one intent."""
    groups = read_groups(FOLDER)
    assert len(groups) == 3391
    assert 340 <= len(split(groups, hold_out=0.1, seed=0).held_out) < 350
