"""Snapshots of every format that was ever released are kept here, and open for ever."""

from pathlib import Path

import pytest

from kbsearch.index.local import LocalIndex
from kbsearch.index.snapshot import SnapshotStore

FOLDERS = sorted(Path(__file__).parent.glob("format_*"))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_an_old_snapshot_opens_and_answers(folder):
    """A snapshot of each format opens, checks out, and finds its articles by term and filter."""
    index = LocalIndex.open(SnapshotStore(folder))
    scores = index.inverted.scores({"空调": 1.0})
    assert index.store.ids[int(scores.argmax())] == "ac-not-cooling"
    assert index.store.article(0).title == "空调不制冷怎么办"
    assert index.facets.known("kind") == ("guide", "policy", "script", "troubleshooting")
    assert len(index.vectors.vectors.matrix) == index.manifest.contents.counts["vectors"]
    words, in_heading = index.words.article(0)
    assert 0 < in_heading.sum() < len(words) == len(in_heading)


def test_the_present_format_is_kept():
    """Who raises the format version adds a snapshot of it."""
    from kbsearch.index.manifest import FORMAT_VERSION

    assert f"format_{FORMAT_VERSION}" in [folder.name for folder in FOLDERS]
