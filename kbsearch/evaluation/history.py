"""History: one line for each run that was kept, and what moved the figures between them."""

import dataclasses
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from kbsearch.errors import Problem, QuerySetError
from kbsearch.evaluation.provenance import Provenance
from kbsearch.evaluation.result import Evaluation
from kbsearch.evaluation.significance import Estimate, json_object
from kbsearch.reasons import faults, problem
from kbsearch.retrieval.candidates import Leg

KEPT = ("hit@1", "hit@3", "MRR@10", "nDCG@10")


@dataclass(frozen=True, slots=True)
class Entry:
    """A run.

    Attributes:
        created_at: When, in UTC, ISO 8601.
        measured: What was measured.
        queries: Number of answerable queries.
        measures: Measure → estimate, of what search shows.
        p50_ms: Median of whole searches, in milliseconds.
        note: Why it was run, in somebody's words.
        failed: Checks that it failed (`kbsearch.evaluation.gate.Check`); one that was found to have
            dropped is no baseline.
    """

    created_at: str
    measured: Provenance
    queries: int
    measures: Mapping[str, Estimate]
    p50_ms: float
    note: str = ""
    failed: tuple[str, ...] = ()

    @classmethod
    def of(cls, evaluation: Evaluation, *, note: str = "", failed: Iterable[str] = ()) -> "Entry":
        """The run that gave an evaluation."""
        return cls(
            created_at=evaluation.created_at,
            measured=evaluation.measured,
            queries=evaluation.answerable,
            measures={name: evaluation.systems[Leg.FINAL][name] for name in KEPT},
            p50_ms=evaluation.latency_ms["p50"],
            note=note,
            failed=tuple(failed),
        )


def read(path: str | Path) -> tuple[Entry, ...]:
    """All runs of a history, oldest first; none if there is no such file.

    Raises:
        QuerySetError: The file cannot be read, or a line is no run; names every one.
    """
    return _read(Path(path), growing=False)


def append(path: str | Path, entry: Entry) -> bool:
    """Adds a run, unless the last one over the same queries has the same provenance.

    One write at the file's end, so that nothing is lost if two processes add at once.

    Returns:
        Whether it was added.

    Raises:
        QuerySetError: A line of the history is wrong.
        OSError: The file cannot be written.
    """
    for earlier in reversed(_read(Path(path), growing=True)):
        moved = entry.measured.moved(earlier.measured)
        if not moved:
            return False
        if "queries" not in moved:
            break
    line = (
        json.dumps(dataclasses.asdict(entry, dict_factory=json_object), ensure_ascii=False) + "\n"
    )
    # A last line without its end, by hand or by a killed process, must not swallow the next one.
    content = line if _ends_whole(Path(path)) else "\n" + line
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, content.encode("utf-8", "replace"))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return True


def baseline(entries: Iterable[Entry], measured: Provenance) -> Entry | None:
    """The last run over the same queries, of something else than `measured`, that had not dropped.

    Thus a run that was stopped is not what the next one, or its repetition, is held against.
    """
    for entry in reversed([*entries]):
        moved = measured.moved(entry.measured)
        if "drop" not in entry.failed and moved and "queries" not in moved:
            return entry
    return None


def _read(path: Path, *, growing: bool) -> tuple[Entry, ...]:
    """See `read`; with `growing`, a last line that another process is just writing is left out."""
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return ()
    except OSError as error:
        unreadable = Problem("history_unreadable", str(path), params={"reason": str(error)})
        raise QuerySetError("history_invalid", [unreadable]) from error
    entry = TypeAdapter(Entry)
    entries, problems = [], []
    for number, line in enumerate(lines, start=1):
        if not line.strip() or (growing and number == len(lines) and not _is_json(line)):
            continue
        try:
            entries.append(entry.validate_json(line))
        except ValidationError as error:
            problems.append(problem("history_wrong", str(path), number, faults(error)[0]))
    if problems:
        raise QuerySetError("history_invalid", problems)
    return tuple(entries)


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def _ends_whole(path: Path) -> bool:
    try:
        return path.read_bytes()[-1:] in {b"", b"\n"}
    except FileNotFoundError:
        return True
