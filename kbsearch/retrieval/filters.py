"""Filters: which articles may be found at all."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from kbsearch.article import Audience, Kind, Visibility
from kbsearch.errors import FilterError
from kbsearch.index.facet_index import FACETS
from kbsearch.reasons import faults, reason

_ALIASES = {
    "product": "products",
    "tag": "tags",
    "channel": "channels",
    "region": "regions",
    "date": "valid_on",
}


def _as_tuple(value: object) -> object:
    """One value alone stands for a list of one."""
    return (value,) if isinstance(value, str) else value


def _category(value: object) -> object:
    values = _as_tuple(value)
    if not isinstance(values, Sequence):
        return values
    return tuple(v.strip().strip("/") if isinstance(v, str) else v for v in values)


Names = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]


class Filters(BaseModel):
    """What an article must be like; within a field any value does, all fields must fit.

    A category matches everything below it. An article that names no audience, channel or region is
    meant for all of them. ``visibility`` alone is strict the other way: ``public`` never shows an
    internal article, ``internal`` shows internal ones only; without it both are searched.

    Attributes:
        valid_on: Day on which the article must hold; None is the day of the search.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Annotated[tuple[Kind, ...], BeforeValidator(_as_tuple)] = ()
    products: Names = ()
    tags: Names = ()
    category: Annotated[tuple[str, ...], BeforeValidator(_category)] = ()
    audience: Annotated[tuple[Audience, ...], BeforeValidator(_as_tuple)] = ()
    channels: Names = ()
    regions: Names = ()
    visibility: Annotated[tuple[Visibility, ...], BeforeValidator(_as_tuple)] = ()
    valid_on: date | None = None

    @classmethod
    def parse(cls, filters: "FilterArgument") -> Self:
        """Filters from a mapping of field to value or values; ``product`` for ``products`` etc.

        Raises:
            FilterError: An unknown field or value; names it and what is allowed. A ValueError.
        """
        if isinstance(filters, cls):
            return filters
        if not filters:
            return cls._unconditional()
        named: dict[str, object] = {}
        for name, value in dict(filters or {}).items():
            field = _ALIASES.get(name, name)
            if field in named:
                raise FilterError("filter_twice", {"field": field})
            if isinstance(value, list | tuple | str) and not value:
                # Taken as "no condition", an empty list of what may be seen would show everything.
                raise FilterError("filter_empty", {"field": field})
            named[field] = value
        try:
            return cls.model_validate(named)
        except ValidationError as error:
            first = faults(error)[0]
            field = str(first["loc"][0])
            if first["type"] == "extra_forbidden":
                params = {"field": field, "allowed": ", ".join(cls.model_fields)}
                raise FilterError("filter_unknown", params) from error
            params = {"field": field, "value": first["input"], "reason": reason(first)}
            raise FilterError("filter_value", params) from error

    @classmethod
    @cache
    def _unconditional(cls) -> Self:
        return cls()

    def wanted(self) -> dict[str, tuple[str, ...]]:
        """Facet to the values asked for; facets without any are left out."""
        facets = {name: tuple(str(v) for v in getattr(self, name)) for name in FACETS}
        return {name: values for name, values in facets.items() if values}


FilterArgument = Filters | Mapping[str, object] | None
"""What callers may give: filters, a mapping of field to value or values, or nothing."""
