"""User-facing text in Chinese and English, from one catalogue per language.

The catalogues are `locales/zh.toml` and `locales/en.toml`: data that a translator edits. A test
holds both to the same keys and placeholders.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Literal, Self, get_args

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


class Phrase(str):
    """A text that stands in another one: English as it is, in any language by its key.

    Args:
        key: Dotted key of its text.
        params: Values for the placeholders.
    """

    key: str
    params: Mapping[str, object]

    def __new__(cls, key: str, params: Mapping[str, object]) -> Self:
        """See the class."""
        phrase = super().__new__(cls, text(key, "en", params))
        phrase.key, phrase.params = key, params
        return phrase

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.key, self.params)

    def text(self, lang: Language) -> str:
        """The phrase in `lang`."""
        return text(self.key, lang, self.params)


@cache
def catalogue(lang: Language) -> Mapping[str, str]:
    """All texts of one language: dotted key to template, such as ``problem.duplicate_id``."""
    source = resources.files("kbsearch").joinpath("locales", f"{lang}.toml")
    return dict(_flatten(tomllib.loads(source.read_text(encoding="utf-8"))))


def text(key: str, lang: Language, params: Mapping[str, object] | None = None) -> str:
    """The text under `key`, with its ``{placeholders}`` filled, phrases in the same language.

    Raises:
        KeyError: No such key, or a placeholder has no value: a fault of the program.
    """
    values = {
        name: value.text(lang) if isinstance(value, Phrase) else value
        for name, value in (params or {}).items()
    }
    return catalogue(lang)[key].format_map(values)


def _flatten(table: Mapping[str, object], prefix: str = "") -> list[tuple[str, str]]:
    """Nested TOML tables as (dotted key, text) pairs."""
    pairs: list[tuple[str, str]] = []
    for name, value in table.items():
        key = f"{prefix}{name}"
        if isinstance(value, Mapping):
            pairs += _flatten(value, f"{key}.")
        else:
            pairs.append((key, str(value)))
    return pairs
