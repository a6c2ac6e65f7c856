"""The model card of a trained encoder."""

from importlib import resources

from kbsearch.training.student import Student


def model_card(student: Student) -> str:
    """The card, `model_card.md`, with the figures of this student filled in."""
    template = resources.files("kbsearch.training").joinpath("model_card.md")
    words, dim = student.rows.shape
    return template.read_text(encoding="utf-8").format(words=f"{words:,}", dim=dim)
