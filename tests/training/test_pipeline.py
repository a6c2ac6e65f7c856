"""Tests of the recipe."""

from kbsearch.training.pipeline import Recipe, TrainingText, train
from kbsearch.training.sources import Translation


def test_epochs_change_only_the_contrastive_stage():
    """`with_epochs` leaves every other setting as it is."""
    recipe = Recipe()
    changed = recipe.with_epochs(7)
    assert changed.contrastive.schedule.epochs == 7
    assert changed.with_epochs(recipe.contrastive.schedule.epochs) == recipe


def test_stages_are_reported_in_order(groups, letter_teacher):
    """Each finished stage is reported once, with the student as it then is."""
    text = TrainingText(
        glosses={"空调": "air conditioner"},
        translations=[Translation("the watch", "手表"), Translation("password", "密码")],
        groups=groups,
        frequencies={"空调": 5, "手表": 5, "密码": 5},
    )
    stages: list[str] = []
    rows = []

    def report(stage, student):
        stages.append(stage)
        rows.append(student.folded_rows())

    student = train(text, letter_teacher, Recipe().with_epochs(1), seed=0, report=report)
    assert stages == ["dictionary vectors", "distillation", "contrastive training"]
    assert (rows[0] != rows[1]).any()
    assert (rows[1] != rows[2]).any()
    assert (rows[2] == student.folded_rows()).all()
