"""What is learned from: questions that ask the same, and texts that answer them."""

from collections.abc import Collection, Sequence
from typing import NamedTuple


class Intent(NamedTuple):
    """One matter, in the words of many. All texts are normalised.

    Attributes:
        questions: Ways to ask it.
        passages: Texts that answer it.
        negatives: Questions that sound alike and ask something else.
    """

    questions: tuple[str, ...]
    passages: tuple[str, ...] = ()
    negatives: tuple[str, ...] = ()


def joined(texts_of: Sequence[Collection[str]]) -> list[int]:
    """For each collection of texts the number of its intent; those linked by shared texts agree.

    >>> joined([["a", "b"], ["c"], ["b", "d"]])
    [0, 1, 0]
    """
    leader = list(range(len(texts_of)))

    def find(index: int) -> int:
        while leader[index] != index:
            leader[index] = leader[leader[index]]
            index = leader[index]
        return index

    first_with: dict[str, int] = {}
    for index, texts in enumerate(texts_of):
        for text in texts:
            leader[find(index)] = find(first_with.setdefault(text, index))
    return [find(index) for index in range(len(texts_of))]
