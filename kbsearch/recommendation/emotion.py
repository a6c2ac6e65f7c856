"""Emotion: how angry, anxious or pressed a customer sounds, from a word list that an editor owns.

The score is transparent: the sum of what matched, each with its weight, intensified and negated by
the words before it. It reads words, cold and polite ones too, but no irony beyond the phrases that
are listed.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from typing import Annotated, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field

_BEFORE = 4  # characters before a phrase in which an intensifier counts
_EXCLAIMED = 1.3  # factor of a phrase with an exclamation mark in its clause
_FADING = 0.6  # of a turn's weight, for each later turn of the customer
_BREAK = re.compile(r"[，。！？!?；;、,…\n]")

Weights = Mapping[str, Annotated[float, Field(ge=0)]]


class Match(NamedTuple):
    """A phrase that was found.

    Attributes:
        feeling: The list that it stands in.
        phrase: The phrase, with what negates or intensifies it.
        weight: What it adds; 0 if it is negated.
    """

    feeling: str
    phrase: str
    weight: float


@dataclass(frozen=True, slots=True)
class Emotion:
    """How a customer sounds.

    Attributes:
        anger: Strength of anger, 0 and up.
        anxiety: Strength of fear and worry.
        urgency: How much hurry or danger is named.
        hand_over: Whether a person with authority should take over.
        is_raised: Whether scripts should come first.
        matches: What the strengths are made of.
    """

    anger: float
    anxiety: float
    urgency: float
    hand_over: bool
    is_raised: bool
    matches: tuple[Match, ...]


class _Negations(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    words: tuple[str, ...]
    reach: Annotated[int, Field(ge=0)]


class Lexicon(BaseModel):
    """The word list, as it stands in `emotion.toml`, where its fields are explained."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    raise_from: float
    hand_over_from: float
    anger: Weights
    anxiety: Weights
    urgency: Weights
    hand_over: Weights
    intensifiers: Weights
    negations: _Negations

    @classmethod
    def read(cls, path: str | Path | None = None) -> Self:
        """The word list of a file; that of the package without one.

        Raises:
            ValueError: Not TOML, or an unknown, missing or impossible entry; names the file.
            OSError: The file cannot be read.
        """
        source = Path(path) if path else resources.files(__package__).joinpath("emotion.toml")
        try:
            return cls.model_validate(tomllib.loads(source.read_text(encoding="utf-8")))
        except ValueError as error:  # TOML, encoding or entry
            raise ValueError(f"{source}: {error}") from error

    @classmethod
    def bundled(cls) -> "Lexicon":
        """The word list of the package, read once."""
        return _bundled()

    def emotion(self, turns: Iterable[str]) -> Emotion:
        """How the customer sounds; what was said last counts most.

        Args:
            turns: What the customer said, oldest first.
        """
        said = [*turns]
        matches = []
        for age, turn in enumerate(reversed(said)):
            fading = _FADING**age
            matches += [m._replace(weight=m.weight * fading) for m in self._matches(turn)]
        strength = dict.fromkeys(_FEELINGS, 0.0)
        for match in matches:
            strength[match.feeling] += match.weight
        anger, anxiety, urgency, trigger = strength.values()
        return Emotion(
            anger=anger,
            anxiety=anxiety,
            urgency=urgency,
            hand_over=max(anger, trigger) >= self.hand_over_from,
            is_raised=max(anger, anxiety + urgency, trigger) >= self.raise_from,
            matches=tuple(matches),
        )

    def _matches(self, text: str) -> Iterable[Match]:
        for found in self._expression.finditer(text):
            phrase = found[0]
            before = _BREAK.split(text[: found.start()])[-1]
            negation = self._negation(before)
            after = text[found.end() :]
            factor = _EXCLAIMED if (_BREAK.search(after) or [""])[0] in {"！", "!"} else 1.0
            stronger = [word for word in self.intensifiers if word in before[-_BEFORE:]]
            factor *= max((self.intensifiers[word] for word in stronger), default=1.0)
            feeling, weight = self._weights[phrase]
            yield Match(
                feeling,
                negation + phrase if negation else "".join(stronger[:1]) + phrase,
                0.0 if negation else weight * factor,
            )

    def _negation(self, before: str) -> str:
        """The end of `before` from a negation on that is near enough; "" if there is none."""
        for word in sorted(self.negations.words, key=len, reverse=True):
            place = before.rfind(word)
            is_near = len(before) - place - len(word) <= self.negations.reach
            if place >= 0 and is_near and not _asks(before, place):
                return before[place:]
        return ""

    @cached_property
    def _weights(self) -> dict[str, tuple[str, float]]:
        return {
            phrase: (feeling, weight)
            for feeling in _FEELINGS
            for phrase, weight in getattr(self, feeling).items()
        }

    @cached_property
    def _expression(self) -> re.Pattern[str]:
        phrases = sorted(self._weights, key=len, reverse=True)
        return re.compile("|".join(map(re.escape, phrases)) or r"(?!)")


def _asks(text: str, place: int) -> bool:
    """Whether the negation at `place` only asks, as in 「是不是」 and 「有没有」."""
    return place > 0 and text[place - 1] == text[place + 1 : place + 2]


_FEELINGS = ("anger", "anxiety", "urgency", "hand_over")


@cache
def _bundled() -> Lexicon:
    return Lexicon.read()
