"""Conversations: what the customer wants now."""

from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict


class Turn(BaseModel):
    """One utterance of a conversation."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: Literal["customer", "agent"]
    text: str


def current_problem(
    conversation: Sequence[Turn | Mapping[str, str]],
) -> tuple[str, tuple[str, ...]]:
    """The customer's last utterance, and those before it, oldest first.

    Raises:
        ValueError: The customer has not said anything yet, or a turn has an unknown role or field.
    """
    turns = [turn if isinstance(turn, Turn) else Turn.model_validate(turn) for turn in conversation]
    said = [turn.text for turn in turns if turn.role == "customer" and turn.text.strip()]
    if not said:
        raise ValueError("the conversation has no turn of the customer")
    return said[-1], tuple(said[:-1])
