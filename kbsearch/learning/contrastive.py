"""Contrastive training: paraphrases together, neighbouring questions apart."""

import copy
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from kbsearch.learning.checkpoint import Checkpoint
from kbsearch.learning.fitting import Schedule, fit
from kbsearch.learning.intents import Intent, joined
from kbsearch.learning.student import Learner


class ContrastiveSettings(NamedTuple):
    """How to train.

    Attributes:
        schedule: How long and how fast; an epoch draws a query and a paraphrase of each intent.
        temperature: Divides cosines before the softmax.
        body_share: Weight of the loss against a passage beside that against the paraphrase.
        hard_negatives: Whether the intents' negatives are wrong answers too.
        word_dropout: Share of each text's words left out at random.
        runs: Trainings with seeds of their own; the student becomes their mean.
    """

    schedule: Schedule = Schedule(epochs=60, batch=512, learning_rate=3e-3)
    temperature: float = 0.05
    body_share: float = 0.5
    hard_negatives: bool = False
    word_dropout: float = 0.2
    runs: int = 3


class _Pool:
    """All texts of the intents, ready to be drawn, and where those of each intent stand.

    Attributes:
        vectors: Gives the unit rows of the texts at some indexes.
        questions: For each intent the indexes of its questions.
        passages: For each intent the indexes of its passages.
        negatives: For each intent the indexes of its negatives.
        intent_of: (texts,) int64, the intent that asks the question; -1 if none does.
    """

    def __init__(self, intents: Sequence[Intent], student: Learner) -> None:
        intents = [i for i in intents if i.questions and len({*i.questions, *i.passages}) > 1]
        texts: list[str] = []

        def add(new: Iterable[str]) -> list[int]:
            start = len(texts)
            texts.extend(new)
            return list(range(start, len(texts)))

        self.questions = [add(intent.questions) for intent in intents]
        self.passages = [add(intent.passages) for intent in intents]
        self.negatives = [add(intent.negatives) for intent in intents]
        self.vectors = student.prepare(texts)
        numbers = joined([intent.questions for intent in intents])
        asked = {
            text: number
            for number, intent in zip(numbers, intents, strict=True)
            for text in intent.questions
        }
        self.intent_of = torch.tensor([asked.get(text, -1) for text in texts])

    def draw(self, intent: int, rng: np.random.Generator) -> tuple[int, int, int]:
        """A question of the intent, another text that asks or answers it, and a passage."""
        questions, passages = self.questions[intent], self.passages[intent]
        if len(questions) > 1:
            query, paraphrase = rng.choice(questions, 2, replace=False)
        else:
            query, paraphrase = questions[0], rng.choice(passages)
        passage = passages[0] if len(passages) == 1 else rng.choice(passages or questions)
        return int(query), int(paraphrase), int(passage)


def contrast(
    student: Learner,
    intents: Sequence[Intent],
    settings: ContrastiveSettings,
    *,
    seed: int,
    checkpoint: Checkpoint | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[float]:
    """Trains the student in place to find, for a question, its paraphrase and its article's body.

    The loss is the cross-entropy of finding them among those of the batch (InfoNCE, van den Oord et
    al., 2018, equation 4). A wrong answer that asks the same as the query does not count as wrong.
    Runs from the same start are averaged, weight by weight ("uniform soup", Wortsman et al., 2022,
    https://arxiv.org/abs/2203.05482): the mean generalises better and costs nothing at search time.

    Args:
        student: Trained in place.
        intents: What to learn; one with a single text teaches nothing.
        settings: How to train.
        seed: Of the order of the intents, of the texts drawn, and of word dropout.
        checkpoint: Remembers how far it is, so that a stopped training can go on.
        progress: Told steps done and to do in each run; without it, a bar is shown on stderr.

    Returns:
        The mean loss of each epoch of each run; none if there is nothing to learn.
    """
    pool = _Pool(intents, student)
    if not pool.questions:
        return []
    start = copy.deepcopy(student.state_dict())
    finished: list[dict[str, Tensor]] = []
    losses: list[float] = []
    for run in range(settings.runs):
        student.load_state_dict(start)
        student.word_dropout = settings.word_dropout
        seed_of_run = settings.runs * seed + run
        rng = np.random.default_rng(seed_of_run)
        torch.manual_seed(seed_of_run)
        losses += fit(
            student,
            len(pool.questions),
            partial(_loss, student=student, pool=pool, settings=settings, rng=rng),
            settings.schedule,
            rng=rng,
            stage="contrastive training",
            checkpoint=checkpoint and checkpoint.stage(f"contrastive-{run}"),
            progress=progress,
        )
        student.word_dropout = 0.0
        finished.append(copy.deepcopy(student.state_dict()))
    if settings.runs > 1:
        student.load_state_dict({name: _mean([run[name] for run in finished]) for name in start})
    return losses


def _mean(tensors: Sequence[Tensor]) -> Tensor:
    """Their mean; of whole numbers, which are no weights, the last."""
    if not tensors[0].is_floating_point():
        return tensors[-1]
    return torch.stack(list(tensors)).mean(dim=0)


def _loss(
    drawn: Sequence[int],
    *,
    student: Learner,
    pool: _Pool,
    settings: ContrastiveSettings,
    rng: np.random.Generator,
) -> Tensor:
    """The loss of one batch of intents."""
    triples = [pool.draw(intent, rng) for intent in drawn]
    queries, paraphrases, passages = map(list, zip(*triples, strict=True))
    negatives = [index for intent in drawn for index in pool.negatives[intent]]
    candidates = paraphrases + (negatives if settings.hard_negatives else [])
    vectors = pool.vectors(queries + passages + candidates)
    sizes = [len(queries), len(passages), len(candidates)]
    query_vectors, passage_vectors, candidate_vectors = torch.split(vectors, sizes)
    intent_of = pool.intent_of.to(vectors.device)
    asked = intent_of[queries]
    right = torch.arange(len(queries), device=vectors.device)

    def cross_entropy(found: Tensor, intent_of_found: Tensor) -> Tensor:
        same = asked[:, None] == intent_of_found[None, :]
        same[right, right] = False
        logits = (query_vectors @ found.T / settings.temperature).masked_fill(same, -torch.inf)
        return functional.cross_entropy(logits, right)

    loss = cross_entropy(candidate_vectors, intent_of[candidates])
    return loss + settings.body_share * cross_entropy(passage_vectors, asked)
