"""Tests of the second training stage."""

import numpy as np
import pytest
import torch

from kbsearch.training import contrastive
from kbsearch.training.contrastive import ContrastiveSettings, contrast
from kbsearch.training.fitting import Schedule
from kbsearch.training.student import Student
from kbsearch.training.vocabulary import build_tokenizer

SETTINGS = ContrastiveSettings(Schedule(epochs=30, batch=4, learning_rate=0.05), runs=1)


@pytest.fixture
def make_student(groups):
    """Makes a student with a random row for each character of the groups, always the same."""

    def make():
        characters = sorted({c for group in groups for text in group.texts for c in text})
        tokenizer = build_tokenizer(characters, {})
        rng = np.random.default_rng(0)
        rows = rng.normal(size=(tokenizer.get_vocab_size(), 8)).astype(np.float32)
        return Student(tokenizer, rows, np.ones(len(rows), dtype=np.float32))

    return make


@pytest.mark.parametrize("hard_negatives", [False, True])
def test_paraphrases_come_together(groups, make_student, hard_negatives):
    """The loss falls, and afterwards every question is nearest to a text of its own group."""
    student = make_student()
    settings = SETTINGS._replace(hard_negatives=hard_negatives)
    losses = contrast(student, groups, settings, seed=0)
    assert losses[-1] < 0.5 * losses[0]
    owner = [group.id for group in groups for _ in group.texts]
    vectors = student.encode([text for group in groups for text in group.texts])
    likeness = vectors @ vectors.T - 2 * np.eye(len(vectors))
    assert [owner[index] for index in likeness.argmax(axis=1)] == owner


def test_a_group_of_one_text_is_left_out(groups, make_group, make_student):
    """A group that has nothing but its title changes nothing, and is no error."""
    lonely = make_group("z", "空调不制冷怎么办呢", ["空调不制冷怎么办呢"])
    rows = []
    for training in (groups, [*groups, lonely]):
        student = make_student()
        contrast(student, training, SETTINGS._replace(schedule=Schedule(2, 4, 0.05)), seed=0)
        rows.append(student.folded_rows())
    np.testing.assert_array_equal(rows[0], rows[1])


def test_runs_are_averaged(groups, make_student):
    """Two runs give the mean of what their seeds, 2 x 5 and 2 x 5 + 1, give alone."""
    settings = SETTINGS._replace(schedule=Schedule(3, 4, 0.05))
    alone = []
    for seed in (10, 11):
        student = make_student()
        contrast(student, groups, settings, seed=seed)
        alone.append(student.rows.detach().clone())
    student = make_student()
    losses = contrast(student, groups, settings._replace(runs=2), seed=5)
    torch.testing.assert_close(student.rows.detach(), (alone[0] + alone[1]) / 2)
    assert len(losses) == 2 * 3


def test_weights_are_learned_too(groups, make_student):
    """Training changes not only the rows but also how much a word weighs."""
    student = make_student()
    contrast(student, groups, SETTINGS, seed=0)
    assert student.log_weights.detach().abs().max() > 0.1


def test_word_dropout_ends_with_training(groups, make_student):
    """Afterwards the student uses all words again."""
    student = make_student()
    contrast(student, groups, SETTINGS._replace(word_dropout=0.3), seed=0)
    assert student.word_dropout == 0
    np.testing.assert_array_equal(student.encode(["空调不制冷"]), student.encode(["空调不制冷"]))


def test_the_seed_decides(groups, make_student):
    """Two runs with one seed give the same rows bit for bit, word dropout included."""
    settings = SETTINGS._replace(schedule=Schedule(2, 2, 0.05), word_dropout=0.3)
    rows = []
    for seed in (0, 0, 1):
        student = make_student()
        contrast(student, groups, settings, seed=seed)
        rows.append(student.folded_rows())
    np.testing.assert_array_equal(rows[0], rows[1])
    assert (rows[0] != rows[2]).any()


def test_groups_that_share_a_text_are_not_wrong_answers(make_group, make_student):
    """Two groups of one intent, alone in a batch, leave only right answers: the loss is zero."""
    groups = [
        make_group("a", "空调不制冷", ["空调吹风不凉"], negatives=["空调吹风不凉"]),
        make_group("b", "冷气不冷了", ["空调吹风不凉"], negatives=["空调不制冷"]),
    ]
    student = make_student()
    pool = contrastive._Pool(groups, student.tokenizer)
    rng = np.random.default_rng(0)
    settings = SETTINGS._replace(hard_negatives=True)
    loss = contrastive._loss(student, pool, [0, 1], settings, rng)
    torch.testing.assert_close(loss, torch.tensor(0.0))
