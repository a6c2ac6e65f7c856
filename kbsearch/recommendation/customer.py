"""The customer context: what a service knows of the person it recommends for."""

from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict

from kbsearch.article import Audience


class CustomerContext(BaseModel):
    """Who asks; everything may be unknown.

    Attributes:
        segment: Only articles meant for this segment, or for everyone, are recommended.
        products: Products the customer owns; articles about them come first.
        region: Only articles that hold there.
        channel: Only articles meant for this channel.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    segment: Audience | None = None
    products: tuple[str, ...] = ()
    region: str | None = None
    channel: str | None = None

    @classmethod
    def parse(cls, context: "CustomerContext | Mapping[str, object] | None") -> Self:
        """A context from a mapping.

        Raises:
            ValueError: An unknown field or segment (pydantic names it).
        """
        return context if isinstance(context, cls) else cls.model_validate(context or {})

    def filters(self) -> dict[str, str]:
        """The conditions that follow from the context."""
        wanted = {"audience": self.segment, "regions": self.region, "channels": self.channel}
        return {name: str(value) for name, value in wanted.items() if value}
