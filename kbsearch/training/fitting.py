"""The training loop that both stages share: random batches, Adam, a falling learning rate."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm  # type: ignore[import-untyped]  # ships no type information

from kbsearch.training.student import Student


class Schedule(NamedTuple):
    """How long and how fast to train.

    Attributes:
        epochs: Passes over all examples.
        batch: Examples in a step; each is a wrong answer for the others.
        learning_rate: Of Adam (Kingma and Ba, 2015), falling linearly to zero.
    """

    epochs: int
    batch: int
    learning_rate: float


def fit(
    student: Student,
    examples: int,
    loss_of: Callable[[list[int]], Tensor],
    schedule: Schedule,
    *,
    rng: np.random.Generator,
    stage: str,
) -> list[float]:
    """Trains the student in place, with a progress bar on stderr.

    Args:
        student: Trained in place.
        examples: Number of examples.
        loss_of: The loss of a batch, given as the numbers of its examples.
        schedule: How long and how fast.
        rng: Draws the order of the examples, anew in each epoch.
        stage: Name for the progress bar.

    Returns:
        The mean loss of each epoch.
    """
    steps = schedule.epochs * -(-examples // schedule.batch)
    optimizer = torch.optim.Adam(student.parameters(), lr=schedule.learning_rate, fused=True)
    rates = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=steps)
    losses: list[float] = []
    with tqdm(total=steps, desc=stage) as progress:
        for _ in range(schedule.epochs):
            epoch: list[float] = []
            order = rng.permutation(examples)
            for start in range(0, examples, schedule.batch):
                loss = loss_of(order[start : start + schedule.batch].tolist())
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
                optimizer.step()
                rates.step()
                epoch.append(loss.item())
                progress.update()
            losses.append(float(np.mean(epoch)))
    return losses
