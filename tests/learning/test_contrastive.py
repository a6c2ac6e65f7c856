"""Tests of contrastive training."""

import numpy as np
import pytest
import torch

from kbsearch.learning import contrastive
from kbsearch.learning.checkpoint import Checkpoint
from kbsearch.learning.contrastive import ContrastiveSettings, contrast
from kbsearch.learning.fitting import Schedule
from kbsearch.learning.intents import Intent

SETTINGS = ContrastiveSettings(Schedule(epochs=80, batch=4, learning_rate=0.02), runs=1)
SHORT = SETTINGS._replace(schedule=Schedule(3, 4, 0.05))


@pytest.mark.parametrize("hard_negatives", [False, True])
def test_paraphrases_come_together(intents, make_student, hard_negatives):
    """The loss falls, and afterwards every question is nearest to one of its own intent."""
    student = make_student()
    settings = SETTINGS._replace(hard_negatives=hard_negatives)
    losses = contrast(student, intents, settings, seed=0)
    assert np.mean(losses[-20:]) < 0.5 * np.mean(losses[:5])
    owner = [number for number, intent in enumerate(intents) for _ in intent.questions]
    vectors = student.encode([text for intent in intents for text in intent.questions])
    likeness = vectors @ vectors.T - 2 * np.eye(len(vectors))
    assert [owner[index] for index in likeness.argmax(axis=1)] == owner


def test_a_single_question_learns_from_its_passages(intents, make_student):
    """An intent asked in one way alone comes nearer to the texts that answer it."""
    single = [Intent(intent.questions[:1], intent.passages) for intent in intents]
    student = make_student()

    def likeness():
        left = student.encode([intent.questions[0] for intent in single])
        right = student.encode([intent.passages[0] for intent in single])
        return (left * right).sum(axis=1).mean()

    before = likeness()
    contrast(student, single, SETTINGS, seed=0)
    assert likeness() > before + 0.1


def test_an_intent_of_one_text_is_left_out(intents, make_student):
    """An intent that has nothing but one question changes nothing, and is no error."""
    rows = []
    for learned in (intents, [*intents, Intent(("门锁没电了怎么开门吗",))]):
        student = make_student()
        contrast(student, learned, SHORT, seed=0)
        rows.append(student.folded_rows())
    np.testing.assert_array_equal(rows[0], rows[1])


def test_runs_are_averaged(intents, make_student):
    """Two runs give the mean of what their seeds, 2 x 5 and 2 x 5 + 1, give alone."""
    alone = []
    for seed in (10, 11):
        student = make_student()
        contrast(student, intents, SHORT, seed=seed)
        alone.append(student.rows.detach().clone())
    student = make_student()
    losses = contrast(student, intents, SHORT._replace(runs=2), seed=5)
    torch.testing.assert_close(student.rows.detach(), (alone[0] + alone[1]) / 2)
    assert len(losses) == 2 * 3


def test_weights_are_learned_too(intents, make_student):
    """Training changes not only the rows but also how much a word weighs."""
    student = make_student()
    contrast(student, intents, SETTINGS, seed=0)
    assert student.log_weights.detach().abs().max() > 0.1


def test_word_dropout_ends_with_training(intents, make_student):
    """Afterwards the student uses all words again."""
    student = make_student()
    contrast(student, intents, SHORT._replace(word_dropout=0.3), seed=0)
    assert student.word_dropout == 0
    np.testing.assert_array_equal(student.encode(["门锁没电"]), student.encode(["门锁没电"]))


def test_the_seed_decides(intents, make_student):
    """Two runs with one seed give the same rows bit for bit, word dropout included."""
    settings = SHORT._replace(word_dropout=0.3)
    rows = []
    for seed in (0, 0, 1):
        student = make_student()
        contrast(student, intents, settings, seed=seed)
        rows.append(student.folded_rows())
    np.testing.assert_array_equal(rows[0], rows[1])
    assert (rows[0] != rows[2]).any()


def test_intents_that_share_a_question_are_not_wrong_answers(make_student):
    """Two intents that ask the same, alone in a batch, leave only right answers: no loss."""
    same = [
        Intent(("门锁没电", "锁没电了"), ("从底部供电。",), ("锁没电了",)),
        Intent(("电池用完", "锁没电了"), ("请供电。",), ("门锁没电",)),
    ]
    student = make_student([text for intent in same for text in intent.questions])
    pool = contrastive._Pool(same, student)
    settings = SETTINGS._replace(hard_negatives=True)
    rng = np.random.default_rng(0)
    loss = contrastive._loss([0, 1], student=student, pool=pool, settings=settings, rng=rng)
    torch.testing.assert_close(loss, torch.tensor(0.0))


def test_a_stopped_training_goes_on_and_ends_the_same(intents, make_student, tmp_path):
    """Killed in the second of two runs: the rest gives, to the bit, what a whole training gives."""
    settings = SHORT._replace(runs=2, word_dropout=0.2)
    whole = make_student()
    expected = contrast(whole, intents, settings, seed=0)

    class Killed(Exception):
        pass

    steps = []

    def kill(done, total):
        steps.append(done)
        if len(steps) == 5:
            raise Killed

    def checkpoint():
        kept = Checkpoint(tmp_path / "training", "key")
        kept.seconds_between = 0.0
        return kept

    with pytest.raises(Killed):
        contrast(make_student(), intents, settings, seed=0, checkpoint=checkpoint(), progress=kill)
    done = []
    student = make_student()
    losses = contrast(
        student,
        intents,
        settings,
        seed=0,
        checkpoint=checkpoint(),
        progress=lambda step, total: done.append(step),
    )
    assert done == [2, 3]  # the second run had one of its three steps behind it
    assert losses == expected
    np.testing.assert_array_equal(student.folded_rows(), whole.folded_rows())


def test_a_checkpoint_of_something_else_is_ignored(intents, make_student, tmp_path):
    """Other settings or data have another key, and a damaged file is no checkpoint."""
    contrast(
        make_student(), intents, SHORT, seed=0, checkpoint=Checkpoint(tmp_path / "training", "one")
    )
    for key, spoil in (("two", False), ("one", True)):
        if spoil:
            (tmp_path / "training-contrastive-0.safetensors").write_bytes(b"\x08")
        done = []
        contrast(
            make_student(),
            intents,
            SHORT,
            seed=0,
            checkpoint=Checkpoint(tmp_path / "training", key),
            progress=lambda step, total, done=done: done.append(step),
        )
        assert done == [1, 2, 3]
