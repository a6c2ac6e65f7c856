"""Which encoder an index gets: the model as it comes, or adapted to the articles."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from kbsearch.adaptation import Adaptation
from kbsearch.article import Article
from kbsearch.encoders.protocol import Encoder
from kbsearch.encoders.static import StaticEncoder
from kbsearch.index.local import LocalIndex
from kbsearch.indexer.content import Progress

# With fewer articles there is too little to tell apart: each learns from being among the others.
LEAST_ARTICLES = 50
# Share of articles, of the old and the new taken together, that only one side has. Below it an
# adaptation still serves those it has not seen (README.md has the figures).
MOST_UNKNOWN = 0.25


def needs_adapting(encoder: Encoder, hashes: NDArray[np.uint8], known: Adaptation | None) -> bool:
    """Whether a knowledge base wants another adaptation than `known`, or none in its place.

    Args:
        encoder: Only a static one can be adapted.
        hashes: (articles, 32) content hashes of all articles of the knowledge base.
        known: What was learned from its articles before.
    """
    if not isinstance(encoder, StaticEncoder):
        return False
    if known is None:
        return len(hashes) >= LEAST_ARTICLES
    return known.share_unknown(hashes) > MOST_UNKNOWN


def adapted_encoder(
    model: Encoder,
    hashes: NDArray[np.uint8],
    articles: Callable[[], Sequence[Article]],
    known: Adaptation | None,
    progress: Progress,
) -> Encoder:
    """`model`, adapted to the articles if that is possible.

    Args:
        model: As it came.
        hashes: (articles, 32) content hashes of all articles of the knowledge base.
        articles: Gives them, by id; called only if they are to be learned from.
        known: What was learned before; taken over unless the knowledge base has changed much.
        progress: Told how far it is.
    """
    if not isinstance(model, StaticEncoder):
        return model
    if needs_adapting(model, hashes, known):
        if len(hashes) < LEAST_ARTICLES:
            return model
        from kbsearch.learning.adaptation import adapt  # imports torch

        known = adapt(
            model, articles(), progress=lambda done, total: progress("adapt", done, total)
        )
    return model.adapted(known) if known else model


def published_adaptation(current: LocalIndex | None, model: Encoder) -> Adaptation | None:
    """What the published snapshot learned; None if that was nothing, or by another model."""
    same = current and current.manifest.contents.encoder.model_fingerprint == model.fingerprint
    return current.adaptation if current and same else None
