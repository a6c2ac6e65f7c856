"""Build, size, opening, memory and updates, each measured in processes of their own."""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from benchmarks.scale.corpus import ROOT, corpus
from benchmarks.scale.results import Build, Serving, Update

_SAMPLE_S = 0.5  # between two looks at the memory of a process and its children
_REPEATS = 3
_TIMEOUT_S = 3600
# The one thread of the race is not for them: they run as a user would run them.
_ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}


def measure_build(size: int, index_dir: Path) -> Build:
    """Builds the index of so many articles in `index_dir`."""
    peak = 0.0
    with _start("build", str(size), str(index_dir)) as child:
        while child.poll() is None:
            peak = max(peak, _tree_mb(child.pid))
            time.sleep(_SAMPLE_S)
        built = _answer(child)
    return Build(
        seconds=built["build_s"],
        peak_mb=max(built["peak_mb"], peak),
        index_mb=sum(path.stat().st_size for path in _files(index_dir)) / 1e6,
    )


def measure_serving(index_dir: Path, texts: Sequence[str]) -> Serving:
    """Opens the index and searches it for `texts`."""
    _forget(_files(index_dir))
    cold = _run("open", str(index_dir), texts[0])
    warm = [_run("open", str(index_dir), texts[0]) for _ in range(_REPEATS)]
    served = _run("serve", str(index_dir), stdin="\n".join(texts))
    return Serving(
        import_s=statistics.median(each["import_s"] for each in warm),
        open_cold_s=cold["open_s"],
        open_s=statistics.median(each["open_s"] for each in warm),
        first_search_ms=statistics.median(each["first_search_ms"] for each in warm),
        peak_mb=served["peak_mb"],
        private_mb=served["private_mb"],
        command_s=_command_s("search", texts[0], "--index", str(index_dir)),
    )


def measure_update(size: int, count: int, index_dir: Path) -> Update:
    """Changes the last `count` articles in one process while another polls for the change."""
    (last,) = islice(corpus(size), size - 1, None)
    with _start("watch", str(count), str(index_dir), last.id) as watcher:
        try:
            _wait_for_line(watcher)
            written = _run("update", str(size), str(count), str(index_dir))
            seen = _answer(watcher, timeout_s=60)
        finally:
            watcher.kill()
    begin = written["begin"]
    return Update(
        articles=count,
        returned_s=written["returned"] - begin,
        visible_s=seen["visible"] - begin,
    )


def _wait_for_line(child: "subprocess.Popen[str]") -> None:
    if child.stdout is None or not child.stdout.readline():
        raise RuntimeError("the watching process ended before it was ready")


def _start(*arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "benchmarks.scale.child", *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, env=_ENVIRONMENT, stdin=pipe, stdout=pipe, text=True)


def _answer(
    child: "subprocess.Popen[str]", stdin: str = "", timeout_s: float = _TIMEOUT_S
) -> dict[str, float]:
    output, _ = child.communicate(stdin, timeout=timeout_s)
    if child.returncode:
        raise RuntimeError(f"{child.args!r} failed with {child.returncode}; its message is above")
    found: dict[str, float] = json.loads(output.splitlines()[-1])
    return found


def _run(*arguments: str, stdin: str = "") -> dict[str, float]:
    with _start(*arguments) as child:
        return _answer(child, stdin)


def _tree_mb(pid: int) -> float:
    """Memory of a process and its descendants; what they share is counted once (PSS)."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
        own = sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024 / 1e6
        threads = Path(f"/proc/{pid}/task").glob("*/children")
        children = [int(child) for path in threads for child in path.read_text("ascii").split()]
    except OSError:  # it has just ended
        return 0.0
    return own + sum(_tree_mb(child) for child in children)


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _forget(files: Sequence[Path]) -> None:
    """Asks the system to drop the files from its page cache."""
    for path in files:
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _command_s(*arguments: str) -> float:
    """Median seconds of a whole `kbsearch` process, after one that is not counted."""
    command = [sys.executable, "-m", "kbsearch.cli", *arguments]
    times = []
    for _ in range(_REPEATS + 1):
        begin = time.perf_counter()
        subprocess.run(command, cwd=ROOT, env=_ENVIRONMENT, check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - begin)
    return statistics.median(times[1:])
