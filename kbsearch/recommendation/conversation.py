"""Conversations: the problem that is open now, found among greetings and problems already solved.

A `Conversation` grows turn by turn; each turn is read once, in well under a millisecond beside its
vector, and the problem is the same as if the whole conversation were read anew.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

from pydantic import BaseModel, ConfigDict

from kbsearch.analysis.filters import normalize
from kbsearch.encoders.protocol import Encoder

_LONG = 6  # characters that make a new problem after something was settled
_SHIFT = 0.15  # cosine to the turns of a settled problem below which another topic begins
# A space parts clauses only between Chinese characters: 「腕伴 S2」 is one name.
_CLAUSE = re.compile(
    r"(?:(?!(?<=[\u4e00-\u9fff])\s+(?=[\u4e00-\u9fff]))[^，。！？!?；;、,…\n～~])+"
)


class Turn(BaseModel):
    """One utterance of a conversation."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: Literal["customer", "agent"]
    text: str


@dataclass(frozen=True, slots=True)
class Problem:
    """What the customer wants now.

    Attributes:
        text: What was said about it, oldest first, in one text.
        earlier: What the customer has taken back since, oldest first.
        settled: What was said about problems that are solved, oldest first.
        advice: What the agent has said since the problem came up, oldest first.
    """

    text: str
    earlier: tuple[str, ...] = ()
    settled: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()


class Conversation:
    """A conversation that grows.

    Args:
        turns: What has been said so far.
        encoder: With it, a turn that goes on about what seemed settled is told from one about
            something else.
    """

    def __init__(
        self,
        turns: Iterable[Turn | Mapping[str, str]] = (),
        *,
        encoder: Encoder | None = None,
    ) -> None:
        self._encoder = encoder
        self._open: list[str] = []
        self._settled: list[str] = []
        self._taken_back = 0  # turns of the open problem that the customer has taken back
        self._is_settled = False
        self._agent = ""  # what the agent said last
        self._advice: list[str] = []  # what the agent said of the open problem
        self._words: list[str] = []
        for turn in turns:
            self.add(turn)

    def add(self, turn: Turn | Mapping[str, str]) -> None:
        """Reads one more turn.

        Raises:
            ValueError: It has an unknown role or field.
        """
        read = turn if isinstance(turn, Turn) else Turn.model_validate(turn)
        if not read.text.strip():
            return
        if read.role == "agent":
            self._agent = read.text
            self._advice.append(read.text)
            if self._open and any(_is("agent_closing", c) for c in _clauses(read.text)):
                self._is_settled = True
            return
        self._words.append(read.text)
        self._hear(read.text)
        self._agent = ""

    @property
    def customer(self) -> tuple[str, ...]:
        """Everything that the customer said, oldest first."""
        return tuple(self._words)

    @property
    def problem(self) -> Problem:
        """The problem that is open now, or the last one.

        Raises:
            ValueError: The customer has not said anything yet.
        """
        if not self._words:
            raise ValueError("the conversation has no turn of the customer")
        said = self._open or self._words[-1:]
        taken_back = min(self._taken_back, len(said) - 1)
        text = "，".join(turn.rstrip("，。！？!?,. ") or turn for turn in said[taken_back:])
        return Problem(
            text,
            tuple(said[:taken_back]),
            tuple(self._settled),
            tuple(self._advice),
        )

    def _hear(self, text: str) -> None:
        """Takes in a turn of the customer."""
        clauses = [*_CLAUSE.finditer(text)]
        said = [match[0].strip() for match in clauses]
        begin = 0
        while begin < len(said) and _is("small_talk", said[begin]):
            begin += 1
        greeted = begin
        while begin < len(said) and _is_courtesy(said[begin]):
            if self._open and _is("settled", said[begin]):
                self._is_settled = True
            begin += 1
        if begin == len(said):
            if greeted < begin and self._agent and not self._is_settled and _asks(self._agent):
                self._open.append(self._agent)  # 「对」 is about what the agent asked
            return
        opens = any(_begins("openers", clause) for clause in said[begin : begin + 2])
        takes_back = False
        while begin < len(said) - 1 and (
            _is("retraction", said[begin]) or _is("opener", said[begin])
        ):
            takes_back = takes_back or _is("retraction", said[begin])
            begin += 1
        content = text[clauses[begin].start() :].strip()
        if self._is_settled and self._open and self._is_new(content, opens):
            self._settled += self._open
            self._open, self._advice, self._taken_back = [], [], 0
        elif takes_back:
            self._taken_back = len(self._open)
        self._is_settled = False
        self._open.append(content)

    def _is_new(self, content: str, opens: bool) -> bool:
        """Whether words after a settled problem are about another one."""
        if any(_is("follow_up", clause) for clause in _clauses(content)):
            return False
        if opens:
            return True
        if len(content) < _LONG:
            return False
        if self._encoder is None:
            return True
        now, *before = self._encoder.encode([normalize(text) for text in (content, *self._open)])
        return max(float(now @ each) for each in before) < _SHIFT


def _asks(text: str) -> bool:
    return text.rstrip().endswith(("？", "?", "吗", "呢"))


def _clauses(text: str) -> list[str]:
    """What stands between punctuation marks."""
    return [clause for match in _CLAUSE.finditer(text) if (clause := match[0].strip())]


def _is_courtesy(clause: str) -> bool:
    """Whether the clause says nothing of a problem that is open."""
    return any(_is(name, clause) for name in ("small_talk", "settled", "assent"))


def _is(name: str, clause: str) -> bool:
    return bool(_phrases()[name].fullmatch(clause))


def _begins(name: str, clause: str) -> bool:
    return bool(_phrases()[name].match(clause))


@cache
def _phrases() -> dict[str, re.Pattern[str]]:
    """Name of a list → one expression for all its phrases."""
    source = resources.files("kbsearch.recommendation").joinpath("conversation.toml")
    lists = tomllib.loads(source.read_text(encoding="utf-8"))
    return {
        name: re.compile("|".join(f"(?:{p})" for p in phrases), re.IGNORECASE)
        for name, phrases in lists.items()
    }
