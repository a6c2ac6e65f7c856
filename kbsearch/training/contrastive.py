"""Second training stage: paraphrases together, neighbouring questions apart."""

import copy
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from kbsearch.training.fitting import Schedule, fit
from kbsearch.training.groups import Group, intents
from kbsearch.training.student import Student, TokenTable


class ContrastiveSettings(NamedTuple):
    """How to train on paraphrase groups.

    Attributes:
        schedule: How long and how fast; an epoch draws a query and a paraphrase of each group.
        temperature: Divides cosines before the softmax.
        body_share: Weight of the loss against title and answer beside that against the paraphrase.
        hard_negatives: Whether the groups' hard negatives are wrong answers too.
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
    """All texts of the groups as token ids, and where those of each group stand.

    Attributes:
        tokens: The texts.
        questions: For each group the indexes of title and questions.
        bodies: For each group the index of title and answer, as one text.
        negatives: For each group the indexes of its hard negatives.
        intent_of: (texts,) int64, the intent that asks the question; -1 if none does.
    """

    def __init__(self, groups: Sequence[Group], tokenizer: Tokenizer) -> None:
        groups = [group for group in groups if len(set(group.texts)) > 1]  # it takes two to compare
        texts: list[str] = []

        def add(new: Iterable[str]) -> list[int]:
            start = len(texts)
            texts.extend(new)
            return list(range(start, len(texts)))

        self.questions = [add(dict.fromkeys(group.texts)) for group in groups]
        self.bodies = [add([f"{group.title} {group.answer}"])[0] for group in groups]
        self.negatives = [add(group.hard_negatives) for group in groups]
        self.tokens = TokenTable(texts, tokenizer)
        asked = {
            text: intent
            for intent, group in zip(intents(groups), groups, strict=True)
            for text in group.texts
        }
        self.intent_of = torch.tensor([asked.get(text, -1) for text in texts])


def contrast(
    student: Student,
    groups: Sequence[Group],
    settings: ContrastiveSettings,
    *,
    seed: int,
) -> list[float]:
    """Trains the student in place to find, for a question, its paraphrase and its article's body.

    The loss is the cross-entropy of finding them among those of the batch (InfoNCE, van den Oord et
    al., 2018, equation 4). A wrong answer that asks the same as the query does not count as wrong.
    Runs from the same start are averaged, weight by weight ("uniform soup", Wortsman et al., 2022,
    https://arxiv.org/abs/2203.05482): the mean generalises better and costs nothing at search time.

    Args:
        student: Trained in place.
        groups: The paraphrase groups; one with a single text teaches nothing.
        settings: How to train.
        seed: Of the order of the groups, of the questions drawn, and of word dropout.

    Returns:
        The mean loss of each epoch of each run.
    """
    pool = _Pool(groups, student.tokenizer)
    start = copy.deepcopy(student.state_dict())
    finished: list[dict[str, Tensor]] = []
    losses: list[float] = []
    for run in range(settings.runs):
        student.load_state_dict(start)
        student.word_dropout = settings.word_dropout
        losses += _train_once(student, pool, settings, seed=settings.runs * seed + run)
        student.word_dropout = 0.0
        finished.append(copy.deepcopy(student.state_dict()))
    student.load_state_dict(
        {name: torch.stack([run[name] for run in finished]).mean(dim=0) for name in start}
    )
    return losses


def _train_once(
    student: Student, pool: _Pool, settings: ContrastiveSettings, *, seed: int
) -> list[float]:
    """One run, in place; the mean loss of each epoch."""
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    return fit(
        student,
        len(pool.questions),
        lambda batch: _loss(student, pool, batch, settings, rng),
        settings.schedule,
        rng=rng,
        stage="contrastive training",
    )


def _loss(
    student: Student,
    pool: _Pool,
    drawn: Sequence[int],
    settings: ContrastiveSettings,
    rng: np.random.Generator,
) -> Tensor:
    """The loss of one batch of groups."""
    pairs = [rng.choice(pool.questions[group], 2, replace=False) for group in drawn]
    queries, paraphrases = map(list, zip(*pairs, strict=True))
    bodies = [pool.bodies[group] for group in drawn]
    negatives = [index for group in drawn for index in pool.negatives[group]]
    candidates = paraphrases + (negatives if settings.hard_negatives else [])
    vectors = student(*pool.tokens.draw(queries + bodies + candidates))
    query_vectors, body_vectors, candidate_vectors = vectors.split(
        [len(queries), len(bodies), len(candidates)]
    )
    intent = pool.intent_of[queries]
    right = torch.arange(len(queries))

    def cross_entropy(found: Tensor, intent_of_found: Tensor) -> Tensor:
        same = intent[:, None] == intent_of_found[None, :]
        same[right, right] = False
        logits = (query_vectors @ found.T / settings.temperature).masked_fill(same, -torch.inf)
        return functional.cross_entropy(logits, right)

    loss = cross_entropy(candidate_vectors, pool.intent_of[candidates])
    return loss + settings.body_share * cross_entropy(body_vectors, intent)
