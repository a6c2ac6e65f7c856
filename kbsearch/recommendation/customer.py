"""The customer context: what a service knows of the person it recommends for."""

import datetime
from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict

from kbsearch.article import Audience

# Services and editors name the same channel differently.
_SAME_CHANNEL = (frozenset({"web", "online"}), frozenset({"phone", "hotline"}))


class CustomerContext(BaseModel):
    """Who asks; everything may be unknown.

    Attributes:
        segment: Only articles meant for this segment, or for everyone, are recommended.
        products: Products the customer owns; articles about them come first.
        region: Only articles that hold there.
        channel: Only articles meant for this channel.
        viewed: Ids of the articles read lately, newest last; they are not recommended again.
        recent_queries: What the customer searched lately, newest last.
        date: The day; today without.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    segment: Audience | None = None
    products: tuple[str, ...] = ()
    region: str | None = None
    channel: str | None = None
    viewed: tuple[str, ...] = ()
    recent_queries: tuple[str, ...] = ()
    date: datetime.date | None = None

    @classmethod
    def parse(cls, context: "CustomerContext | Mapping[str, object] | None") -> Self:
        """A context from a mapping.

        Raises:
            ValueError: An unknown field or segment (pydantic names it).
        """
        return context if isinstance(context, cls) else cls.model_validate(context or {})

    @property
    def day(self) -> datetime.date:
        """The day of the context."""
        return self.date or datetime.date.today()

    def filters(self) -> dict[str, object]:
        """The conditions that follow from the context."""
        wanted: dict[str, object] = {}
        if self.segment:
            wanted["audience"] = str(self.segment)
        if self.region:
            wanted["regions"] = self.region
        if self.channel:
            same = next((names for names in _SAME_CHANNEL if self.channel in names), ())
            wanted["channels"] = sorted({self.channel, *same})
        if self.date:
            wanted["valid_on"] = self.date
        return wanted
