"""Tests of the front object: build, open, update, reload, and what damage and threads may do."""

import json
import shutil
import subprocess
import sys
import threading
from datetime import date, timedelta
from pathlib import Path

import pytest

from kbsearch.article import Article
from kbsearch.errors import (
    IndexBusyError,
    KBSearchError,
    SnapshotCorruptError,
    SnapshotError,
    SnapshotIncompatibleError,
    SnapshotNotFoundError,
    SourceError,
)
from kbsearch.index.snapshot import SnapshotStore
from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.retrieval.candidates import Leg
from kbsearch.settings import FeatureWeights, RankingSettings, Settings


@pytest.fixture
def index_dir(built: Path, tmp_path: Path) -> Path:
    """A copy of the small index that a test may write to or damage."""
    return Path(shutil.copytree(built, tmp_path / "index"))


def faq(name, title, **fields):
    """A small article."""
    return Article.model_validate({"id": name, "kind": "faq", "title": title, **fields})


def first(knowledge_base, text):
    """Id of the first hit, None if there is none."""
    hits = knowledge_base.search(text).hits
    return hits[0].article_id if hits else None


def ids(knowledge_base):
    """Ids of all articles of the snapshot."""
    return [article.id for article in knowledge_base.articles()]


# Build and open


def test_build_gives_what_open_opens(articles, tmp_path):
    """The same snapshot, with the same articles and settings."""
    settings = Settings.model_validate({"fusion": {"dense_weight": 0.5}})
    built = KnowledgeBase.build(articles, tmp_path / "index", settings=settings)
    opened = KnowledgeBase.open(str(tmp_path / "index"))
    assert opened.snapshot_id == built.snapshot_id == built.info().snapshot_id
    assert opened.settings == settings
    assert list(opened.articles()) == list(built.articles())


def test_articles_come_back_as_they_went_in(articles, knowledge_base):
    """Every field of every published article, in the order of ids."""
    published = sorted((a for a in articles if a.status == "published"), key=lambda a: a.id)
    assert list(knowledge_base.articles()) == published
    assert knowledge_base.article("onsite-fee") == published[2]


@pytest.mark.parametrize("article_id", ["no-such-article", "watch-old", ""])
def test_article_that_is_not_there_is_a_value_error(knowledge_base, article_id):
    """Neither an unknown article nor a draft is in the snapshot; the message names it."""
    with pytest.raises(ValueError, match=f"'{article_id}'"):
        knowledge_base.article(article_id)


@pytest.mark.parametrize("status", ["draft", "in_review", "retired"])
def test_only_published_articles_are_in_the_index(tmp_path, status):
    """An article of another status is neither found nor listed, under any leg or filter."""
    hidden = faq("hidden", "手表没电", status=status)
    index = KnowledgeBase.build([hidden, faq("shown", "手表充电")], tmp_path)
    assert ids(index) == ["shown"]
    assert [name for name, _ in index.rank("手表没电")] == ["shown"]


def test_source_may_be_a_path_or_several(tmp_path):
    """A file as text or Path, a list of files, or a folder give the same index."""
    rows = [
        {"id": n, "kind": "faq", "title": t, "body": "正文"} for n, t in (("a", "甲"), ("b", "乙"))
    ]
    source = tmp_path / "source"
    source.mkdir()
    for row in rows:
        path = source / f"{row['id']}.jsonl"
        path.write_text(json.dumps(row, ensure_ascii=False), encoding="utf-8")
    files = sorted(source.iterdir())
    sources = [str(source), source, [files[0], str(files[1])]]
    built = [KnowledgeBase.build(each, tmp_path / f"i{n}") for n, each in enumerate(sources)]
    assert len({each.snapshot_id for each in built}) == 1
    assert ids(built[0]) == ["a", "b"]


def test_broken_source_is_refused_and_the_published_snapshot_stays(index_dir, tmp_path):
    """All problems come in one error; the index goes on answering as before."""
    before = KnowledgeBase.open(index_dir)
    source = tmp_path / "broken.jsonl"
    source.write_text('{"id": "a", "kind": "faq"}\n{"id": "b", "kind": "fqa", "title": "乙"}\n')
    with pytest.raises(SourceError) as caught:
        KnowledgeBase.build(source, index_dir)
    errors = [p for p in caught.value.problems if p.severity == "error"]
    assert [(p.line, p.field) for p in errors] == [(1, "title"), (2, "kind")]
    assert KnowledgeBase.open(index_dir).snapshot_id == before.snapshot_id
    assert SnapshotStore(index_dir).ids() == [before.snapshot_id]


def test_invalid_articles_are_left_out_on_request(tmp_path):
    """`skip_invalid` builds what is sound."""
    source = tmp_path / "mixed.jsonl"
    source.write_text(
        '{"id": "a", "kind": "faq"}\n{"id": "b", "kind": "faq", "title": "手表", "body": "正文"}\n'
    )
    index = KnowledgeBase.build(source, tmp_path / "index", skip_invalid=True)
    assert ids(index) == ["b"]


def test_source_without_a_usable_article_is_refused(tmp_path):
    """Nothing to index is an error even if invalid articles may be left out."""
    source = tmp_path / "broken.jsonl"
    source.write_text('{"id": "a", "kind": "faq"}\n')
    for given in (source, []):
        with pytest.raises(SourceError):
            KnowledgeBase.build(given, tmp_path / "index", skip_invalid=True)
    with pytest.raises(SnapshotNotFoundError):
        KnowledgeBase.open(tmp_path / "index")


def test_progress_tells_every_stage(articles, tmp_path):
    """Reading, analysing, encoding, writing, each until all of it is done."""
    calls = []
    KnowledgeBase.build(articles, tmp_path, progress=lambda *call: calls.append(call))
    last = {stage: (done, total) for stage, done, total in calls}
    assert [*last] == ["read", "analyse", "encode", "write"]
    assert all(done == total for done, total in last.values())


# Update and reload


def test_update_adds_changes_and_deletes(index_dir):
    """One call does all three; the report counts them, and the rest is as it was."""
    index = KnowledgeBase.open(index_dir)
    before = index.snapshot_id
    changed = index.article("book-repair").model_copy(update={"title": "网络断开怎么重连"})
    report = index.update([changed, faq("new", "摄像头离线怎么办")], delete=["watch-battery"])
    assert (report.added, report.changed, report.deleted, report.unchanged) == (1, 1, 1, 3)
    assert report.snapshot_id == index.snapshot_id != before
    assert ids(index) == ["ac-not-cooling", "book-repair", "new", "onsite-fee", "script-calm"]
    assert first(index, "摄像头离线怎么办") == "new"
    assert first(index, "网络断开怎么重连") == "book-repair"
    assert "watch-battery" not in [name for name, _ in index.rank("手表一天就没电怎么办")]


def test_update_gives_the_index_that_a_build_would_give(index_dir, tmp_path):
    """Snapshot ids end in the hash of all files: they are the same, to the byte."""
    index = KnowledgeBase.open(index_dir)
    index.update([faq("new", "摄像头离线怎么办")], delete=["watch-battery"])
    anew = KnowledgeBase.build(list(index.articles()), tmp_path / "anew")
    assert anew.snapshot_id.partition("-")[2] == index.snapshot_id.partition("-")[2]


@pytest.mark.parametrize("status", ["draft", "retired"])
def test_article_that_is_unpublished_disappears(index_dir, status):
    """Updating an article to another status takes it out of search."""
    index = KnowledgeBase.open(index_dir)
    report = index.update([index.article("book-repair").model_copy(update={"status": status})])
    assert (report.deleted, report.held_back) == (1, {status: 1})
    assert "book-repair" not in [name for name, _ in index.rank("如何预约上门维修")]


def test_article_that_expires_disappears(index_dir):
    """What ended yesterday is in the snapshot, but never found or recommended."""
    index = KnowledgeBase.open(index_dir)
    yesterday = date.today() - timedelta(days=1)
    ended = index.article("ac-not-cooling").model_copy(update={"valid_until": yesterday})
    index.update([ended])
    assert "ac-not-cooling" not in [name for name, _ in index.rank("空调不制冷怎么办")]
    with pytest.raises(ValueError, match="ac-not-cooling"):
        index.recommend(article_id="ac-not-cooling")
    past = {"valid_on": yesterday}
    assert index.search("空调不制冷怎么办", filters=past).hits[0].article_id == "ac-not-cooling"


def test_update_that_changes_nothing_publishes_nothing(index_dir):
    """The same articles again: no new snapshot."""
    index = KnowledgeBase.open(index_dir)
    before = index.snapshot_id
    report = index.update([index.article("book-repair")])
    assert (report.changed, report.unchanged) == (0, 5)
    assert index.snapshot_id == report.snapshot_id == before


@pytest.mark.parametrize(
    ("given", "delete", "codes"),
    [
        ([], ["no-such-article"], {"delete_unknown"}),
        ([faq("a", "甲"), faq("a", "乙")], [], {"duplicate_id"}),
        ([faq("book-repair", "甲")], ["book-repair"], {"given_and_deleted"}),
        (
            [faq("a", "甲"), faq("a", "乙"), faq("book-repair", "丙")],
            ["book-repair", "x"],
            {"duplicate_id", "given_and_deleted", "delete_unknown"},
        ),
    ],
)
def test_impossible_update_is_refused_as_a_whole(index_dir, given, delete, codes):
    """Every problem is named, and nothing is changed."""
    index = KnowledgeBase.open(index_dir)
    with pytest.raises(SourceError) as caught:
        index.update(given, delete=delete)
    assert {p.code for p in caught.value.problems if p.severity == "error"} == codes
    assert KnowledgeBase.open(index_dir).snapshot_id == index.snapshot_id


def test_reader_keeps_its_snapshot_until_it_reloads(index_dir):
    """A second reader sees the update after `reload`, which says whether there was one."""
    writer, reader = KnowledgeBase.open(index_dir), KnowledgeBase.open(index_dir)
    assert reader.reload() is False
    writer.update([faq("new", "摄像头离线怎么办")])
    assert "new" not in ids(reader)
    assert first(reader, "摄像头离线怎么办") != "new"
    assert reader.reload() is True
    assert first(reader, "摄像头离线怎么办") == "new"
    assert reader.snapshot_id == writer.snapshot_id


READER = """
import json, sys
from kbsearch import KnowledgeBase

knowledge_base = KnowledgeBase.open(sys.argv[1])
for line in sys.stdin:
    if line.strip() == "reload":
        knowledge_base.reload()
    hits = knowledge_base.search("摄像头离线怎么办").hits
    print(json.dumps([knowledge_base.snapshot_id, hits[0].article_id]), flush=True)
"""


def test_reader_in_another_process_sees_an_update_after_reload(index_dir):
    """Before `reload` the other process answers from the old snapshot, after it from the new."""
    index = KnowledgeBase.open(index_dir)
    old = index.snapshot_id
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", READER, str(index_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:

        def ask(line):
            process.stdin.write(line + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())

        assert ask("search")[0] == old
        index.update([faq("new", "摄像头离线怎么办")])
        snapshot_id, article_id = ask("search")
        assert snapshot_id == old
        assert article_id != "new"
        assert ask("reload") == [index.snapshot_id, "new"]
        process.stdin.close()
        assert process.wait(timeout=10) == 0


def test_older_snapshot_can_be_opened_and_published_again(index_dir):
    """By its id it still answers; after a rollback it is what everyone sees."""
    index = KnowledgeBase.open(index_dir)
    old = index.snapshot_id
    index.update([faq("new", "摄像头离线怎么办")])
    assert "new" not in ids(KnowledgeBase.open(index_dir, snapshot_id=old))
    SnapshotStore(index_dir).rollback()
    assert index.reload() is True
    assert index.snapshot_id == old


def test_only_one_may_write(index_dir):
    """While another writer holds the lock, an update is refused, and search goes on."""
    index = KnowledgeBase.open(index_dir)
    with SnapshotStore(index_dir).writing(), pytest.raises(IndexBusyError):
        index.update([faq("new", "摄像头离线怎么办")])
    assert first(index, "空调不制冷怎么办") == "ac-not-cooling"


def test_threads_search_while_another_updates(index_dir):
    """Two threads search through three updates: no error, and no response is from two snapshots.

    Each update replaces the only article about cameras, so a hit of the snapshot before or after
    would show.
    """
    index = KnowledgeBase.open(index_dir)
    index.update([faq("camera-00", "摄像头离线怎么办")])
    done, errors, responses = threading.Event(), [], []

    def search():
        try:
            while not done.is_set():
                responses.append(index.search("摄像头离线怎么办", top_k=10, explain=True))
                responses.extend(index.search_many(["空调不制冷", "摄像头"], top_k=10))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=search) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for number in range(1, 4):
            name = f"camera-{number:02d}"
            index.update([faq(name, "摄像头离线怎么办")], delete=[f"camera-{number - 1:02d}"])
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert errors == []
    snapshots = {response.snapshot_id for response in responses}
    assert len(snapshots) > 2
    articles = {
        name: set(ids(KnowledgeBase.open(index_dir, snapshot_id=name))) for name in snapshots
    }
    for response in responses:
        found = {hit.article_id for hit in response.hits}
        assert found == articles[response.snapshot_id]  # all six are near enough to be hits


# Damage


def test_folder_without_an_index_is_named(tmp_path):
    """A missing folder, an empty one or a file: nothing is published there."""
    file = tmp_path / "file"
    file.write_text("x")
    for path in (tmp_path / "missing", tmp_path, file):
        with pytest.raises(SnapshotNotFoundError) as caught:
            KnowledgeBase.open(path)
        assert str(path) in caught.value.text("zh")


@pytest.mark.parametrize(
    "snapshot_id", ["000099-00000000", "nonsense", "../index", "x\0y", "000001", "é"]
)
def test_unknown_snapshot_is_not_found(index_dir, snapshot_id):
    """Whatever is given as the id of a snapshot leads to no other folder and to no crash."""
    with pytest.raises(SnapshotNotFoundError):
        KnowledgeBase.open(index_dir, snapshot_id=snapshot_id)


def truncated(raw):
    """The first half."""
    return raw[: len(raw) // 2]


def flipped(raw):
    """Every bit of the byte in the middle turned over."""
    middle = len(raw) // 2
    return raw[:middle] + bytes([raw[middle] ^ 0xFF]) + raw[middle + 1 :]


def bit_flipped(raw):
    """The lowest bit of the last byte but one turned over."""
    return raw[:-2] + bytes([raw[-2] ^ 1]) + raw[-1:]


@pytest.mark.parametrize("damage", [truncated, flipped, bit_flipped, lambda raw: raw + b"x"])
def test_damaged_file_is_detected_on_open_and_named(index_dir, damage):
    """Every file of a snapshot, one after the other: the error says which one."""
    store = SnapshotStore(index_dir)
    folder = store.folder(store.current_id())
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.stat().st_size > 2)
    assert len(files) > 15
    for path in files:
        raw = path.read_bytes()
        path.write_bytes(damage(raw))
        with pytest.raises((SnapshotCorruptError, SnapshotIncompatibleError)) as caught:
            KnowledgeBase.open(index_dir)
        assert path.name in str(caught.value.params["file"])
        path.write_bytes(raw)
    KnowledgeBase.open(index_dir)  # mended again


def test_missing_file_is_detected_on_open_and_named(index_dir):
    """Every file, the manifest included."""
    store = SnapshotStore(index_dir)
    folder = store.folder(store.current_id())
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        raw = path.read_bytes()
        path.unlink()
        with pytest.raises(SnapshotCorruptError) as caught:
            KnowledgeBase.open(index_dir)
        assert path.name in caught.value.text("zh")
        path.write_bytes(raw)


@pytest.mark.parametrize(
    "pointer",
    [
        b"",
        b"\n",
        b"\xff\xfe",
        b"000001-\xcd\n",
        b"a\0b",
        b"../..",
        b"000099-00000000\n",
        b"x" * 5000,
    ],
)
def test_damaged_pointer_is_no_foreign_error(index_dir, pointer):
    """Whatever CURRENT holds, opening fails with an error of ours."""
    (index_dir / "CURRENT").write_bytes(pointer)
    with pytest.raises(SnapshotError):
        KnowledgeBase.open(index_dir)


@pytest.mark.parametrize(
    "manifest",
    [
        b"",
        b"\xff",
        b"{}",
        b"[]",
        b"null",
        b'{"format_version": 2}',
        b'{"format_version": 99}',
        pytest.param(b"[" * 100_000, id="too deep"),
    ],
)
def test_strange_manifest_is_no_foreign_error(index_dir, manifest):
    """No JSON, other JSON, another version, or brackets without end."""
    store = SnapshotStore(index_dir)
    (store.folder(store.current_id()) / "manifest.json").write_bytes(manifest)
    with pytest.raises((SnapshotCorruptError, SnapshotIncompatibleError)):
        KnowledgeBase.open(index_dir)


def test_reload_of_a_damaged_snapshot_keeps_the_old_one(index_dir):
    """The error is raised, and the reader goes on answering from what it has open."""
    writer, reader = KnowledgeBase.open(index_dir), KnowledgeBase.open(index_dir)
    old = reader.snapshot_id
    writer.update([faq("new", "摄像头离线怎么办")])
    store = SnapshotStore(index_dir)
    terms = store.folder(store.current_id()) / "main" / "terms.txt"
    terms.write_bytes(truncated(terms.read_bytes()))
    with pytest.raises(SnapshotCorruptError, match=r"terms\.txt"):
        reader.reload()
    assert reader.snapshot_id == old
    assert first(reader, "空调不制冷怎么办") == "ac-not-cooling"


def test_update_of_a_damaged_index_is_refused(index_dir):
    """It would carry the damage on; the error is the one of opening."""
    index = KnowledgeBase.open(index_dir)
    store = SnapshotStore(index_dir)
    path = store.folder(store.current_id()) / "main" / "facets.json"
    path.write_bytes(flipped(path.read_bytes()))
    with pytest.raises(KBSearchError, match=r"facets\.json"):
        index.update([faq("new", "摄像头离线怎么办")])


def test_verify_passes_on_a_sound_index(knowledge_base):
    """BM25 agrees with rank-bm25 and the vectors are those of the texts, for all five articles."""
    found = knowledge_base.verify(sample=10)
    assert found.passed
    assert found.vectors == 5
    assert found.worst_difference < 1e-4


def test_rankings_are_those_of_each_leg(knowledge_base):
    """Read once, the query gives for every leg what `rank` gives for it alone."""
    options = {"filters": {"visibility": "public"}, "context": ["我的手表"], "depth": 3}
    rankings = knowledge_base.rankings("一天就没电", **options)
    assert rankings == {leg: knowledge_base.rank("一天就没电", leg=leg, **options) for leg in Leg}
    assert rankings[Leg.FINAL] == knowledge_base.rank("一天就没电", **options)
    assert knowledge_base.rankings("一天就没电", [Leg.DENSE], **options) == {
        Leg.DENSE: rankings[Leg.DENSE]
    }


def test_same_snapshot_is_searched_in_another_way(articles, knowledge_base, tmp_path):
    """Other weights of the ranking rank as an index does that was built with them."""
    even = FeatureWeights(**dict.fromkeys(FeatureWeights.model_fields, 1))
    ranking = RankingSettings(with_questions=even, without_questions=even)
    settings = knowledge_base.settings.model_copy(update={"ranking": ranking})
    before = knowledge_base.rank("空调不凉")
    other = knowledge_base.with_settings(settings)
    built = KnowledgeBase.build(articles, tmp_path, settings=settings)
    assert (other.snapshot_id, other.settings) == (knowledge_base.snapshot_id, settings)
    assert other.rank("空调不凉") == built.rank("空调不凉") != before
    assert knowledge_base.rank("空调不凉") == before


def test_index_is_not_searched_as_another_index(knowledge_base):
    """Settings by which it was built are those that it has."""
    other = Settings.model_validate({"bm25": {"k1": 2}})
    with pytest.raises(ValueError, match="another index"):
        knowledge_base.with_settings(other)


def test_one_text_is_no_list_of_texts(knowledge_base):
    """A text where a list is wanted would be searched character by character: it is refused."""
    with pytest.raises(ValueError, match="lists of texts"):
        knowledge_base.search_many("空调")
    with pytest.raises(ValueError, match="lists of texts"):
        knowledge_base.search("空调", context="手表")
    with pytest.raises(ValueError, match="depth"):
        knowledge_base.rank("空调", depth=0)
