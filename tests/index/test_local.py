"""The whole index in one folder: joining equals indexing anew, opening checks everything."""

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
from kbsearch.index.local import LocalIndex
from kbsearch.index.manifest import Contents, EncoderEntry
from kbsearch.index.postings import Postings
from kbsearch.index.runs import Runs
from kbsearch.index.segment import Parts
from kbsearch.index.snapshot import SnapshotStore
from kbsearch.index.vectors import Vectors
from kbsearch.index.word_index import ArticleWords, WordIndex
from kbsearch.settings import Settings, VectorSettings

CONTENTS = Contents(
    segments=("main",),
    articles="h" * 64,
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
    return Parts(
        store=ArticleStore.of(articles),
        postings=Postings.of({"title": ["问题"], "body": words} for _, (words, _) in pairs),
        vectors=Vectors(
            Runs.of([2] * len(pairs)),
            unit_rows(matrix),
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

    def write(folder):
        (folder / "main").mkdir()
        parts.save(folder / "main", VectorSettings())

    with store.writing():
        return store.publish(CONTENTS, write)


@settings(max_examples=60)
@given(contents, contents)
def test_joining_equals_indexing_anew(tmp_path_factory, merge_plan, files_of, before, after):
    """After any adds, changes and deletes: every file of a fresh index, byte for byte."""
    old, new = ([(n, (tuple(w), k)) for n, (w, k) in sorted(c.items())] for c in (before, after))
    kept, added, places = merge_plan(old, new)
    folder = tmp_path_factory.mktemp("merge")
    for name in ("joined", "fresh"):
        (folder / name).mkdir()
    joined = Parts.joined([parts_of(old), parts_of(added)], [kept, places])
    joined.save(folder / "joined", VectorSettings())
    parts_of(new).save(folder / "fresh", VectorSettings())
    assert files_of(folder / "joined") == files_of(folder / "fresh")


@settings(max_examples=5)
@given(st.integers(0, 9), st.sets(st.integers(0, 599), max_size=50))
def test_joining_compressed_vectors_equals_compressing_anew(
    tmp_path_factory, merge_plan, files_of, added_count, dropped
):
    """With more than a thousand vectors: every file of a fresh index, the codes included."""
    every = [(f"{n:04d}", (("空调", "手表") * (n % 3), Kind.FAQ)) for n in range(600 + added_count)]
    old, new = every[:600], [pair for n, pair in enumerate(every) if n not in dropped]
    kept, added, places = merge_plan(old, new)
    folder = tmp_path_factory.mktemp("merge")
    for name in ("joined", "fresh"):
        (folder / name).mkdir()
    compressed = VectorSettings(exact_up_to=0)
    joined = Parts.joined([parts_of(old), parts_of(added)], [kept, places])
    joined.save(folder / "joined", compressed)
    parts_of(new).save(folder / "fresh", compressed)
    assert (folder / "fresh" / "vectors.faiss").exists()
    assert files_of(folder / "joined") == files_of(folder / "fresh")


def test_opened_index_can_be_joined_again(tmp_path, files_of):
    """Parts that are mapped from disk join like those in memory."""
    pair = ("a", (("空调",), Kind.FAQ))
    store = SnapshotStore(tmp_path / "index")
    publish(store, parts_of([pair]))
    other = ("b", (("手表",), Kind.GUIDE))
    opened = LocalIndex.open(store).segments["main"].parts
    joined = Parts.joined([opened, parts_of([other])], [np.array([0]), np.array([1])])
    for name, parts in (("joined", joined), ("fresh", parts_of([pair, other]))):
        (tmp_path / name).mkdir()
        parts.save(tmp_path / name, VectorSettings())
    assert files_of(tmp_path / "joined") == files_of(tmp_path / "fresh")


def test_every_file_is_checked_on_opening(tmp_path):
    """One altered byte in any file of the snapshot, and opening names that file."""
    store = SnapshotStore(tmp_path)
    manifest = publish(store, parts_of([("a", (("空调",), Kind.FAQ))]))
    folder = store.folder(manifest.snapshot_id)
    there = {path.name for path in (folder / "main").iterdir()}
    assert set(manifest.files) == {f"main/{name}" for name in there}
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
    assert index.vectors.nearest(np.array(index.vectors.vectors.matrix[:1]), 1)[0].tolist() == [0]
    assert index.facets.counts(np.array([0]))["kind"] == {"faq": 1}
    assert LocalIndex.open(store).store.ids == ("b",)
