"""Foreign ids: articles that came from another tool go by the ids that they had there."""

import dataclasses
from collections.abc import Mapping
from typing import cast

from kbsearch.evaluation.formats.article_ids import foreign_id_of
from kbsearch.evaluation.result import Evaluation


def with_foreign_ids(evaluation: Evaluation) -> Evaluation:
    """The evaluation with the ids of `kbsearch.evaluation.formats.article_ids` decoded."""
    ids = (*evaluation.titles, *evaluation.unknown_articles)
    foreign = {slug: foreign_id_of(slug) for slug in ids if foreign_id_of(slug) != slug}
    return cast(Evaluation, _renamed(evaluation, foreign)) if foreign else evaluation


def _renamed(value: object, names: Mapping[str, str]) -> object:
    """The value with every text that is one of `names` replaced, however deep it lies."""
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, tuple):
        return tuple(_renamed(each, names) for each in value)
    if isinstance(value, Mapping):
        return {names.get(key, key): _renamed(each, names) for key, each in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {each.name: getattr(value, each.name) for each in dataclasses.fields(value)}
        return type(value)(**{name: _renamed(each, names) for name, each in fields.items()})
    return value
