"""Fine-tuning: an encoder learns a user's own articles, and what people asked and then opened.

Takes articles, and clicks or links between queries and articles; gives a model folder for
``kbsearch build --model``. The articles teach as in `kbsearch.learning.adaptation`; a query that
led to an article counts as one more question of it.
"""

import json
import zlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from kbsearch.analysis.filters import normalize
from kbsearch.article import Article
from kbsearch.encoders.protocol import Encoder
from kbsearch.encoders.registry import load_encoder
from kbsearch.encoders.static import StaticEncoder
from kbsearch.errors import Problem, QuerySetError
from kbsearch.learning.adaptation import intent_of, settings_for
from kbsearch.learning.checkpoint import Checkpoint
from kbsearch.learning.contrastive import ContrastiveSettings, contrast
from kbsearch.learning.fitting import Schedule
from kbsearch.learning.intents import Intent
from kbsearch.learning.student import Student, best_device
from kbsearch.learning.transformer import TransformerStudent
from kbsearch.training.export import export

# A small rate and few epochs, as is usual for transformers that were trained for sentences.
TRANSFORMER = ContrastiveSettings(
    schedule=Schedule(epochs=3, batch=32, learning_rate=2e-5), word_dropout=0.0, runs=1
)
_BODY_SHARE = 0.5


class FineTuning(NamedTuple):
    """What came of it.

    Attributes:
        articles: Articles learned from.
        queries: Queries learned from.
        held_out: Queries kept apart to measure on.
        before: Share of these whose article the model found first, by vectors alone; None if no
            queries were kept apart.
        after: The same with the trained model.
    """

    articles: int
    queries: int
    held_out: int
    before: float | None
    after: float | None


def fine_tune(
    articles: Sequence[Article],
    clicks: Mapping[str, Sequence[str]],
    model: str,
    out: Path,
    *,
    epochs: int | None = None,
    hold_out: float = 0.1,
    seed: int = 0,
    work: Path | None = None,
) -> FineTuning:
    """Trains `model` and writes the result as a sentence-transformers folder.

    Args:
        articles: The knowledge base.
        clicks: Article id → queries that led to it; see `read_clicks`.
        model: ``bundled``, or name or folder of a sentence-transformers model.
        out: Folder for the trained model.
        epochs: Passes over the articles; by default 40 to 160 for a static model, 3 for a
            transformer.
        hold_out: Share of the queries to measure on instead of learning from them.
        seed: Of chance.
        work: Folder that remembers how far the training is, so that it can go on.

    Raises:
        EncoderError: The model cannot be loaded.
        ValueError: `hold_out` is not in [0, 1), or there are fewer than two articles.
    """
    if not 0 <= hold_out < 1:
        raise ValueError(f"hold_out must be at least 0 and below 1, got {hold_out}")
    if len(articles) < 2:
        raise ValueError("it takes two articles to learn to tell them apart")
    own = [intent_of(article) for article in articles]
    told = {question for intent in own for question in intent.questions}
    learned, asked = _split(clicks, hold_out, seed, told)
    intents = [
        _with_queries(intent, learned.get(article.id, ()))
        for article, intent in zip(articles, own, strict=True)
    ]
    encoder = load_encoder(model)
    before = _found_first(encoder, articles, asked)
    static = isinstance(encoder, StaticEncoder)
    settings = settings_for(len(intents)) if static else TRANSFORMER
    if epochs is not None:
        settings = settings._replace(schedule=settings.schedule._replace(epochs=epochs))
    key = f"{encoder.fingerprint} {settings} {seed} {zlib.crc32(repr(intents).encode())}"
    checkpoint = Checkpoint(work / "fine-tuning", key) if work else None
    if isinstance(encoder, StaticEncoder):
        student = Student.of(encoder)
        student.to(best_device())
        with torch.random.fork_rng():
            contrast(student, intents, settings, seed=seed, checkpoint=checkpoint)
        export(student, out, card=_card(model, len(articles)))
    else:
        transformer = TransformerStudent(model, best_device())
        transformer.train()
        with torch.random.fork_rng():
            contrast(transformer, intents, settings, seed=seed, checkpoint=checkpoint)
        transformer.eval()
        transformer.save(out)
    if checkpoint:
        checkpoint.clear()
    after = _found_first(load_encoder(out), articles, asked)
    count = sum(map(len, learned.values()))
    return FineTuning(len(articles), count, len(asked), before, after)


def read_clicks(path: Path, known: Iterable[str]) -> dict[str, list[str]]:
    """Article id → queries, from JSONL lines ``{"query": …, "article_id": …}``.

    Args:
        path: The file.
        known: Ids of the articles.

    Raises:
        QuerySetError: A line is no such object or names an unknown article; tells every one.
    """
    ids = set(known)
    clicks: dict[str, list[str]] = defaultdict(list)
    problems = []
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        reason = {"reason": str(error)}
        unreadable = Problem("query_file_unreadable", str(path), params=reason)
        raise QuerySetError("clicks_invalid", [unreadable]) from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            fields = json.loads(line)
            query, article_id = fields["query"], fields["article_id"]
            if not (isinstance(query, str) and isinstance(article_id, str)):
                raise TypeError("query and article_id must be text")
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            params = {"reason": str(error)}
            problems.append(
                Problem("click_wrong", str(path), number, value=line[:40], params=params)
            )
            continue
        if article_id not in ids:
            problems.append(
                Problem("click_unknown_article", str(path), number, "article_id", article_id)
            )
        elif query.strip():
            clicks[article_id].append(query)
    if problems:
        raise QuerySetError("clicks_invalid", problems)
    return dict(clicks)


def _split(
    clicks: Mapping[str, Sequence[str]], hold_out: float, seed: int, told: Collection[str] = ()
) -> tuple[dict[str, list[str]], list[tuple[str, str]]]:
    """Queries to learn from, by article, and (query, article id) pairs to measure on.

    What the articles themselves ask (`told`) is neither: it is learned anyway.
    """
    every = {(normalize(query), name) for name, all_ in clicks.items() for query in all_}
    pairs = sorted((query, name) for query, name in every if query not in told)
    order = np.random.default_rng(seed).permutation(len(pairs))
    asked = [pairs[i] for i in order[: int(hold_out * len(pairs))]]
    texts = {query for query, _ in asked}  # a query asked of two articles is not learned either
    learned: dict[str, list[str]] = defaultdict(list)
    for query, name in pairs:
        if query not in texts:
            learned[name].append(query)
    return dict(learned), asked


def _with_queries(intent: Intent, queries: Sequence[str]) -> Intent:
    return intent._replace(questions=tuple(dict.fromkeys((*intent.questions, *queries))))


def _found_first(
    encoder: Encoder, articles: Sequence[Article], asked: Sequence[tuple[str, str]]
) -> float | None:
    """Share of the queries whose article comes first: best question plus half of the body."""
    if not asked:
        return None
    queries = encoder.encode([query for query, _ in asked])
    scores: list[NDArray[np.float32]] = []
    for article in articles:
        questions, passages, _ = intent_of(article)
        body = encoder.encode(["\n".join(passages)])
        best = (queries @ encoder.encode(questions).T).max(axis=1)
        scores.append(best + _BODY_SHARE * (queries @ body.T)[:, 0])
    first = np.argmax(np.stack(scores, axis=1), axis=1)
    right = [articles[row].id == name for row, (_, name) in zip(first, asked, strict=True)]
    return float(np.mean(right))


def _card(model: str, articles: int) -> str:
    return (
        f"# Fine-tuned encoder\n\n`{model}`, trained by `kbsearch train` on {articles:,} articles. "
        "It carries the licence of the model it came from, and knows what those articles say.\n"
    )
