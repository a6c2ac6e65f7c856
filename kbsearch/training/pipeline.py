"""The recipe: all stages in order, with the settings of the bundled model."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from kbsearch.analysis.filters import normalize
from kbsearch.encoders.protocol import unit_rows
from kbsearch.learning.checkpoint import Checkpoint
from kbsearch.learning.contrastive import ContrastiveSettings, contrast
from kbsearch.learning.student import (
    Student,
    TokenTable,
    best_device,
    inverse_frequency_weights,
)
from kbsearch.training import sources
from kbsearch.training.dictionary_vectors import dictionary_vectors
from kbsearch.training.distillation import DistillationSettings, distil
from kbsearch.training.groups import Group
from kbsearch.training.teacher import Teacher, principal_axes
from kbsearch.training.vocabulary import (
    VocabularyLimits,
    build_tokenizer,
    choose_words,
    jieba_frequencies,
    words_by_id,
)

UNTRAINED = "dictionary vectors"  # the name of the stage before any training


@dataclass(frozen=True, slots=True)
class Recipe:
    """All settings of a training run; the defaults made the bundled model."""

    dim: int = 256
    vocabulary: VocabularyLimits = field(default_factory=VocabularyLimits)
    distillation: DistillationSettings = field(default_factory=DistillationSettings)
    contrastive: ContrastiveSettings = field(default_factory=ContrastiveSettings)

    def with_epochs(self, epochs: int) -> "Recipe":
        """The same recipe with so many epochs of contrastive training."""
        schedule = self.contrastive.schedule._replace(epochs=epochs)
        return replace(self, contrastive=self.contrastive._replace(schedule=schedule))


@dataclass(frozen=True, slots=True)
class TrainingText:
    """What a student learns from; Chinese is normalised.

    Attributes:
        glosses: Word → English gloss.
        translations: The parallel text.
        groups: Paraphrase groups, those held out left out.
        frequencies: Word → frequency of all words a text may be cut into.
    """

    glosses: dict[str, str]
    translations: list[sources.Translation]
    groups: list[Group]
    frequencies: dict[str, int]

    def fingerprint(self) -> str:
        """SHA-256 over all of it."""
        content = (self.glosses, self.translations, self.groups, self.frequencies)
        return hashlib.sha256(repr(content).encode()).hexdigest()


def read_training_text(data: Path, groups: list[Group]) -> TrainingText:
    """The training text in the folder `data`, with the given groups."""
    return TrainingText(
        glosses=sources.read_cedict(data / sources.CEDICT_FILE),
        translations=sources.read_parallel(data / sources.PARALLEL_FILE),
        groups=groups,
        frequencies=jieba_frequencies(),
    )


def train(
    text: TrainingText,
    teacher: Teacher,
    recipe: Recipe,
    *,
    seed: int,
    report: Callable[[str, Student], None],
    checkpoint: Checkpoint | None = None,
) -> Student:
    """Trains a student.

    Args:
        text: What to learn from.
        teacher: Gives the English vectors.
        recipe: All settings.
        seed: Same seed, text, machine and number of threads: same student.
        report: Called with the name of each finished stage and the student as it then is.
        checkpoint: Remembers how far it is, so that a stopped training can go on.
    """
    words = choose_words(
        [part for group in text.groups for part in (*group.texts, group.answer)]
        + [pair.zh for pair in text.translations],
        [pair.en.lower() for pair in text.translations],
        frequencies=text.frequencies,
        glosses=text.glosses,
        limits=recipe.vocabulary,
    )
    tokenizer = build_tokenizer(words, text.frequencies)
    words = words_by_id(tokenizer)

    english = list(dict.fromkeys(pair.en for pair in text.translations))
    english_vectors = teacher.encode(english)
    axes = principal_axes(english_vectors, recipe.dim)
    rows = dictionary_vectors(words, text.glosses, text.frequencies, teacher=teacher, axes=axes)
    # Both sides of the parallel text: Chinese, and the English that mixed queries contain.
    number = {en: index for index, en in enumerate(english)}
    tokens = TokenTable(
        [pair.zh for pair in text.translations] + [normalize(en) for en in english], tokenizer
    )
    target_of = [number[pair.en] for pair in text.translations] + list(range(len(english)))
    student = Student(tokenizer, rows, inverse_frequency_weights(tokens.counts(len(words))))
    student.to(best_device())
    report(UNTRAINED, student)

    targets = unit_rows(english_vectors @ axes)
    distil(
        student, tokens, targets, target_of, recipe.distillation, seed=seed, checkpoint=checkpoint
    )
    report("distillation", student)
    intents = [group.intent for group in text.groups if len(set(group.texts)) > 1]
    contrast(student, intents, recipe.contrastive, seed=seed, checkpoint=checkpoint)
    report("contrastive training", student)
    return student
