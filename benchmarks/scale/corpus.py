"""A knowledge base of any size: the real articles of `corpora/`, and as many recombined ones.

An article that is no real one takes two paraphrase groups that stand near each other, so mostly of
one industry, and joins their sentences: its title, five questions and body are customer service in
words and lengths, and no other article has the same pair. The articles of a smaller size are the
first of a larger one; every run gives the same.
"""

import json
import random
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path
from typing import NamedTuple

from kbsearch.article import Article, Kind
from kbsearch.loaders.source import read_source

ROOT = Path(__file__).parents[2]
INDUSTRIES = ("smart_devices", "telecom", "ecommerce", "finance")
QUESTIONS = 6  # an article: its title and five similar questions
_SEED = 8
_KINDS = (Kind.FAQ, Kind.TROUBLESHOOTING, Kind.GUIDE, Kind.POLICY)


class _Group(NamedTuple):
    industry: str
    title: str
    questions: tuple[str, ...]
    answer: str


def corpus(size: int) -> Iterator[Article]:
    """`size` articles; with fewer than 625, only so many of the real ones."""
    yield from islice(_all(), size)


def scoped(industry: str, article_id: str) -> str:
    """The id of a real article here, where four knowledge bases are one."""
    return f"{industry}.{article_id}"


def _all() -> Iterator[Article]:
    for industry in INDUSTRIES:
        for article in read_source([ROOT / "corpora" / industry]).articles:
            yield article.model_copy(update={"id": scoped(industry, article.id), "links": ()})
    groups = _groups()
    order = list(range(len(groups)))
    random.Random(_SEED).shuffle(order)
    for number in count():
        turn, place = divmod(number, len(groups))
        first = order[place]
        second = (first + 1 + turn) % len(groups)
        yield _recombined(number, groups[first], groups[second], turn)


def _groups() -> list[_Group]:
    """The paraphrase groups, neighbours of one industry side by side."""
    files = sorted((ROOT / "corpora" / "paraphrases").glob("groups_*.jsonl"))
    rows = [json.loads(line) for f in files for line in f.read_text(encoding="utf-8").splitlines()]
    return [_Group(*(row[name] for name in _Group._fields)) for row in rows]


def _recombined(number: int, first: _Group, second: _Group, turn: int) -> Article:
    own, other = first.questions, second.questions
    pairs = [
        (own[(i + turn) % len(own)], other[(i + 2 * turn + 1) % len(other)])
        for i in range(QUESTIONS - 1)
    ]
    return Article(
        id=f"scale-{number:06d}",
        kind=_KINDS[number % len(_KINDS)],
        title=_joined(first.title, second.title),
        questions=tuple(_joined(*pair) for pair in pairs),
        body=f"{first.answer}{second.answer}",
        category=first.industry,
    )


def _joined(first: str, second: str) -> str:
    """The first half of one sentence's clauses and the second half of the other's.

    >>> _joined("空调不冷，外机在转，怎么回事", "墙上滴水，床湿了")
    '空调不冷，外机在转，床湿了'
    """
    heads, tails = first.split("，"), second.split("，")
    return "，".join([*heads[: (len(heads) + 1) // 2], *tails[len(tails) // 2 :]])
