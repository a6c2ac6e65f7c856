"""Adaptation: a static encoder learns how one knowledge base uses its words, in seconds.

From the articles alone, never from queries: title and similar questions ask the same, and the
body's pieces answer them. Only the rows of words that occur change, so what is learned is small,
and the same articles give the same rows.
"""

import re
import threading
from collections.abc import Callable, Sequence

import numpy as np
import torch

from kbsearch.adaptation import Adaptation
from kbsearch.analysis.filters import normalize
from kbsearch.article import Article
from kbsearch.encoders.static import StaticEncoder
from kbsearch.learning.contrastive import ContrastiveSettings, contrast
from kbsearch.learning.fitting import Schedule
from kbsearch.learning.intents import Intent
from kbsearch.learning.student import Student

# A small knowledge base fits into one batch. More steps keep an editor waiting and win nothing:
# hit@1 of 2,742 articles is 54.7 without adaptation, 56.0 after 120 steps and 55.4 after 240; 5,206
# of four kinds win in one of them after 400 what they lose in another.
_STEPS, _BATCH, _LEARNING_RATE = 160, 512, 1e-3
_ONE_AT_A_TIME = threading.Lock()  # torch's random numbers and threads belong to the whole process
_PIECE = 60  # characters of body that are learned as one passage, about a sentence or two
_SENTENCE = re.compile(r"[^。！？!?；;\n]+[。！？!?；;\n]*")


def adapt(
    encoder: StaticEncoder,
    articles: Sequence[Article],
    *,
    settings: ContrastiveSettings | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Adaptation:
    """What `encoder` learns from the articles.

    Trained on one thread and with a seed of its own: the same on every run of one machine.

    Args:
        encoder: As it came; one that is adapted already would learn on top of that.
        articles: What to learn from, in an order that decides nothing but chance.
        settings: How to train; by default `settings_for` so many articles.
        progress: Told how far it is.
    """
    intents = [intent_of(article) for article in articles]
    used = np.unique(
        np.concatenate(
            [
                np.zeros(0, np.int32),
                *encoder.words.ids([t for i in intents for t in (*i.questions, *i.passages)]),
            ]
        )
    ).astype(np.int32)
    used = used[encoder.words.weights[used] > 0]
    student = Student.of(encoder, used)
    with _ONE_AT_A_TIME, torch.random.fork_rng(devices=[]):
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            how = settings or settings_for(len(intents))
            contrast(student, intents, how, seed=0, progress=progress)
        finally:
            torch.set_num_threads(threads)
    with torch.no_grad():
        rows = (student.rows * student.log_weights.exp()[:, None]).numpy().astype(np.float16)
    hashes = sorted(bytes.fromhex(article.content_hash()) for article in articles)
    learned = np.frombuffer(b"".join(hashes), dtype=np.uint8).reshape(-1, 32)
    return Adaptation(words=used, rows=rows, articles=learned)


def settings_for(articles: int) -> ContrastiveSettings:
    """How to learn from so many articles: in 160 steps, or once each if there are more batches.

    >>> settings_for(156).schedule.epochs, settings_for(2_742).schedule.epochs
    (160, 27)
    """
    steps_an_epoch = max(1, -(-articles // _BATCH))
    epochs = -(-_STEPS // steps_an_epoch)
    schedule = Schedule(epochs=epochs, batch=_BATCH, learning_rate=_LEARNING_RATE)
    return ContrastiveSettings(schedule=schedule, runs=1)


def intent_of(article: Article) -> Intent:
    """What there is to learn from an article: its questions, and its body in pieces."""
    fields = article.field_texts()
    questions = dict.fromkeys(normalize(text) for text in (*fields["title"], *fields["questions"]))
    body = [normalize(text) for text in (*fields["body"], *fields["captions"])]
    return Intent(tuple(questions), tuple(piece for text in body for piece in pieces(text)))


def pieces(text: str) -> list[str]:
    """The text in runs of whole sentences, as many together as fit into 60 characters.

    >>> pieces("先清洗滤网。再重启空调。")
    ['先清洗滤网。再重启空调。']
    """
    runs: list[str] = []
    for sentence in _SENTENCE.findall(text):
        if runs and len(runs[-1]) + len(sentence) <= _PIECE:
            runs[-1] += sentence
        elif sentence.strip():
            runs.append(sentence)
    return runs
