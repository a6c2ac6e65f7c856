"""First training stage: a text gets the vector that the teacher gives its English form."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from kbsearch.learning.checkpoint import Checkpoint
from kbsearch.learning.fitting import Schedule, fit
from kbsearch.learning.student import Student, TokenTable


class DistillationSettings(NamedTuple):
    """How to distil.

    Attributes:
        schedule: How long and how fast.
        temperature: Divides cosines before the softmax.
    """

    schedule: Schedule = Schedule(epochs=2, batch=1024, learning_rate=2e-3)
    temperature: float = 0.05


def distil(
    student: Student,
    texts: TokenTable,
    targets: NDArray[np.float32],
    target_of: Sequence[int],
    settings: DistillationSettings,
    *,
    seed: int,
    checkpoint: Checkpoint | None = None,
) -> list[float]:
    """Trains the student in place to give each text its target.

    The loss is one minus the cosine, plus the cross-entropy of finding a text's own target among
    those of the batch (InfoNCE, van den Oord et al., 2018, equation 4).

    Args:
        student: Trained in place.
        texts: The texts.
        targets: (targets, dim) float32, unit rows.
        target_of: For each text, the row of its target.
        settings: How to train.
        seed: Of the order of the texts.
        checkpoint: Remembers how far it is, so that a stopped training can go on.

    Returns:
        The mean loss of each epoch.
    """
    rows = torch.from_numpy(targets).to(student.rows.device)
    target_ids = torch.tensor(target_of, device=student.rows.device)

    def loss_of(batch: list[int]) -> Tensor:
        ids = target_ids[batch]
        cosines = student(*texts.draw(batch)) @ rows[ids].T
        # The same target twice in a batch is right twice: leave the copies out.
        own = torch.arange(len(ids), device=rows.device)
        copies = (ids[:, None] == ids) & (own[:, None] != own)
        logits = (cosines / settings.temperature).masked_fill(copies, -torch.inf)
        found = functional.cross_entropy(logits, own)
        near: Tensor = cosines.diagonal().mean()
        return found + 1 - near

    rng = np.random.default_rng(seed)
    return fit(
        student,
        len(texts),
        loss_of,
        settings.schedule,
        rng=rng,
        stage="distillation",
        checkpoint=checkpoint and checkpoint.stage("distillation"),
    )
