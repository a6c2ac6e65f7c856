"""The model card of a trained encoder."""

from collections.abc import Mapping
from importlib import resources

from kbsearch.learning.student import Student


def model_card(student: Student, figures: Mapping[str, str]) -> str:
    """The card: `model_card.md` with this student's size and figures filled in.

    Args:
        student: The trained model.
        figures: Stage → hit rates on held-out groups; may be empty.
    """
    template = resources.files("kbsearch.training").joinpath("model_card.md")
    words, dim = student.rows.shape
    rows = [f"| {stage} | {rates} |" for stage, rates in figures.items()]
    return template.read_text(encoding="utf-8").format(
        words=f"{words:,}", dim=dim, figures="\n".join(rows or ["| not measured | |"])
    )
