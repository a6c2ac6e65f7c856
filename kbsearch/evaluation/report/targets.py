"""Targets: whether accuracy is proven to reach one, and how many right answers are missing."""

from bisect import bisect_left
from dataclasses import dataclass

from kbsearch.evaluation.significance import Estimate, share

TARGETS = (0.95, 0.98)
FEW = 20  # queries; a slice of fewer says little, as in the gate
_MOST = 100_000  # queries


@dataclass(frozen=True, slots=True)
class Target:
    """A share to reach, and where accuracy stands.

    Attributes:
        wanted: The share.
        state: ``met`` (the lower bound reaches it), ``unproven`` (only the share itself does),
            ``missed``, or ``too_few`` (not even without a miss would so few queries prove it).
        right: Number of queries answered rightly.
        needed: How many must be, for the lower bound to reach it; of `fewest` if ``too_few``.
        fewest: With how many queries at least it can be proven.
    """

    wanted: float
    state: str
    right: int
    needed: int
    fewest: int

    @classmethod
    def of(cls, wanted: float, accuracy: Estimate) -> "Target":
        """Where accuracy stands with regard to a share below 1."""
        right = round(accuracy.value * accuracy.count)
        fewest = bisect_left(range(_MOST), wanted, lo=1, key=lambda count: share(count, count).low)
        if accuracy.low >= wanted and accuracy.count:
            return cls(wanted, "met", right, right, fewest)
        if accuracy.count < fewest:
            return cls(wanted, "too_few", right, fewest, fewest)
        needed = bisect_left(
            range(accuracy.count + 1),
            wanted,
            key=lambda successes: share(successes, accuracy.count).low,
        )
        state = "unproven" if accuracy.value >= wanted else "missed"
        return cls(wanted, state, right, needed, fewest)


def state(estimate: Estimate, wanted: float = TARGETS[0]) -> str:
    """Where a slice's whole interval lies: ``met``, ``missed``, or ``unsure`` on both sides."""
    if not estimate.count:
        return "unsure"
    return "met" if estimate.low >= wanted else "missed" if estimate.high < wanted else "unsure"
