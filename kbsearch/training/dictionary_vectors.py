"""First word vectors: what the teacher makes of a word's English gloss."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from kbsearch.encoders.protocol import unit_rows
from kbsearch.training.teacher import Teacher
from kbsearch.training.vocabulary import build_tokenizer, words_by_id


def dictionary_vectors(
    words: Sequence[str],
    glosses: Mapping[str, str],
    frequencies: Mapping[str, int],
    *,
    teacher: Teacher,
    axes: NDArray[np.float32],
) -> NDArray[np.float32]:
    """One vector for each word: (words, dim) float32, unit rows.

    A Han word has its gloss's vector, a word of two letters or more its own. A Han word without a
    gloss has the mean of the parts it is cut into. Single letters, digits, characters that nothing
    explains and the unknown token have zeros, for training to fill.

    Args:
        words: Each at its token id.
        glosses: Word → English gloss.
        frequencies: Word → frequency, for cutting words without a gloss.
        teacher: Encodes the glosses.
        axes: (384, dim) float32, see `teacher.principal_axes`.
    """
    explained = {
        word: glosses.get(word, word)
        for word in words
        if word in glosses or (word.isascii() and word.isalpha() and len(word) > 1)
    }
    vectors = np.zeros((len(words), axes.shape[1]), dtype=np.float32)
    ids = [index for index, word in enumerate(words) if word in explained]
    vectors[ids] = unit_rows(teacher.encode(list(explained.values())) @ axes)

    rest = [index for index, word in enumerate(words) if word not in explained and len(word) > 1]
    parts = build_tokenizer(explained, frequencies)
    id_of = {word: index for index, word in enumerate(words)}
    part_ids = np.array([id_of[word] for word in words_by_id(parts)])
    for index, encoding in zip(rest, parts.encode_batch([words[i] for i in rest]), strict=True):
        vectors[index] = vectors[part_ids[encoding.ids]].sum(axis=0)
    return unit_rows(vectors)
