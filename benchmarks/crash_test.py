"""Kills builds and updates with SIGKILL at random moments; the old snapshot must always survive.

::

    python benchmarks/crash_test.py [--rounds 50] [--seed 0]

Each round starts a process that builds or updates an index over and over, kills it after a random
time, then opens and verifies what is published.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from kbsearch.index.local import LocalIndex
from kbsearch.index.snapshot import SnapshotStore
from kbsearch.loaders.source import read_source
from kbsearch.verification import verify

_CORPUS = Path(__file__).parent.parent / "corpora" / "smart_devices"
_SHORTEST, _LONGEST = 0.3, 2.5  # seconds before the kill; a start takes about half of one
_WORKER = """
import itertools, sys
from kbsearch.indexer.builder import build, update
from kbsearch.loaders.source import read_source
mode, corpus, index_dir, first = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
articles = read_source([corpus]).articles
for number in itertools.count(first):
    changed = [a.model_copy(update={"version": number + 2}) for a in articles]
    print("writing", flush=True)
    if mode == "build":
        report = build(changed, index_dir)
    else:
        report = update(index_dir, changed[number % 70 : number % 70 + 3])
    print(report.snapshot_id, flush=True)
"""


def main() -> int:
    """Runs all rounds and prints what was seen; 0 if nothing was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=50, help="kills of each kind")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    generator = random.Random(given.seed)
    report: dict[str, dict[str, int]] = {}
    with tempfile.TemporaryDirectory() as folder:
        _prepare(Path(folder))
        for mode in ("build", "update"):
            seen: Counter[str] = Counter()
            for number in range(given.rounds):
                delay = generator.uniform(_SHORTEST, _LONGEST)
                seen.update(_round(mode, Path(folder), number * 1000, delay))
            report[mode] = dict(seen)
    print(json.dumps(report, indent=1))
    return 1 if any(seen.get("lost") for seen in report.values()) else 0


def _prepare(index_dir: Path) -> None:
    """Publishes a first snapshot."""
    from kbsearch.indexer.builder import build

    build(read_source([_CORPUS]).articles, index_dir)


def _round(mode: str, index_dir: Path, first: int, delay: float) -> list[str]:
    """Starts a writer, kills it, and says what state it left behind."""
    snapshots = SnapshotStore(index_dir)
    before = snapshots.current_id()
    command = [sys.executable, "-c", _WORKER, mode, str(_CORPUS), str(index_dir), str(first)]
    writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    time.sleep(delay)
    os.kill(writer.pid, signal.SIGKILL)
    steps = (writer.communicate()[0] or "").split()
    seen = ["kills"]
    if steps and steps[-1] == "writing":
        seen.append("killed while writing")
    if any(path.name.startswith(".") for path in (index_dir / "snapshots").iterdir()):
        seen.append("left an unfinished folder")
    if snapshots.current_id() != before:
        seen.append("published before the kill")
    reported = [step for step in steps if step != "writing"]
    if reported and (snapshots.current_id() or "") < reported[-1]:
        seen.append("lost")  # what the writer said was published is not
    try:
        if not verify(LocalIndex.open(snapshots), sample=3).passed:
            seen.append("lost")
    except Exception as error:  # whatever it is, the snapshot is lost
        print(f"{mode} after {delay:.3f} s: {error}", file=sys.stderr)
        seen.append("lost")
    snapshots.gc(keep=1)
    return seen


if __name__ == "__main__":
    sys.exit(main())
