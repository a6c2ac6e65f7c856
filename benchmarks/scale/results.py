"""What is measured, as it stands in `benchmarks/scale.json`.

Times are seconds or, where the name ends in ``_ms`` or it is a percentile, milliseconds; sizes are
megabytes (10^6 bytes).
"""

import os
import platform
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Timing(_Model):
    """One side in an interleaved run.

    Attributes:
        queries: How many were timed.
        p50: Median.
        p95: 95th percentile.
        p99: 99th percentile.
        judged: How many of them are judged.
        hit_at_1: Share of these with a right article first; None if none is judged.
        found_again: Of the others, share with the article first whose question it is.
    """

    queries: int
    p50: float
    p95: float
    p99: float
    judged: int
    hit_at_1: float | None
    found_again: float | None


class Build(_Model):
    """A build, in a process of its own.

    Attributes:
        seconds: Articles to published snapshot.
        peak_mb: Most memory of the process and its children together.
        index_mb: Files of the index.
    """

    seconds: float
    peak_mb: float
    index_mb: float


class Serving(_Model):
    """Opening and searching an index, in processes of their own.

    Attributes:
        import_s: Importing kbsearch, before anything is opened.
        open_cold_s: Opening, after the files were dropped from the page cache.
        open_s: Opening, the files in the page cache.
        first_search_ms: First search after it.
        peak_mb: Most memory of a process that opens and searches.
        private_mb: Of its memory at the end, what no other process can share.
        command_s: ``kbsearch search`` as a whole process.
    """

    import_s: float
    open_cold_s: float
    open_s: float
    first_search_ms: float
    peak_mb: float
    private_mb: float
    command_s: float


class Update(_Model):
    """An update by one process, watched by another.

    Attributes:
        articles: How many were changed.
        returned_s: Until `update` returned.
        visible_s: Until the other process found the last of them by its new question.
    """

    articles: int
    returned_s: float
    visible_s: float


class Own(_Model):
    """kbsearch alone.

    Attributes:
        search: Everything on, five hits.
        rank: The ranking of the same queries without highlights, facets and confidence.
        per_second: Searches a second on one thread.
        per_second_2: On two threads.
        per_second_many: Of `search_many`, all queries at once.
    """

    search: Timing
    rank: Timing
    per_second: float
    per_second_2: float
    per_second_many: float


class Limits(_Model):
    """What the machine and the interface allow.

    Attributes:
        vectors: How many the first three look at.
        scan_ms: NumPy: one product over all vectors.
        scan_gb_per_s: Memory read by it.
        flat_ms: A bare faiss search, IndexFlatIP.
        graph_ms: A bare faiss search, HNSW16 with efSearch 64; None where it is not built.
        reading_ms: Analysing and encoding a query, which every side must do.
        empty_ms: `search` of a text without words.
    """

    vectors: int
    scan_ms: float
    scan_gb_per_s: float
    flat_ms: float
    graph_ms: float | None
    reading_ms: float
    empty_ms: float


class PeerResult(_Model):
    """A peer and kbsearch, taking turns; or why it was not run.

    Attributes:
        name: Of the peer.
        not_run: Why; "" if it was.
        build_s: From tokens and vectors to a searchable index.
        memory_mb: Growth of the process by it, roughly.
        timing: The peer's.
        ours: kbsearch `search` on the same queries.
        per_second: Of the peer, on one thread.
        per_second_2: On two threads.
    """

    name: str
    not_run: str = ""
    build_s: float | None = None
    memory_mb: float | None = None
    timing: Timing | None = None
    ours: Timing | None = None
    per_second: float | None = None
    per_second_2: float | None = None

    @property
    def ratio(self) -> float | None:
        """How many times as long as kbsearch the peer takes, by the medians."""
        return self.timing.p50 / self.ours.p50 if self.timing and self.ours else None


class Size(_Model):
    """Everything about one size.

    Attributes:
        articles: How many.
        questions: Titles and similar questions of them.
        day: When it was measured.
        machine: On what.
        build: From articles to index.
        serving: Opening and searching it.
        own: kbsearch alone.
        limits: What the machine allows.
        peers: Side by side.
        updates: Of 1 and of 100 articles.
    """

    articles: int
    questions: int
    day: date
    machine: str
    build: Build
    serving: Serving
    own: Own
    limits: Limits
    peers: tuple[PeerResult, ...]
    updates: tuple[Update, ...]


class Results(_Model):
    """All sizes, ascending."""

    sizes: tuple[Size, ...] = ()

    @classmethod
    def read(cls, path: Path) -> Self:
        """The results in a file; none if it is not there."""
        return cls.model_validate_json(path.read_text(encoding="utf-8")) if path.exists() else cls()

    def write(self, path: Path) -> None:
        """Writes them."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.model_dump_json(indent=1) + "\n", encoding="utf-8")

    def with_size(self, size: Size) -> "Results":
        """The same with one size measured anew."""
        others = [other for other in self.sizes if other.articles != size.articles]
        return Results(sizes=tuple(sorted([*others, size], key=lambda each: each.articles)))


def today() -> date:
    """The day, in UTC."""
    return datetime.now(UTC).date()


def machine() -> str:
    """Cores, memory and versions."""
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ", ".join(f"{name} {version(name)}" for name in ("kbsearch", "numpy", "faiss-cpu"))
    python = platform.python_version()
    return f"{os.cpu_count()} cores, {gib:.0f} GiB, Python {python}, {packages}"
