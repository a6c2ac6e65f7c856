"""Static model in training: a vector and a weight for every word; a text is their weighted mean."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from kbsearch.encoders.static import StaticEncoder

# a in a / (a + p(word)), the smooth inverse frequency of Arora et al. (2017, "A Simple but
# Tough-to-Beat Baseline for Sentence Embeddings", section 3); they recommend 1e-3 to 1e-4.
_SIF = 1e-3


class Learner(nn.Module, ABC):
    """What can be trained: a module that turns texts into unit rows.

    Attributes:
        word_dropout: Share of each text's words left out at random while it trains; a model may
            have other means and ignore it.
    """

    word_dropout: float = 0.0

    @abstractmethod
    def prepare(self, texts: Sequence[str]) -> Callable[[Sequence[int]], Tensor]:
        """Cuts the texts once; the result gives (n, dim) unit rows of those at `n` indexes."""


class TokenTable:
    """Texts as token ids, cut once and drawn many times.

    Args:
        texts: Normalised texts.
        tokenizer: The student's.
        vocabulary: (words,) token ids, ascending, that have a row; other tokens are left out, and
            a token's place in it is its id here. None = all tokens.
    """

    def __init__(
        self,
        texts: Sequence[str],
        tokenizer: Tokenizer,
        vocabulary: NDArray[np.int32] | None = None,
    ) -> None:
        encodings = tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        ids = [np.array(encoding.ids, dtype=np.int64) for encoding in encodings]
        if vocabulary is not None:
            place = np.full(tokenizer.get_vocab_size(), -1, dtype=np.int64)
            place[vocabulary] = np.arange(len(vocabulary))
            ids = [own[own >= 0] for own in (place[i] for i in ids)]
        self._ids = [torch.from_numpy(i.astype(np.int64)) for i in ids]

    def __len__(self) -> int:
        return len(self._ids)

    def draw(self, indexes: Sequence[int]) -> tuple[Tensor, Tensor]:
        """The ids of the texts at `indexes`, one after the other, and where each text begins."""
        drawn = [self._ids[index] for index in indexes]
        lengths = torch.tensor([0, *(len(ids) for ids in drawn)], dtype=torch.long)
        return torch.cat(drawn), lengths.cumsum(0)[:-1]

    def counts(self, size: int) -> NDArray[np.int64]:
        """How often each of `size` ids occurs: (size,) int64."""
        return torch.bincount(torch.cat(self._ids), minlength=size).numpy()


class Student(Learner):
    """Word vectors and log weights, both trained.

    Args:
        tokenizer: Cuts texts into the words.
        rows: (words, dim) float32, the first vector of each word.
        weights: (words,) float32, positive, the first weight of each word.
        vocabulary: See `TokenTable`.

    Attributes:
        unknown: Ids of tokens that stand for what is not known; id 0 unless a model says otherwise.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        rows: NDArray[np.float32],
        weights: NDArray[np.float32],
        vocabulary: NDArray[np.int32] | None = None,
    ) -> None:
        super().__init__()
        self.tokenizer = tokenizer
        self.vocabulary = vocabulary
        self.unknown = [0]
        self.rows = nn.Parameter(torch.from_numpy(rows.copy()))
        self.log_weights = nn.Parameter(torch.from_numpy(np.log(weights)))

    @classmethod
    def of(cls, encoder: StaticEncoder, vocabulary: NDArray[np.int32] | None = None) -> Self:
        """A student that gives what the encoder gives.

        Args:
            encoder: The model to start from.
            vocabulary: See `TokenTable`.
        """
        words = encoder.words
        ids = np.arange(len(words.weights), dtype=np.int32) if vocabulary is None else vocabulary
        # A word without a vector has no length to take the logarithm of; it may learn one.
        weights = np.where(words.weights[ids] > 0, words.weights[ids], 1).astype(np.float32)
        student = cls(words.tokenizer, words.vectors(ids), weights, vocabulary)
        student.unknown = [0] if words.weights[0] == 0 else []
        return student

    def forward(self, ids: Tensor, offsets: Tensor) -> Tensor:
        """Texts from `TokenTable.draw` as (n, dim) unit rows; a text without a token is zeros."""
        ids, offsets = ids.to(self.rows.device), offsets.to(self.rows.device)
        weights = functional.dropout(self.log_weights[ids].exp(), self.word_dropout)
        summed = functional.embedding_bag(
            ids,
            self.rows,
            offsets,
            mode="sum",
            per_sample_weights=weights,
        )
        return functional.normalize(summed, dim=1)

    def prepare(self, texts: Sequence[str]) -> Callable[[Sequence[int]], Tensor]:
        """See `Learner.prepare`."""
        table = TokenTable(texts, self.tokenizer, self.vocabulary)
        return lambda indexes: self(*table.draw(indexes))

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The texts' vectors, outside training: (n, dim) float32, unit rows or zeros."""
        with torch.no_grad():
            vectors = self.prepare(texts)(range(len(texts)))
        unit: NDArray[np.float32] = vectors.cpu().numpy()
        return unit

    def folded_rows(self) -> NDArray[np.float32]:
        """Each row times its weight, at a mean length of 1: what a plain mean of rows needs.

        Words that are unknown stay so: their rows are zeros.
        """
        with torch.no_grad():
            rows = (self.rows * self.log_weights.exp()[:, None]).cpu().numpy().copy()
        rows[self.unknown] = 0
        folded: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1).mean()
        return folded


def best_device() -> torch.device:
    """A GPU where there is one, else the processor."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def inverse_frequency_weights(counts: NDArray[np.int64]) -> NDArray[np.float32]:
    """Smooth inverse frequency of each word: (words,) float32 in (0, 1], 1 for an unseen one."""
    share = counts / max(int(counts.sum()), 1)
    weights: NDArray[np.float32] = (_SIF / (_SIF + share)).astype(np.float32)
    return weights
