"""The whole index in one folder: merging equals indexing anew, opening checks everything."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kbsearch.article import Article, Kind
from kbsearch.encoders.protocol import unit_rows
from kbsearch.errors import SnapshotCorruptError
from kbsearch.index.article_store import ArticleStore
from kbsearch.index.facet_index import FacetIndex
from kbsearch.index.inverted_index import Postings
from kbsearch.index.local import IndexParts, LocalIndex
from kbsearch.index.snapshot import Contents, EncoderEntry, SnapshotStore
from kbsearch.index.vector_index import Vectors
from kbsearch.index.word_index import ArticleWords, WordIndex
from kbsearch.settings import Settings, VectorSettings

CONTENTS = Contents(
    settings=Settings(),
    analyzer="a",
    encoder=EncoderEntry(model="bundled", dim=4, fingerprint="e"),
    dictionaries={},
    counts={},
)
bodies = st.lists(st.sampled_from(["手表", "空调", "制冷", "续航", "E4"]), max_size=4)
contents = st.dictionaries(
    st.sampled_from("abcdef"), st.tuples(bodies, st.sampled_from(Kind)), max_size=6
)


def parts_of(pairs):
    """The parts of an index of articles with the given id, words and kind.

    A vector here is a random one that depends on the article's words alone.
    """
    articles = [
        Article(id=name, kind=kind, title=f"问题{len(words)}", body=" ".join(words))
        for name, (words, kind) in pairs
    ]
    seeds = [sum(len(w) * ord(w[0]) for w in words) for _, (words, _) in pairs]
    rows = [np.random.default_rng(seed).normal(size=(2, 4)) for seed in seeds]
    matrix = np.concatenate([np.zeros((0, 4)), *rows]).astype(np.float32)
    return IndexParts(
        store=ArticleStore.of(articles),
        postings=Postings.of({"title": ["问题"], "body": words} for _, (words, _) in pairs),
        vectors=Vectors(
            unit_rows(matrix),
            np.arange(len(pairs) + 1, dtype=np.int64) * 2,
            np.array([False, True] * len(pairs), np.bool_),
        ),
        words=WordIndex.of(
            [
                ArticleWords(
                    heading=np.array([len(words)], np.int32),
                    rest=np.array([len(w) for w in words], np.int32),
                )
                for _, (words, _) in pairs
            ]
        ),
        facets=FacetIndex.of(articles),
    )


def publish(store, parts):
    """Publishes the parts as a snapshot."""
    with store.writing():
        return store.publish(CONTENTS, lambda folder: parts.save(folder, Settings()))


@settings(max_examples=60)
@given(contents, contents, st.sampled_from([Settings(), "graph"]))
def test_merging_equals_indexing_anew(
    tmp_path_factory, merge_plan, files_of, before, after, chosen
):
    """After any adds, changes and deletes: every file of a fresh index, byte for byte."""
    if chosen == "graph":
        chosen = Settings(vectors=VectorSettings(exact_up_to=0))
    old, new = ([(n, (tuple(w), k)) for n, (w, k) in sorted(c.items())] for c in (before, after))
    kept, added, places = merge_plan(old, new)
    folder = tmp_path_factory.mktemp("merge")
    for name in ("merged", "fresh"):
        (folder / name).mkdir()
    parts_of(old).merge(kept, parts_of(added), places).save(folder / "merged", chosen)
    parts_of(new).save(folder / "fresh", chosen)
    assert files_of(folder / "merged") == files_of(folder / "fresh")


def test_opened_index_can_be_merged_again(tmp_path, files_of):
    """Parts that are mapped from disk merge like those in memory."""
    pair = ("a", (("空调",), Kind.FAQ))
    store = SnapshotStore(tmp_path / "index")
    publish(store, parts_of([pair]))
    other = ("b", (("手表",), Kind.GUIDE))
    merged = LocalIndex.open(store).parts.merge(np.array([0]), parts_of([other]), np.array([1]))
    for name, parts in (("merged", merged), ("fresh", parts_of([pair, other]))):
        (tmp_path / name).mkdir()
        parts.save(tmp_path / name, Settings())
    assert files_of(tmp_path / "merged") == files_of(tmp_path / "fresh")


def test_every_file_is_checked_on_opening(tmp_path):
    """One altered byte in any file of the snapshot, and opening names that file."""
    store = SnapshotStore(tmp_path)
    manifest = publish(store, parts_of([("a", (("空调",), Kind.FAQ))]))
    folder = store.folder(manifest.snapshot_id)
    assert set(manifest.files) == {path.name for path in folder.iterdir()} - {"manifest.json"}
    for name in manifest.files:
        sound = (folder / name).read_bytes()
        (folder / name).write_bytes(bytes([sound[0] ^ 1]) + sound[1:])
        with pytest.raises(SnapshotCorruptError) as caught:
            LocalIndex.open(store)
        assert caught.value.params["file"] == folder / name
        (folder / name).write_bytes(sound)
    assert LocalIndex.open(store).store.ids == ("a",)


def test_parts_of_different_articles_do_not_open(tmp_path):
    """Sound files that do not speak of the same articles are damage, not an index."""
    one, two = (parts_of([(n, (("空调",), Kind.FAQ)) for n in names]) for names in ("a", "ab"))
    for number, mixed in enumerate(
        [
            replace(one, postings=two.postings),
            replace(one, vectors=two.vectors),
            replace(one, words=two.words),
            replace(one, facets=two.facets),
            replace(one, store=two.store),
        ]
    ):
        store = SnapshotStore(tmp_path / str(number))
        publish(store, mixed)
        with pytest.raises(SnapshotCorruptError):
            LocalIndex.open(store)


def test_reader_goes_on_after_its_snapshot_is_deleted(tmp_path):
    """An open index answers from its snapshot, though gc has deleted it."""
    store = SnapshotStore(tmp_path)
    publish(store, parts_of([("a", (("空调",), Kind.FAQ))]))
    index = LocalIndex.open(store)
    publish(store, parts_of([("b", (("手表",), Kind.FAQ))]))
    assert store.gc(0) == [index.manifest.snapshot_id]
    assert not index.folder.exists()
    assert index.store.article(0).id == "a"
    assert index.inverted.scores({"空调": 1.0})[0] > 0
    assert index.vectors.nearest(np.array(index.vectors.vectors.matrix[0]), 1).tolist() == [0]
    assert index.facets.counts(np.array([0]))["kind"] == {"faq": 1}
    assert LocalIndex.open(store).store.ids == ("b",)
