"""Snapshots: immutable versions of an index, published by one atomic rename.

::

    INDEX_DIR/
      CURRENT                 id of the published snapshot; replaced atomically, always last
      write.lock              held by the one process that writes
      snapshots/
        000001-3fa9c2d1/      never changed once it has this name
          manifest.json       written after every other file
          main/               a segment: most articles
          recent/             a segment: what has changed since, if `main` was taken over
          …
        .building-…/          a build under way, or one that was killed; the next writer removes
        .deleting-…/          it, as well as what gc was about to delete

A reader sees the old snapshot or the new one, never a mixture. The manifest holds size and SHA-256
of every file, and the snapshot's name holds a hash of the manifest, so what is damaged is noticed.

A segment that does not change is not copied: its files are linked into the next snapshot, so that
each snapshot is a whole folder, and deleting one harms no other.
"""

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from kbsearch.errors import (
    IndexBusyError,
    SnapshotCorruptError,
    SnapshotError,
    SnapshotNotFoundError,
)
from kbsearch.index.manifest import (
    FORMAT_VERSION,
    Contents,
    FileEntry,
    Manifest,
    check_file,
    checksum,
    digest,
    parse_manifest,
)

_MANIFEST = "manifest.json"
_BUILDING = ".building-"
_DELETING = ".deleting-"
_ID = re.compile(r"[0-9]{6,}-[0-9a-f]{8}")


class SnapshotStore:
    """The snapshots of one index folder."""

    def __init__(self, index_dir: str | Path) -> None:
        self.index_dir = Path(index_dir)
        self._snapshots = self.index_dir / "snapshots"
        self._pointer = self.index_dir / "CURRENT"

    def current_id(self) -> str | None:
        """Id of the published snapshot; None if nothing is published."""
        try:
            # A damaged pointer names no snapshot; `manifest` says so.
            return self._pointer.read_text(encoding="utf-8", errors="replace").strip()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def folder(self, snapshot_id: str) -> Path:
        """Where the files of a snapshot lie."""
        return self._snapshots / snapshot_id

    def ids(self) -> list[str]:
        """Ids of all complete snapshots, oldest first."""
        if not self._snapshots.is_dir():
            return []
        folders = (path for path in self._snapshots.iterdir() if not path.name.startswith("."))
        return sorted(path.name for path in folders if (path / _MANIFEST).is_file())

    def manifest(self, snapshot_id: str | None = None) -> Manifest:
        """The manifest of a snapshot, by default of the published one.

        Raises:
            SnapshotNotFoundError: Nothing is published, or there is no such snapshot.
            SnapshotCorruptError: The manifest was altered.
            SnapshotIncompatibleError: Another format version wrote it.
        """
        wanted = snapshot_id or self.current_id()
        if wanted is None:
            raise SnapshotNotFoundError("nothing_published", {"path": self.index_dir})
        path = self.folder(wanted) / _MANIFEST
        params = {"path": self.index_dir, "snapshot": wanted}
        if not _ID.fullmatch(wanted):  # no way out of the folder, and no NUL for the system
            if snapshot_id is None:
                raise SnapshotCorruptError("pointer_altered", {**params, "file": self._pointer})
            raise SnapshotNotFoundError("snapshot_unknown", params)
        try:
            raw = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError) as error:
            if path.parent.is_dir():
                raise SnapshotCorruptError("file_missing", {**params, "file": path}) from error
            raise SnapshotNotFoundError("snapshot_unknown", params) from error
        return parse_manifest(raw, path, wanted)

    def checked(
        self,
        snapshot_id: str | None = None,
        *,
        whole: bool = False,
    ) -> tuple[Path, Manifest]:
        """Folder and manifest of a snapshot whose files are as they were written.

        Args:
            snapshot_id: Which one; the published one without.
            whole: Whether large files are read too, instead of being compared by size.

        Raises:
            SnapshotError: As `manifest`, or a file is missing, truncated or altered.
        """
        while True:
            try:
                manifest = self.manifest(snapshot_id)
                folder = self.folder(manifest.snapshot_id)
                for name, entry in manifest.files.items():
                    check_file(folder / name, entry, manifest.snapshot_id, whole=whole)
            except (SnapshotNotFoundError, SnapshotCorruptError) as error:
                # Another process may have published and collected garbage in between.
                gone = error.params.get("snapshot")
                if snapshot_id or gone is None or self.current_id() == gone:
                    raise
            else:
                return folder, manifest

    @contextlib.contextmanager
    def writing(self) -> Iterator[Self]:
        """Holds the writer's lock, and clears away what killed builds left.

        Raises:
            IndexBusyError: Another process is writing.
        """
        from filelock import FileLock, Timeout

        self._snapshots.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.index_dir / "write.lock")
        try:
            lock.acquire(blocking=False)
        except Timeout as error:
            raise IndexBusyError("index_busy", {"path": self.index_dir}) from error
        try:
            for prefix in (_BUILDING, _DELETING):
                for path in self._snapshots.glob(f"{prefix}*"):
                    shutil.rmtree(path, ignore_errors=True)
            yield self
        finally:
            lock.release()

    def publish(
        self,
        contents: Contents,
        write: Callable[[Path], None],
        *,
        kept: str | None = None,
    ) -> Manifest:
        """Makes a new snapshot the published one; call it inside `writing`.

        A snapshot equal to the published one in everything but its time is not made again, unless
        the published one is damaged.

        Args:
            contents: What it was made of.
            write: Writes all other files but the manifest into the folder it is given.
            kept: Segment that is taken over from the published snapshot.
        """
        building = Path(tempfile.mkdtemp(prefix=_BUILDING, dir=self._snapshots))
        try:
            entries = self._linked(building, kept) if kept else {}
            write(building)
            manifest = self._sealed(building, contents, entries)
            if self._says_the_same(manifest):
                shutil.rmtree(building)
                return self.manifest()
            building.chmod(0o755)
            building.rename(self.folder(manifest.snapshot_id))
        except BaseException:
            shutil.rmtree(building, ignore_errors=True)
            raise
        _sync(self._snapshots)
        self._point_to(manifest.snapshot_id)
        return manifest

    def rollback(self, snapshot_id: str | None = None) -> Manifest:
        """Publishes an older snapshot again, by default what was published before.

        Raises:
            SnapshotNotFoundError: There is no older one, or no such one.
            SnapshotCorruptError: It is damaged, or it is to be found from a published manifest that
                is; what is published stays.
        """
        self._require_published()
        with self.writing():
            if snapshot_id is None:
                snapshot_id = self.manifest().parent
                if snapshot_id is None:
                    raise SnapshotNotFoundError("nothing_older", {"path": self.index_dir})
            _, manifest = self.checked(snapshot_id, whole=True)
            self._point_to(snapshot_id)
        return manifest

    def gc(self, keep: int) -> list[str]:
        """Deletes all snapshots but the published one and the `keep` newest others.

        A reader that has one of them open goes on: its files are mapped until it lets them go.

        Returns:
            Ids of the deleted snapshots.

        Raises:
            ValueError: `keep` is negative.
        """
        if keep < 0:
            raise ValueError(f"keep must not be negative, got {keep}")
        self._require_published()
        with self.writing():
            current = self._require_published()  # another process may have published meanwhile
            others = [name for name in self.ids() if name != current]
            doomed = others[: max(0, len(others) - keep)]
            for name in doomed:
                # Renamed first: killed half-way, it leaves no snapshot that lacks files.
                doomed_folder = self.folder(name).rename(self._snapshots / f"{_DELETING}{name}")
                shutil.rmtree(doomed_folder)
        return doomed

    def _require_published(self) -> str:
        """Id of the published snapshot; so a mistyped folder is not made into an index.

        Raises:
            SnapshotNotFoundError: Nothing is published.
        """
        current = self.current_id()
        if current is None:
            raise SnapshotNotFoundError("nothing_published", {"path": self.index_dir})
        return current

    def _says_the_same(self, manifest: Manifest) -> bool:
        """Whether the published snapshot has the same contents and is as it was written."""
        try:
            published = self.manifest()
            if (published.contents, published.files) != (manifest.contents, manifest.files):
                return False
            self.checked(whole=True)
        except SnapshotError:
            return False
        return True

    def _linked(self, building: Path, segment: str) -> dict[str, FileEntry]:
        """Links a segment of the published snapshot into a new one; its files by name."""
        published = self.manifest()
        source = self.folder(published.snapshot_id)
        (building / segment).mkdir()
        names = [name for name in published.files if name.startswith(f"{segment}/")]
        for name in names:
            try:
                os.link(source / name, building / name)
            except OSError:  # a file system without links
                shutil.copyfile(source / name, building / name)
                _sync(building / name)
        return {name: published.files[name] for name in names}

    def _sealed(
        self, building: Path, contents: Contents, linked: Mapping[str, FileEntry]
    ) -> Manifest:
        """Writes the manifest, last, once every other file is safely on disk."""
        files = dict(linked)
        for path in sorted(building.rglob("*")):
            name = path.relative_to(building).as_posix()
            if name in linked:
                continue
            _sync(path)
            if path.is_file():
                files[name] = FileEntry(bytes=path.stat().st_size, sha256=checksum(path))
        unnamed = Manifest(
            format_version=FORMAT_VERSION,
            snapshot_id="",
            created_at=datetime.now(UTC).replace(microsecond=0),
            parent=self.current_id(),
            contents=contents,
            files=dict(sorted(files.items())),
        )
        # Damaged snapshots keep their number: a folder that is there cannot be made again.
        taken = [path.name for path in self._snapshots.iterdir() if _ID.fullmatch(path.name)]
        number = max((int(name.partition("-")[0]) for name in taken), default=0) + 1
        name = f"{number:06d}-{digest(unnamed.model_dump(mode='json'))}"
        manifest = unnamed.model_copy(update={"snapshot_id": name})
        path = building / _MANIFEST
        path.write_text(manifest.model_dump_json(indent=1), encoding="utf-8")
        _sync(path)
        _sync(building)
        return manifest

    def _point_to(self, snapshot_id: str) -> None:
        """Replaces the pointer in one step."""
        new = self._pointer.with_suffix(".new")
        new.write_text(snapshot_id + "\n", encoding="utf-8")
        _sync(new)
        new.replace(self._pointer)
        _sync(self.index_dir)


def _sync(path: Path) -> None:
    """Waits until a file or folder is on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
