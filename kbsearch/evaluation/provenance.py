"""Provenance: what was measured, as hashes, so that a figure can be traced and measured again."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from kbsearch.evaluation.query_set import QuerySet
from kbsearch.index.manifest import Manifest
from kbsearch.settings import Settings

_CHECKOUT = Path(__file__).parent.parent.parent


@dataclass(frozen=True, slots=True)
class Provenance:
    """What was measured; equal hashes give equal rankings.

    Attributes:
        query_sets: Name of each query set → SHA-256 of its queries.
        snapshot_id: The snapshot.
        content_digest: SHA-256 of its articles.
        settings_digest: SHA-256 of its settings and dictionaries, the model apart.
        model: Fingerprint of the encoder as it came.
        encoder: Fingerprint of the encoder as it was adapted to the articles.
        version: Version of kbsearch.
        commit: Commit of kbsearch, if it runs from a git checkout.
    """

    query_sets: Mapping[str, str]
    snapshot_id: str
    content_digest: str
    settings_digest: str
    model: str
    encoder: str
    version: str
    commit: str = ""

    @classmethod
    def of(cls, manifest: Manifest, settings: Settings, query_set: QuerySet) -> "Provenance":
        """That of a query set on a snapshot that is searched with `settings`."""
        contents = manifest.contents
        # Where dictionaries and model lie does not matter; their own hashes do.
        chosen = settings.model_dump(exclude={"dictionaries": True, "vectors": {"model"}})
        made = json.dumps([chosen, dict(contents.dictionaries), contents.analyzer], sort_keys=True)
        encoder = contents.encoder
        return cls(
            query_sets=query_set.digests,
            snapshot_id=manifest.snapshot_id,
            content_digest=contents.articles,
            settings_digest=hashlib.sha256(made.encode()).hexdigest(),
            model=encoder.model_fingerprint or encoder.fingerprint,
            encoder=encoder.fingerprint,
            version=version("kbsearch"),
            commit=_commit(),
        )

    def moved(self, before: "Provenance") -> tuple[str, ...]:
        """Which of ``queries``, ``content``, ``settings``, ``model`` and ``code`` differ.

        And ``adaptation``, if the encoder learned anew though articles and model are the same.
        """
        own, other = sorted(self.query_sets.values()), sorted(before.query_sets.values())
        parts = {
            "queries": own != other,
            "content": self.content_digest != before.content_digest,
            "settings": self.settings_digest != before.settings_digest,
            "model": self.model != before.model,
            "code": (self.version, self.commit) != (before.version, before.commit),
        }
        learned = self.encoder != before.encoder and not (parts["content"] or parts["model"])
        return tuple(part for part, has in {**parts, "adaptation": learned}.items() if has)


def _commit() -> str:
    """Commit of the checkout, 12 digits; "" if kbsearch is installed instead."""
    git = _CHECKOUT / ".git"
    try:
        head = (git / "HEAD").read_text(encoding="utf-8").strip()
        if not head.startswith("ref: "):
            return head[:12]
        branch = head.removeprefix("ref: ")
        if (git / branch).is_file():
            return (git / branch).read_text(encoding="utf-8")[:12]
        packed = (git / "packed-refs").read_text(encoding="utf-8").splitlines()
        return next((line[:12] for line in packed if line.endswith(f" {branch}")), "")
    except OSError:
        return ""
