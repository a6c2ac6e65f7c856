"""First training stage: a Chinese text gets the vector that the teacher gives its English twin."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional
from tqdm import tqdm

from kbsearch.training.student import Student, TokenTable


class DistillationSettings(NamedTuple):
    """How to distil.

    Attributes:
        epochs: Passes over the parallel text.
        batch: Pairs in a step; the others of a batch are a pair's wrong answers.
        learning_rate: Of Adam, falling linearly to zero.
        temperature: Divides cosines before the softmax.
    """

    epochs: int = 2
    batch: int = 1024
    learning_rate: float = 2e-3
    temperature: float = 0.05


def distil(
    student: Student,
    texts: TokenTable,
    targets: NDArray[np.float32],
    target_of: Sequence[int],
    settings: DistillationSettings,
    *,
    seed: int,
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

    Returns:
        The mean loss of each epoch.
    """
    rng = np.random.default_rng(seed)
    rows = torch.from_numpy(targets)
    target_ids = torch.tensor(target_of)
    steps = settings.epochs * -(-len(texts) // settings.batch)
    optimizer = torch.optim.Adam(student.parameters(), lr=settings.learning_rate, fused=True)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=steps)
    losses: list[float] = []
    with tqdm(total=steps, desc="distillation") as progress:
        for _ in range(settings.epochs):
            epoch: list[float] = []
            order = rng.permutation(len(texts))
            for start in range(0, len(order), settings.batch):
                drawn = order[start : start + settings.batch]
                vectors = student(*texts.draw(drawn))
                ids = target_ids[drawn]
                cosines = vectors @ rows[ids].T
                # The same target twice in a batch is right twice: leave the copies out.
                copies = (ids[:, None] == ids[None, :]) & ~torch.eye(len(ids), dtype=torch.bool)
                logits = (cosines / settings.temperature).masked_fill(copies, -torch.inf)
                loss = functional.cross_entropy(logits, torch.arange(len(ids)))
                loss = loss + (1 - cosines.diagonal()).mean()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
                epoch.append(loss.item())
                progress.update()
            losses.append(float(np.mean(epoch)))
    return losses
