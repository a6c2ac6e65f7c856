"""The model in training: a vector and a weight for every word; a text is their weighted mean."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

# a in a / (a + p(word)), the smooth inverse frequency of Arora et al. (2017, "A Simple but
# Tough-to-Beat Baseline for Sentence Embeddings", section 3); they recommend 1e-3 to 1e-4.
_SIF = 1e-3


class TokenTable:
    """Texts as token ids, cut once and drawn many times.

    Args:
        texts: Normalised texts.
        tokenizer: The student's.
    """

    def __init__(self, texts: Sequence[str], tokenizer: Tokenizer) -> None:
        encodings = tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        self._ids = [torch.tensor(encoding.ids, dtype=torch.long) for encoding in encodings]

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


class Student(nn.Module):
    """Word vectors and log weights, both trained.

    Args:
        tokenizer: Cuts texts into the words.
        rows: (words, dim) float32, the first vector of each word.
        weights: (words,) float32, positive, the first weight of each word.

    Attributes:
        word_dropout: Share of each text's words left out at random.
    """

    def __init__(
        self, tokenizer: Tokenizer, rows: NDArray[np.float32], weights: NDArray[np.float32]
    ) -> None:
        super().__init__()
        self.tokenizer = tokenizer
        self.rows = nn.Parameter(torch.from_numpy(rows.copy()))
        self.log_weights = nn.Parameter(torch.from_numpy(np.log(weights)))
        self.word_dropout = 0.0

    def forward(self, ids: Tensor, offsets: Tensor) -> Tensor:
        """Texts from `TokenTable.draw` as (n, dim) unit rows; a text without a token is zeros."""
        weights = functional.dropout(self.log_weights[ids].exp(), self.word_dropout)
        summed = functional.embedding_bag(
            ids,
            self.rows,
            offsets,
            mode="sum",
            per_sample_weights=weights,
        )
        return functional.normalize(summed, dim=1)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The texts' vectors, outside training: (n, dim) float32, unit rows or zeros."""
        with torch.no_grad():
            vectors = self(*TokenTable(texts, self.tokenizer).draw(range(len(texts))))
        unit: NDArray[np.float32] = vectors.numpy()
        return unit

    def folded_rows(self) -> NDArray[np.float32]:
        """Each row times its weight, at a mean length of 1: what a plain mean of rows needs.

        Id 0, the unknown token, is zeros.
        """
        with torch.no_grad():
            rows = (self.rows * self.log_weights.exp()[:, None]).numpy().copy()
        rows[0] = 0
        folded: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1).mean()
        return folded


def inverse_frequency_weights(counts: NDArray[np.int64]) -> NDArray[np.float32]:
    """Smooth inverse frequency of each word: (words,) float32 in (0, 1], 1 for an unseen one."""
    share = counts / max(int(counts.sum()), 1)
    weights: NDArray[np.float32] = (_SIF / (_SIF + share)).astype(np.float32)
    return weights
