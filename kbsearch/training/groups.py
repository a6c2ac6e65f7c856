"""Paraphrase groups: reading, joining those that share a text, holding some out."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from kbsearch.analysis.filters import normalize
from kbsearch.learning.intents import Intent, joined

GROUPS_FOLDER = "paraphrases"


@dataclass(frozen=True, slots=True)
class Group:
    """One intent in many words; all texts are normalised.

    Attributes:
        id: Its id in the source.
        title: The standard question.
        questions: Paraphrases of it, in the source's order.
        hard_negatives: Questions that sound alike and ask for something else.
        answer: The answer's text.
        source: The line it was read from, unchanged.
    """

    id: str
    title: str
    questions: tuple[str, ...]
    hard_negatives: tuple[str, ...]
    answer: str
    source: str

    @property
    def texts(self) -> tuple[str, ...]:
        """Title and questions."""
        return (self.title, *self.questions)

    @property
    def intent(self) -> Intent:
        """What a student learns of it; title and answer are one passage."""
        passages = (f"{self.title} {self.answer}",)
        return Intent(tuple(dict.fromkeys(self.texts)), passages, self.hard_negatives)


class Split(NamedTuple):
    """Groups to train on and groups to measure on; no text occurs in both."""

    training: list[Group]
    held_out: list[Group]


def read_groups(folder: Path) -> list[Group]:
    """All groups of the folder's JSONL files, by file name, then line."""
    return [
        parse_group(line)
        for path in sorted(folder.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip()
    ]


def parse_group(line: str) -> Group:
    """The group on one line of a JSONL file."""
    fields = json.loads(line)
    return Group(
        id=fields["id"],
        title=normalize(fields["title"]),
        questions=tuple(dict.fromkeys(map(normalize, fields["questions"]))),
        hard_negatives=tuple(map(normalize, fields["hard_negatives"])),
        answer=normalize(fields["answer"]),
        source=line,
    )


def intents(groups: Sequence[Group]) -> list[int]:
    """For each group the number of its intent; groups linked by shared texts have the same."""
    return joined([group.texts for group in groups])


def split(groups: Sequence[Group], *, hold_out: float, seed: int) -> Split:
    """A random share `hold_out` of the groups held out, whole intents at a time.

    Args:
        groups: All groups.
        hold_out: Share to hold out, at least 0 and below 1.
        seed: Of the random choice; the same seed and groups give the same split.
    """
    members: dict[int, list[Group]] = defaultdict(list)
    for intent, group in zip(intents(groups), groups, strict=True):
        members[intent].append(group)
    order = np.random.default_rng(seed).permutation(sorted(members))
    held_out: set[str] = set()
    for intent in order:
        if len(held_out) >= hold_out * len(groups):
            break
        held_out |= {group.id for group in members[intent]}
    return Split(
        training=[group for group in groups if group.id not in held_out],
        held_out=[group for group in groups if group.id in held_out],
    )


def write_groups(groups: Iterable[Group], path: Path) -> None:
    """Writes the groups as they stood in the source."""
    path.write_text("".join(f"{group.source}\n" for group in groups), encoding="utf-8")
