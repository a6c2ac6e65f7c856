"""Slots: what an agent does with an article, why it is there, and filling without repetition."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from kbsearch.article import Kind, Relation

LONGEST_SLOT = 3  # an agent reads three articles, not ten


class Slot(StrEnum):
    """What an agent does with an article, in the order of acting."""

    SOLUTION = "solution"
    NEXT_STEP = "next_step"
    POLICY = "policy"
    SCRIPT = "script"
    RELATED = "related"


class ReasonKind(StrEnum):
    """Why an article is recommended; its sentence stands under ``cli.recommend.reason_{kind}``."""

    SEARCH = "search"  # search found it
    LEADING = "leading"  # search puts it first
    SIMILAR = "similar"  # its title or a similar question is near the problem's wording
    ADVICE = "advice"  # the same, near what the agent has said
    SETTLED = "settled"  # the same, near what is settled or taken back
    BODY = "body"  # its text is near the problem's wording
    ANSWER = "answer"  # it may solve the problem itself
    LINK = "link"  # an editor's link leads here, directly or over one article
    ASIDE = "aside"  # links lead here, too, but into another slot
    HUB = "hub"  # many articles lead here
    RULE = "rule"  # it is a policy
    INFERRED = "inferred"  # it shares product and category with the problem's article
    SOLVED = "solved"  # it solved the same past cases as the problem's article
    PRODUCT = "product"  # it is about a product that the customer owns or named
    OTHER_PRODUCT = "other_product"  # it is about other products only
    EMOTION = "emotion"  # the customer is upset
    SEGMENT = "segment"  # it is written for customers like this one
    SEASON = "season"  # it is wanted, or has just begun to hold, at this time of the year
    VIEWED = "viewed"  # others read it after what this customer read
    USAGE = "usage"  # agents used it, or waved it away
    DEFAULT = "default"  # it is what new customers begin with


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason for an article.

    Attributes:
        kind: What kind of reason.
        weight: What it adds to the log-odds that the article is wanted; below 0 it counts against.
        via: Id of the article that it comes from, or what was matched; "" if nothing.
        relation: The link, if it is one.
    """

    kind: ReasonKind
    weight: float
    via: str = ""
    relation: Relation | None = None


@dataclass(frozen=True, slots=True)
class RecommendedArticle:
    """One article in a slot, and why it is there.

    Attributes:
        article_id: Id of the article.
        title: Its title.
        kind: Its kind.
        confidence: Probability that it answers the problem; None if search did not find it.
        relation: The link that speaks most for it; None if none does.
        via: Id of the article with that link; "" if there is none.
        reasons: Why it is there, the strongest first.
    """

    article_id: str
    title: str
    kind: Kind
    confidence: float | None = None
    relation: Relation | None = None
    via: str = ""
    reasons: tuple[Reason, ...] = ()


class Candidate(NamedTuple):
    """An article that may stand in a slot.

    Attributes:
        slot: Where.
        row: Its row in the index.
        probability: That it is wanted there, 0 to 1.
    """

    slot: Slot
    row: int
    probability: float


def fill(
    candidates: Iterable[Candidate],
    *,
    opens: float,
    follows: Mapping[Slot, float],
    is_duplicate: Callable[[int, Sequence[int]], bool],
    longest: int = LONGEST_SLOT,
) -> dict[Slot, tuple[Candidate, ...]]:
    """Puts candidates into slots, the most probable first; equal ones in the order of their rows.

    The most probable solution comes before all others, so that it stands where it is acted on and
    not, being a policy, elsewhere. No article stands twice, nor beside one that says the same; a
    slot stays empty rather than wrong.

    Args:
        candidates: The same article may be a candidate for several slots.
        opens: Probability that the first article of a slot must have.
        follows: Probability that the others must have.
        is_duplicate: Whether a row says the same as one of the rows that are placed already.
        longest: Articles in a slot at most.
    """
    slots: dict[Slot, list[Candidate]] = {slot: [] for slot in Slot}
    placed: list[int] = []
    place = {slot: number for number, slot in enumerate(Slot)}
    ordered = sorted(candidates, key=lambda c: (-c.probability, c.row, place[c.slot]))
    solution = [each for each in ordered if each.slot is Slot.SOLUTION][:1]
    for each in (*solution, *ordered):
        chosen = slots[each.slot]
        least = follows[each.slot] if chosen else opens
        if each.probability < least or len(chosen) == longest or each.row in placed:
            continue
        if not is_duplicate(each.row, placed):
            placed.append(each.row)
            chosen.append(each)
    return {slot: tuple(chosen) for slot, chosen in slots.items()}
