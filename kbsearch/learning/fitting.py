"""The training loop that all stages share: random batches, Adam, a falling learning rate."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm  # type: ignore[import-untyped]  # ships no type information

from kbsearch.learning.checkpoint import Checkpoint


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
    student: nn.Module,
    examples: int,
    loss_of: Callable[[list[int]], Tensor],
    schedule: Schedule,
    *,
    rng: np.random.Generator,
    stage: str,
    checkpoint: Checkpoint | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[float]:
    """Trains the student in place.

    Args:
        student: Trained in place.
        examples: Number of examples.
        loss_of: The loss of a batch, given as the numbers of its examples.
        schedule: How long and how fast.
        rng: Draws the order of the examples, anew in each epoch.
        stage: Name for the progress bar.
        checkpoint: Remembers finished epochs; what it knows of is not done again.
        progress: Told steps done and to do; without it, a bar is shown on stderr.

    Returns:
        The mean loss of each epoch.
    """
    steps_an_epoch = -(-examples // schedule.batch)
    steps = schedule.epochs * steps_an_epoch
    optimizer = torch.optim.Adam(student.parameters(), lr=schedule.learning_rate, fused=True)
    rates = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=steps)
    losses = checkpoint.restore(student, optimizer, rates, rng) if checkpoint else []
    done = len(losses) * steps_an_epoch
    with tqdm(total=steps, initial=done, desc=stage, disable=progress is not None) as bar:
        while len(losses) < schedule.epochs:
            epoch: list[float] = []
            order = rng.permutation(examples)
            for start in range(0, examples, schedule.batch):
                loss = loss_of(order[start : start + schedule.batch].tolist())
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
                optimizer.step()
                rates.step()
                epoch.append(loss.item())
                bar.update()
                done += 1
                if progress:
                    progress(done, steps)
            losses.append(float(np.mean(epoch)))
            if checkpoint and (checkpoint.due() or len(losses) == schedule.epochs):
                checkpoint.save(losses, student, optimizer, rates, rng)
    return losses
