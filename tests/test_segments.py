"""Segments: an index of a large and a small one answers as one that is built anew."""

import os
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kbsearch.article import Article
from kbsearch.errors import SnapshotCorruptError
from kbsearch.index import vector_index
from kbsearch.index.local import LocalIndex
from kbsearch.index.snapshot import SnapshotStore
from kbsearch.index.vector_index import VectorIndex
from kbsearch.indexer.builder import build, update
from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.retrieval.candidates import Leg
from kbsearch.settings import BM25Settings
from kbsearch.verification import verify

QUERIES = ["手表没电怎么办", "空调吹出来的风不凉", "连不上 Wi-Fi", "清洗滤网", "报 E4 联系售后"]
NAMES = [f"a{number:02d}" for number in range(12)]
TITLES = ["手表没电怎么办", "空调不制冷", "Wi-Fi 连不上", "门锁打不开", "报 E4"]
QUESTIONS = ["续航太短", "吹出来的风不凉", "找不到无线网络", "手表没电怎么办"]
BODIES = ["", "清洗滤网。仍报 E4 时请联系售后。", "关闭常亮显示，降低亮度。", "重启路由器。"]
FILTERS = [None, {"products": "清风 Q3"}, {"kind": ["policy"], "category": "家电"}]

contents = st.fixed_dictionaries(
    {
        "title": st.sampled_from(TITLES),
        "questions": st.lists(st.sampled_from(QUESTIONS), max_size=2, unique=True),
        "body": st.sampled_from(BODIES),
        "kind": st.sampled_from(["faq", "policy"]),
        "category": st.sampled_from(["", "家电", "家电/空调"]),
        "products": st.sampled_from([[], ["清风 Q3"], ["腕伴 S2"]]),
    }
)
# Of each article of an update: its new content, or None to delete it.
changes = st.dictionaries(st.sampled_from(NAMES), st.none() | contents, max_size=3)
several_updates = st.lists(changes, min_size=1, max_size=4)


def article(name, **fields):
    """An article with some fields given."""
    return Article.model_validate({"id": name, "kind": "faq", "title": "手表没电怎么办", **fields})


def numbered(name):
    """One of the articles that are there at first, all of them different."""
    number = int(name[1:])
    return {
        "title": TITLES[number % 5],
        "questions": [QUESTIONS[number % 4]],
        "body": BODIES[number // 3],
        "category": "家电/空调" if number % 2 else "",
        "products": ["清风 Q3"] if number % 3 else [],
    }


def opened(index_dir):
    """The published index."""
    return LocalIndex.open(SnapshotStore(index_dir))


def is_mapped(array):
    """Whether an array lies in a file."""
    while array is not None and not isinstance(array, np.memmap):
        array = getattr(array, "base", None)
    return array is not None


def main_folder(index_dir):
    """Where the main segment of the published snapshot lies."""
    store = SnapshotStore(index_dir)
    return store.folder(store.current_id()) / "main"


@pytest.fixture(scope="module", autouse=True)
def small_is_large():
    """From one article on a main segment is large, until all of it has changed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kbsearch.indexer.new_content._LARGE", 1)
        patch.setattr("kbsearch.indexer.new_content._MOST_RECENT", 2)
        yield


@pytest.fixture(scope="module")
def plain(character_settings):
    """Settings of an encoder that stays as it is."""
    vectors = character_settings.vectors.model_copy(update={"adapt": False})
    return character_settings.model_copy(update={"vectors": vectors})


@pytest.fixture(scope="module", params=["lucene", "okapi"])
def forms(request, plain):
    """Both forms of idf."""
    return plain.model_copy(update={"bm25": BM25Settings(idf=request.param)})


@pytest.fixture
def index_dir(tmp_path, plain):
    """An index of twelve articles that a test may write to."""
    build([article(name, **numbered(name)) for name in NAMES], tmp_path / "i", settings=plain)
    return tmp_path / "i"


def parted(value):
    """A value with its floats left out, and the floats: scores may differ in the last bit."""
    if isinstance(value, float):
        return None, [value]
    if isinstance(value, dict):
        pairs = [(name, parted(one)) for name, one in value.items()]
    elif isinstance(value, list | tuple):
        pairs = [(number, parted(one)) for number, one in enumerate(value)]
    else:
        return value, []
    rest = [(name, what) for name, (what, _) in pairs]
    return rest, [number for _, (_, numbers) in pairs for number in numbers]


def answers(knowledge_base):
    """All that search and each leg give, for some queries and filters."""
    found = []
    for filters in FILTERS:
        for query in QUERIES:
            fields = asdict(knowledge_base.search(query, filters=filters, top_k=20, explain=True))
            del fields["snapshot_id"], fields["took_ms"]
            found += [fields, knowledge_base.rankings(query, list(Leg), filters=filters)]
    return parted(found)


def assert_same_answers(one, other):
    """The same articles in the same order, decisions, facets, highlights; scores to 1e-9."""
    (found, numbers), (expected, expected_numbers) = answers(one), answers(other)
    assert found == expected
    assert numbers == pytest.approx(expected_numbers, abs=1e-9)


# The same answers


@settings(max_examples=4)
@given(updates=several_updates)
def test_updated_index_answers_as_one_built_anew(tmp_path_factory, forms, updates):
    """After adds, replacements, deletes and returns: in the writer, and in a reader that reloads.

    And again once all lies in one segment.
    """
    folder = tmp_path_factory.mktemp("segments")
    current = {name: numbered(name) for name in NAMES[:9]}
    first = [article(name, **fields) for name, fields in current.items()]
    writer = KnowledgeBase.build(first, folder / "i", settings=forms)
    reader = KnowledgeBase.open(folder / "i")
    for changed in updates:
        given_now = {name: fields for name, fields in changed.items() if fields is not None}
        gone = [name for name, fields in changed.items() if fields is None and name in current]
        writer.update([article(n, **fields) for n, fields in given_now.items()], delete=gone)
        current = {n: f for n, f in {**current, **given_now}.items() if n not in gone}
    # One more article, so that there is a second segment whatever came before.
    writer.update([article("z", title="门锁没电怎么办")])
    current["z"] = {"title": "门锁没电怎么办"}
    assert list(writer.searcher.index.segments) == ["main", "recent"]
    anew = [article(name, **fields) for name, fields in sorted(current.items())]
    expected = KnowledgeBase.build(anew, folder / "fresh", settings=forms)
    assert list(expected.searcher.index.segments) == ["main"]
    assert list(writer.articles()) == anew
    assert_same_answers(writer, expected)
    assert reader.reload()
    assert_same_answers(reader, expected)
    assert_same_answers(KnowledgeBase.open(folder / "i"), expected)
    assert verify(writer.searcher.index).passed
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kbsearch.indexer.new_content._MOST_RECENT", 0)
        writer.update([article("z", title="门锁打不开怎么办")])
    assert list(writer.searcher.index.segments) == ["main"]
    fresh_again = [*anew[:-1], article("z", title="门锁打不开怎么办")]
    expected = KnowledgeBase.build(fresh_again, folder / "fresh", settings=forms)
    assert_same_answers(writer, expected)


def test_compacted_index_is_that_of_a_fresh_build(
    tmp_path, index_dir, plain, files_of, monkeypatch
):
    """Once all lies in one segment again, its files are those of a build, byte for byte."""
    update(index_dir, [article("b1"), article("a03", title="空调不凉")], delete=["a07"])
    assert list(opened(index_dir).segments) == ["main", "recent"]
    monkeypatch.setattr("kbsearch.indexer.new_content._MOST_RECENT", 0)
    update(index_dir, [article("b2")], delete=["b1"])
    assert list(opened(index_dir).segments) == ["main"]
    build(list(opened(index_dir).store.articles()), tmp_path / "fresh", settings=plain)
    assert files_of(main_folder(index_dir)) == files_of(main_folder(tmp_path / "fresh"))


def test_deletes_alone_leave_an_empty_second_segment(tmp_path, index_dir, plain):
    """It holds nothing, hides what is gone, and answers as an index without it."""
    update(index_dir, [], delete=["a02", "a05"])
    index = opened(index_dir)
    assert [len(segment.parts) for segment in index.segments.values()] == [12, 0]
    left = [article(name, **numbered(name)) for name in NAMES if name not in ("a02", "a05")]
    expected = KnowledgeBase.build(left, tmp_path / "fresh", settings=plain)
    assert_same_answers(KnowledgeBase.open(index_dir), expected)
    assert verify(index).passed


def test_deleted_article_that_returns_is_found_again(index_dir):
    """As it was before: the knowledge base answers as if nothing had been."""
    before = answers(KnowledgeBase.open(index_dir))
    update(index_dir, [], delete=["a04"])
    assert "a04" not in str(answers(KnowledgeBase.open(index_dir)))
    update(index_dir, [article("a04", **numbered("a04"))])
    after = answers(KnowledgeBase.open(index_dir))
    assert after[0] == before[0]
    assert after[1] == pytest.approx(before[1], abs=1e-9)


def test_everything_may_be_deleted_while_the_main_segment_stays(index_dir):
    """Nothing is left to find, and articles can be added again."""
    knowledge_base = KnowledgeBase.open(index_dir)
    knowledge_base.update(delete=NAMES)
    assert list(knowledge_base.searcher.index.segments) == ["main", "recent"]
    assert list(knowledge_base.articles()) == []
    for query in QUERIES:
        assert knowledge_base.search(query).hits == ()
        assert knowledge_base.search(query, filters={"products": "清风 Q3"}).hits == ()
    knowledge_base.update([article("new")])
    assert [hit.article_id for hit in knowledge_base.search("手表没电怎么办").hits] == ["new"]


# Segments on disk and in memory


def test_main_segment_is_linked(index_dir):
    """An update writes none of its files again: they are the same on disk, by inode."""
    before = main_folder(index_dir)
    update(index_dir, [article("b1")], delete=["a01"])
    after = main_folder(index_dir)
    assert before != after
    names = {path.name for path in before.iterdir()}
    assert {path.name for path in after.iterdir()} == names
    assert all((after / name).samefile(before / name) for name in names)


def test_without_links_the_main_segment_is_copied(index_dir, files_of, monkeypatch):
    """On a file system that knows no links: the same bytes, in files of their own."""

    def refuse(*_):
        raise OSError("no links here")

    before = main_folder(index_dir)
    monkeypatch.setattr(os, "link", refuse)
    update(index_dir, [article("b1")])
    assert files_of(main_folder(index_dir)) == files_of(before)
    assert not (main_folder(index_dir) / "ids.txt").samefile(before / "ids.txt")
    assert verify(opened(index_dir)).passed


def test_gc_and_rollback_with_shared_segments(index_dir):
    """Deleting one snapshot harms none that shares its segment; each is a whole folder."""
    store = SnapshotStore(index_dir)
    first = answers(KnowledgeBase.open(index_dir))
    update(index_dir, [article("b1")])
    second = answers(KnowledgeBase.open(index_dir))
    update(index_dir, [article("b2")])
    third = answers(KnowledgeBase.open(index_dir))
    assert first != second != third
    store.rollback()
    assert answers(KnowledgeBase.open(index_dir)) == second
    store.rollback()
    assert answers(KnowledgeBase.open(index_dir)) == first
    store.rollback(store.ids()[-1])
    assert len(store.gc(keep=0)) == 2
    assert answers(KnowledgeBase.open(index_dir)) == third
    store.checked(whole=True)
    update(index_dir, [], delete=["b1", "b2"])
    assert answers(KnowledgeBase.open(index_dir)) == first


@pytest.mark.parametrize("name", ["vectors.npy", "ids.txt", "posting_rows.npy"])
def test_damaged_file_of_a_shared_segment_is_noticed(index_dir, name):
    """Whoever opens a snapshot that has the segment is told, and updates go no further."""
    update(index_dir, [article("b1")])
    path = main_folder(index_dir) / name
    raw = path.read_bytes()
    path.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))
    for snapshot_id in SnapshotStore(index_dir).ids():
        with pytest.raises(SnapshotCorruptError, match=name):
            KnowledgeBase.open(index_dir, snapshot_id=snapshot_id)
    with pytest.raises(SnapshotCorruptError, match=name):
        update(index_dir, [article("b2")])


def test_damaged_large_file_is_noticed_by_verify(index_dir, monkeypatch):
    """Opening compares the size of a large file alone; to verify is to read it."""
    update(index_dir, [article("b1")])
    monkeypatch.setattr("kbsearch.index.manifest._READ_ON_OPENING", 100)
    path = main_folder(index_dir) / "articles.jsonl"
    raw = path.read_bytes()
    place = raw.index("手表".encode())
    path.write_bytes(raw[:place] + "手环".encode() + raw[place + 6 :])
    knowledge_base = KnowledgeBase.open(index_dir)
    with pytest.raises(SnapshotCorruptError, match=r"articles\.jsonl"):
        knowledge_base.verify(sample=1)


def test_reload_keeps_the_opened_main_segment(index_dir):
    """What both snapshots have is not opened again, in the writer and in a reader."""
    writer, reader = KnowledgeBase.open(index_dir), KnowledgeBase.open(index_dir)
    before = [writer.searcher.index, reader.searcher.index]
    writer.update([article("b1")])
    reader.reload()
    after = [writer.searcher.index, reader.searcher.index]
    for old, new in zip(before, after, strict=True):
        assert new.segments["main"] is old.segments["main"]
        assert new is not old
    writer.update([article("b2")])
    assert writer.searcher.index.segments["recent"] is not after[0].segments["recent"]


def test_rebuilt_main_segment_is_opened_anew(index_dir, plain, monkeypatch):
    """A main segment of the same name but other content is not taken for the old one."""
    reader = KnowledgeBase.open(index_dir)
    before = reader.searcher.index.segments["main"]
    monkeypatch.setattr("kbsearch.indexer.new_content._MOST_RECENT", 0)
    build([article("b1")], index_dir, settings=plain)
    reader.reload()
    assert list(reader.searcher.index.segments) == ["main"]
    assert reader.searcher.index.segments["main"] is not before
    assert [one.id for one in reader.articles()] == ["b1"]


# How much is done, counted rather than timed


def test_update_of_one_article_writes_little(tmp_path, plain):
    """Less than 5 % of the main segment's bytes are written; the rest is linked."""
    many = [article(f"a{number:04d}", body="关闭常亮显示。" * 60) for number in range(1_900)]
    build(many, tmp_path / "i", settings=plain)
    update(tmp_path / "i", [article("a0007", title="空调不制冷")])
    store = SnapshotStore(tmp_path / "i")
    files = [p for p in store.folder(store.current_id()).rglob("*") if p.is_file()]
    sizes = {path: path.stat().st_size for path in files}
    in_main = sum(size for path, size in sizes.items() if path.parent.name == "main")
    linked = sum(size for path, size in sizes.items() if path.stat().st_nlink > 1)
    assert linked == in_main
    assert sum(sizes.values()) - linked < 0.05 * in_main


def test_opening_maps_vectors_instead_of_reading_them(index_dir):
    """The matrix of an opened index is pages of its file, in both segments."""
    update(index_dir, [article("b1")])
    for segment in opened(index_dir).segments.values():
        vectors, postings = segment.parts.vectors, segment.parts.postings
        for array in (
            vectors.matrix,
            postings.rows,
            postings.frequencies,
            segment.parts.words.words,
        ):
            assert is_mapped(array)


@pytest.mark.parametrize("parts", [1, 2])
def test_a_search_multiplies_the_vectors_of_its_candidates_only(index_dir, monkeypatch, parts):
    """As many inner products as the candidates have vectors, each once; none for the others."""
    knowledge_base = KnowledgeBase.open(index_dir)
    if parts == 2:
        knowledge_base.update([article("b1"), article("b2", title="门锁")], delete=["a00"])
    index = knowledge_base.searcher.index
    assert len(index.segments) == parts
    asked, counted = [], []
    similarities, products = VectorIndex.similarities, vector_index.inner_products

    def remembered(self, query, rows):
        asked.append(int(self.vectors.runs.counts[rows].sum()))
        return similarities(self, query, rows)

    def counting(matrix, places, query):
        counted.append(len(places))
        return products(matrix, places, query)

    monkeypatch.setattr(VectorIndex, "similarities", remembered)
    monkeypatch.setattr(vector_index, "inner_products", counting)
    knowledge_base.search("手表没电怎么办", filters={"products": "清风 Q3"})
    candidates = knowledge_base.searcher.allowed({"products": "清风 Q3"})
    assert len(asked) == 1
    assert 0 < sum(counted) == asked[0] <= index.vectors.vectors.runs.counts[candidates].sum()
