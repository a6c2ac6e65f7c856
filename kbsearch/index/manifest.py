"""The manifest: the table of contents of a snapshot, by which damage is noticed.

It holds size and SHA-256 of every file; the snapshot's name holds a hash of the manifest itself.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from kbsearch.errors import SnapshotCorruptError, SnapshotIncompatibleError
from kbsearch.settings import Settings

FORMAT_VERSION = 4
# Not part of a snapshot's identity: the same knowledge base, published again, is the same.
_CIRCUMSTANCES = frozenset({"snapshot_id", "created_at", "parent"})
# Larger files are not read whole on opening, but compared by size; `kbsearch verify` reads them.
_READ_ON_OPENING = 16 << 20


class FileEntry(BaseModel):
    """Size and checksum of one file."""

    model_config = ConfigDict(frozen=True)

    bytes: int
    sha256: str


class EncoderEntry(BaseModel):
    """Which encoder made the vectors.

    Attributes:
        model: As in the settings.
        dim: Length of a vector.
        fingerprint: See `Encoder.fingerprint`.
        model_fingerprint: That of the model as it came, before it was adapted.
        adapted_to: How many articles it learned from; 0 if it is the model as it came.
    """

    model_config = ConfigDict(frozen=True)

    model: str
    dim: int
    fingerprint: str
    model_fingerprint: str = ""
    adapted_to: int = 0


class Contents(BaseModel):
    """What a snapshot was made of; the part of the manifest that its maker knows.

    Attributes:
        segments: Names of the folders of its segments, the largest first.
        articles: SHA-256 over the content hashes of its articles, in whatever segments they lie.
        settings: All settings, for searching and for the next update.
        analyzer: Fingerprint of the analyzer.
        encoder: The encoder.
        dictionaries: SHA-256 of each dictionary.
        counts: Number of articles, vectors, terms and postings.
    """

    model_config = ConfigDict(frozen=True)

    segments: tuple[str, ...]
    articles: str
    settings: Settings
    analyzer: str
    encoder: EncoderEntry
    dictionaries: Mapping[str, str]
    counts: Mapping[str, int]


class Manifest(BaseModel):
    """The table of contents of a snapshot."""

    model_config = ConfigDict(frozen=True)

    format_version: int
    snapshot_id: str
    created_at: datetime
    parent: str | None = None  # what was published before it
    contents: Contents
    files: Mapping[str, FileEntry]

    def segment_files(self) -> dict[str, dict[str, FileEntry]]:
        """Segment to its files; two segments with the same ones are the same."""
        return {
            segment: {
                name.removeprefix(f"{segment}/"): entry
                for name, entry in self.files.items()
                if name.startswith(f"{segment}/")
            }
            for segment in self.contents.segments
        }


def parse_manifest(raw: bytes, path: Path, snapshot_id: str) -> Manifest:
    """A manifest that says what its snapshot's name promises."""
    params = {"file": path, "snapshot": snapshot_id}
    try:
        document = json.loads(raw)
        params |= {"found": document["format_version"], "expected": FORMAT_VERSION}
        sound = document["snapshot_id"] == snapshot_id and digest(document) == snapshot_id[-8:]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise SnapshotCorruptError("file_altered", params) from error
    if params["found"] != FORMAT_VERSION:
        raise SnapshotIncompatibleError("format_version", params)
    if not sound:
        raise SnapshotCorruptError("file_altered", params)
    try:
        return Manifest.model_validate(document)
    except ValidationError as error:
        # As it was written, but by a version with other settings.
        raise SnapshotIncompatibleError("manifest_unreadable", params) from error


def digest(manifest: Mapping[str, object]) -> str:
    """8 hexadecimal digits of the SHA-256 of a manifest but for its circumstances.

    It is taken of the document, not of what this version understands of it, so that a setting added
    later does not make older snapshots look altered. Equal knowledge bases have equal digests.
    """
    content = {k: v for k, v in manifest.items() if k not in _CIRCUMSTANCES}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:8]


def check_file(path: Path, entry: FileEntry, snapshot_id: str, *, whole: bool) -> None:
    """Raises if the file is not the one that was written."""
    params = {"file": path, "snapshot": snapshot_id, "expected": entry.bytes}
    try:
        size = path.stat().st_size
        if size != entry.bytes:
            raise SnapshotCorruptError("file_truncated", {**params, "found": size})
        read = whole or size <= _READ_ON_OPENING
        if read and checksum(path) != entry.sha256:
            raise SnapshotCorruptError("file_altered", params)
    except FileNotFoundError as error:
        raise SnapshotCorruptError("file_missing", params) from error


def checksum(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
