"""What the tests of joining share."""

import numpy as np
import pytest


@pytest.fixture(scope="session")
def merge_plan():
    """From two sorted lists of (name, content): which rows stay, what is new, and where it goes.

    A pair that is in both lists is kept, so changed content counts as dropped and added.
    """

    def plan(old, new):
        row = {pair: number for number, pair in enumerate(new)}
        kept = np.array([row.get(pair, -1) for pair in old], np.int64)
        added = [pair for pair in new if pair not in set(old)]
        return kept, added, np.array([row[pair] for pair in added], np.int64)

    return plan
