"""Snapshots: whole or not at all, whatever happens while they are written or afterwards."""

import json
import os
import signal
import subprocess
import sys

import pytest

from kbsearch.errors import (
    IndexBusyError,
    SnapshotCorruptError,
    SnapshotIncompatibleError,
    SnapshotNotFoundError,
)
from kbsearch.index.manifest import Contents, EncoderEntry
from kbsearch.index.snapshot import SnapshotStore
from kbsearch.settings import Settings

CONTENTS = Contents(
    segments=("main",),
    articles="h" * 64,
    settings=Settings(),
    analyzer="a" * 64,
    encoder=EncoderEntry(model="bundled", dim=2, fingerprint="e" * 64),
    dictionaries={},
    counts={"articles": 1},
)

# Publishes a snapshot, but stops in the middle of writing it: says so, and waits to be killed.
STOPS_WHILE_WRITING = """
import sys, time
from pathlib import Path
from kbsearch.index.manifest import Contents
from kbsearch.index.snapshot import SnapshotStore

def write(folder):
    (folder / "articles.jsonl").write_text("half of it", encoding="utf-8")
    print("writing", flush=True)
    time.sleep(60)

contents = Contents.model_validate_json(sys.argv[2])
with SnapshotStore(Path(sys.argv[1])).writing() as store:
    store.publish(contents, write)
"""


@pytest.fixture
def store(tmp_path):
    """An index folder with nothing in it."""
    return SnapshotStore(tmp_path / "index")


def publish(store, text):
    """Publishes a snapshot of two files, one of which says `text`."""

    def write(folder):
        (folder / "articles.jsonl").write_text(text, encoding="utf-8")
        (folder / "ids.txt").write_text("a", encoding="utf-8")

    with store.writing():
        return store.publish(CONTENTS, write).snapshot_id


def published_text(store):
    """What the published snapshot says, after all checks."""
    folder, _ = store.checked()
    return (folder / "articles.jsonl").read_text(encoding="utf-8")


def leftovers(store):
    """Folders of builds that were not finished."""
    return list((store.index_dir / "snapshots").glob(".building-*"))


@pytest.fixture
def killed_while_writing(store):
    """A process that holds the writer's lock with half a snapshot on disk; killed afterwards."""
    command = [sys.executable, "-c", STOPS_WHILE_WRITING]
    arguments = [str(store.index_dir), CONTENTS.model_dump_json()]
    with subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"writing\n"
        yield process
        process.kill()


def test_published_snapshot_is_what_was_written(store):
    """It opens, every file is listed with size and checksum, and its contents are those given."""
    name = publish(store, "空调")
    folder, manifest = store.checked()
    assert folder == store.folder(name)
    assert manifest.snapshot_id == store.current_id() == name
    assert manifest.contents == CONTENTS
    assert {file: entry.bytes for file, entry in manifest.files.items()} == {
        "articles.jsonl": len("空调".encode()),
        "ids.txt": 1,
    }


def test_newest_is_published_and_older_ones_stay(store):
    """Snapshots are numbered in order and never changed by the next one."""
    first, second = publish(store, "一"), publish(store, "二")
    assert store.ids() == [first, second]
    assert (first[:7], second[:7]) == ("000001-", "000002-")
    assert published_text(store) == "二"
    assert store.checked(first)[1].snapshot_id == first


def test_equal_content_publishes_nothing_new(store):
    """The same knowledge base again is the same snapshot, whatever the time."""
    first = publish(store, "一")
    assert publish(store, "一") == first
    assert store.ids() == [first]
    assert leftovers(store) == []


def test_equal_content_replaces_a_damaged_snapshot(store):
    """Building anew mends a snapshot that was damaged, though it has the same content."""
    first = publish(store, "一")
    (store.folder(first) / "articles.jsonl").write_text("二", encoding="utf-8")
    second = publish(store, "一")
    assert second != first
    assert published_text(store) == "一"


def test_same_content_as_an_older_one_is_published_again(store):
    """Only the published snapshot stands in for an equal one, so that going back is a step."""
    names = [publish(store, text) for text in ("一", "二", "一")]
    assert store.ids() == names
    assert published_text(store) == "一"


def test_nothing_published(store, tmp_path):
    """A folder without an index says what to do, and is not made by looking."""
    assert store.current_id() is None
    assert store.ids() == []
    with pytest.raises(SnapshotNotFoundError, match="kbsearch build"):
        store.checked()
    assert list(tmp_path.iterdir()) == []


def test_unknown_snapshot_is_named(store):
    """Asking for a snapshot that is not there names it."""
    publish(store, "一")
    with pytest.raises(SnapshotNotFoundError, match="000009-00000000"):
        store.checked("000009-00000000")


def damage_truncate(path):
    """The last byte is lost."""
    path.write_bytes(path.read_bytes()[:-1])


def damage_lengthen(path):
    """A byte is added."""
    path.write_bytes(path.read_bytes() + b"x")


def damage_alter(path):
    """One bit changes, the size does not."""
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


def damage_remove(path):
    """The file is gone."""
    path.unlink()


@pytest.mark.parametrize("file", ["articles.jsonl", "ids.txt"])
@pytest.mark.parametrize("damage", [damage_truncate, damage_lengthen, damage_alter, damage_remove])
def test_damaged_file_is_found_and_named(store, damage, file):
    """Whatever happens to a file, opening raises, names the file, and says what to do."""
    path = store.folder(publish(store, "空调")) / file
    damage(path)
    with pytest.raises(SnapshotCorruptError) as caught:
        store.checked()
    assert caught.value.params["file"] == path
    assert str(path) in str(caught.value)
    assert "rollback" in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        lambda manifest: manifest["contents"]["settings"]["bm25"].update(k1=9.0),
        lambda manifest: manifest["contents"].update(analyzer="b" * 64),
        lambda manifest: manifest["contents"]["counts"].update(articles=2),
        lambda manifest: manifest["files"].pop("ids.txt"),
        lambda manifest: manifest["files"]["ids.txt"].update(sha256="0" * 64),
        lambda manifest: manifest["files"].update(extra={"bytes": 0, "sha256": "0" * 64}),
        lambda manifest: manifest.update(snapshot_id="000002-00000000"),
        lambda manifest: manifest.pop("files"),
        lambda manifest: manifest.pop("format_version"),
    ],
)
def test_altered_manifest_is_found_and_named(store, change):
    """The snapshot's name holds the hash of the manifest, so it cannot be changed unseen."""
    path = store.folder(publish(store, "空调")) / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    change(manifest)
    path.write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(SnapshotCorruptError) as caught:
        store.checked()
    assert caught.value.params["file"] == path


@pytest.mark.parametrize("damage", [damage_truncate, damage_alter, lambda p: p.write_bytes(b"")])
def test_broken_manifest_is_found_and_named(store, damage):
    """A manifest that is no JSON any more is damage, too."""
    path = store.folder(publish(store, "空调")) / "manifest.json"
    damage(path)
    with pytest.raises(SnapshotCorruptError) as caught:
        store.checked()
    assert caught.value.params["file"] == path


def test_missing_manifest_is_named(store):
    """A folder without manifest is not listed, and opening it says which file is missing."""
    name = publish(store, "空调")
    (store.folder(name) / "manifest.json").unlink()
    assert store.ids() == []
    with pytest.raises(SnapshotCorruptError, match=rf"{name}/manifest\.json"):
        store.checked()


def test_other_format_version_is_told_apart_from_damage(store):
    """A snapshot of another kbsearch is sound, but cannot be read here."""
    path = store.folder(publish(store, "空调")) / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**manifest, "format_version": 99}), encoding="utf-8")
    with pytest.raises(SnapshotIncompatibleError, match="99"):
        store.checked()


def test_failing_publish_leaves_the_published_snapshot(store):
    """An error while writing reaches the caller; the old snapshot stays, nothing is left over."""
    first = publish(store, "一")

    def fail(folder):
        (folder / "articles.jsonl").write_text("half of it", encoding="utf-8")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"), store.writing():
        store.publish(CONTENTS, fail)
    assert store.ids() == [first]
    assert published_text(store) == "一"
    assert leftovers(store) == []
    assert publish(store, "二") != first  # the lock is free again


@pytest.mark.parametrize("step", ["rename", "replace"])
def test_stop_between_any_two_steps_leaves_the_published_snapshot(store, monkeypatch, step):
    """Before the folder has its name or the pointer has turned, the old one is published."""
    publish(store, "一")

    def stop(self, target):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(f"pathlib.Path.{step}", stop)
        with pytest.raises(KeyboardInterrupt):
            publish(store, "二")
    assert published_text(store) == "一"
    publish(store, "三")
    assert published_text(store) == "三"


def test_killed_publish_leaves_the_published_snapshot(store, request):
    """After kill -9 the old snapshot opens; the next writer clears away what was left."""
    publish(store, "一")
    process = request.getfixturevalue("killed_while_writing")
    assert len(leftovers(store)) == 1
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert published_text(store) == "一"
    assert len(leftovers(store)) == 1
    publish(store, "二")
    assert published_text(store) == "二"
    assert leftovers(store) == []


def test_only_one_process_writes(store, request):
    """While another process writes, publishing, rollback and gc are refused; reading is not."""
    publish(store, "一")
    publish(store, "二")
    request.getfixturevalue("killed_while_writing")
    with pytest.raises(IndexBusyError, match="another process"):
        publish(store, "三")
    with pytest.raises(IndexBusyError):
        store.rollback()
    with pytest.raises(IndexBusyError):
        store.gc(0)
    assert published_text(store) == "二"
    assert len(leftovers(store)) == 1  # what the other one writes is left alone


def test_rollback_publishes_the_one_before(store):
    """Each rollback goes one further back, until there is none."""
    names = [publish(store, text) for text in ("一", "二", "三")]
    assert store.rollback().snapshot_id == names[1]
    assert published_text(store) == "二"
    assert store.rollback().snapshot_id == names[0]
    with pytest.raises(SnapshotNotFoundError, match="no older"):
        store.rollback()
    assert published_text(store) == "一"
    assert store.ids() == names  # nothing is lost


def test_rollback_goes_to_any_snapshot(store):
    """Also forward again."""
    names = [publish(store, text) for text in ("一", "二", "三")]
    store.rollback(names[0])
    assert store.rollback(names[2]).snapshot_id == names[2]
    assert published_text(store) == "三"


def test_numbers_go_on_after_a_rollback(store):
    """A snapshot published after a rollback is the newest."""
    publish(store, "一")
    second = publish(store, "二")
    store.rollback()
    third = publish(store, "三")
    assert third > second
    assert published_text(store) == "三"


def test_rollback_to_a_damaged_snapshot_is_refused(store):
    """The published one stays."""
    first = publish(store, "一")
    publish(store, "二")
    damage_alter(store.folder(first) / "articles.jsonl")
    with pytest.raises(SnapshotCorruptError):
        store.rollback()
    assert published_text(store) == "二"


def test_rollback_from_a_damaged_snapshot(store):
    """What the message of a damaged file advises works."""
    publish(store, "一")
    second = publish(store, "二")
    damage_remove(store.folder(second) / "articles.jsonl")
    store.rollback()
    assert published_text(store) == "一"


@pytest.mark.parametrize(
    ("keep", "left"), [(0, [3]), (1, [2, 3]), (2, [1, 2, 3]), (9, [0, 1, 2, 3])]
)
def test_gc_keeps_the_published_and_the_newest_others(store, keep, left):
    """Of four snapshots, the fourth published."""
    names = [publish(store, text) for text in "一二三四"]
    doomed = store.gc(keep)
    assert store.ids() == [names[number] for number in left]
    assert doomed == [name for name in names if name not in store.ids()]
    assert published_text(store) == "四"


def test_gc_never_deletes_the_published_one(store):
    """Also when it is the oldest, after a rollback."""
    names = [publish(store, text) for text in "一二三"]
    store.rollback(names[0])
    assert store.gc(1) == [names[1]]
    assert store.ids() == [names[0], names[2]]
    assert published_text(store) == "一"


def test_gc_of_a_negative_number_is_refused(store):
    """It is no number of snapshots."""
    publish(store, "一")
    with pytest.raises(ValueError, match="negative"):
        store.gc(-1)


def test_rollback_skips_what_was_rolled_back_before(store):
    """After a bad snapshot, a rollback and a new one, rollback does not bring back the bad one."""
    publish(store, "一")
    good = publish(store, "二")
    bad = publish(store, "坏")
    assert store.rollback().snapshot_id == good
    assert publish(store, "四") > bad
    assert store.rollback().snapshot_id == good


def test_snapshot_without_manifest_keeps_its_number(store):
    """A build after the manifest was lost publishes again, beside the damaged folder."""
    first = publish(store, "一")
    (store.folder(first) / "manifest.json").unlink()
    second = publish(store, "一")
    assert second > first
    assert published_text(store) == "一"


def test_gc_and_rollback_work_beside_a_damaged_manifest(store):
    """A damaged published snapshot can be left behind by name, and cleared away."""
    first = publish(store, "一")
    second = publish(store, "二")
    damage_alter(store.folder(second) / "manifest.json")
    assert store.rollback(first).snapshot_id == first
    assert store.gc(keep=0) == [second]
    assert published_text(store) == "一"


def test_gc_that_was_killed_leaves_no_half_snapshot(store, monkeypatch):
    """What was about to be deleted is no snapshot any more, and the next writer clears it away."""
    publish(store, "一")
    publish(store, "二")
    with monkeypatch.context() as patch:
        patch.setattr("shutil.rmtree", lambda path: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            store.gc(keep=0)
    assert store.ids() == [store.current_id()]
    publish(store, "三")
    assert [p.name for p in (store.index_dir / "snapshots").iterdir() if p.name[0] == "."] == []


def test_gc_keeps_what_was_published_while_it_waited(store, monkeypatch):
    """A snapshot that another process publishes just before gc gets the lock is not deleted."""
    publish(store, "一")
    writing = SnapshotStore.writing

    def after_another(self):
        monkeypatch.undo()
        publish(store, "二")
        return writing(self)

    monkeypatch.setattr(SnapshotStore, "writing", after_another)
    store.gc(keep=0)
    assert published_text(store) == "二"
