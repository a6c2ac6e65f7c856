"""Workers: the content of many articles, indexed by several processes at once.

A worker is a Python process of its own that makes segments out of files of articles. It is neither
forked, which would copy threads in the middle of their work, nor a child of `multiprocessing`,
which would run the caller's main module again.
"""

import contextlib
import itertools
import json
import os
import queue
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

import numpy as np

from kbsearch.adaptation import Adaptation
from kbsearch.analysis.analyzer import Analyzer
from kbsearch.analysis.dictionaries import Dictionaries
from kbsearch.article import Article
from kbsearch.encoders.protocol import Encoder
from kbsearch.encoders.registry import load_encoder
from kbsearch.encoders.static import StaticEncoder
from kbsearch.index.segment import Parts
from kbsearch.indexer.content import Progress, index_articles
from kbsearch.settings import VectorSettings

# With fewer articles a process of its own takes longer to start than it saves.
_LEAST_ARTICLES = 2_000
_CHUNK = 1_000  # articles
_TASK = "task.json"
_NEVER_COMPRESSED = VectorSettings(exact_up_to=sys.maxsize)


def index_many(
    articles: Sequence[Article], analyzer: Analyzer, encoder: Encoder, progress: Progress
) -> Parts:
    """`index_articles`, by as many processes as there are cores if that is worth their start."""
    workers = min(os.cpu_count() or 1, len(articles) // _CHUNK)
    # A model that reads whole texts uses all cores, or the one accelerator, by itself.
    if len(articles) < _LEAST_ARTICLES or workers < 2 or not isinstance(encoder, StaticEncoder):
        return index_articles(articles, analyzer, encoder, progress)
    with tempfile.TemporaryDirectory(prefix="kbsearch-") as name:
        folder = Path(name)
        chunks = [articles[begin : begin + _CHUNK] for begin in range(0, len(articles), _CHUNK)]
        _write_task(folder, chunks, analyzer, encoder)
        _run(folder, len(chunks), workers, lambda done: progress("index", done, len(chunks)))
        # Their files stay mapped when the folder is gone.
        parts = [Parts.load(folder / str(number)) for number in range(len(chunks))]
    ends = np.cumsum([len(part) for part in parts])
    rows = [np.arange(end - len(part), end) for part, end in zip(parts, ends, strict=True)]
    return Parts.joined(parts, rows)


def work(folder: Path, answers: int) -> None:
    """What a worker does: indexes the chunks whose numbers it reads, and answers when done.

    Args:
        folder: Where the task and the chunks lie, and the segments go.
        answers: File descriptor for the answers; whoever prints something does not disturb them.
    """
    task = json.loads((folder / _TASK).read_text(encoding="utf-8"))
    analyzer = Analyzer(Dictionaries.of(task["dictionaries"]))
    encoder = load_encoder(task["model"])
    if task["adapted"] and isinstance(encoder, StaticEncoder):
        encoder = encoder.adapted(Adaptation.load(folder))
    for line in sys.stdin:
        number = line.strip()
        with (folder / f"{number}.jsonl").open(encoding="utf-8") as lines:
            articles = [Article.model_validate_json(row) for row in lines]
        (folder / number).mkdir()
        parts = index_articles(articles, analyzer, encoder, lambda *_: None)
        parts.save(folder / number, _NEVER_COMPRESSED)
        os.write(answers, f"{number}\n".encode())


def _write_task(
    folder: Path, chunks: Sequence[Sequence[Article]], analyzer: Analyzer, encoder: StaticEncoder
) -> None:
    """Writes what the workers need."""
    task = {
        "dictionaries": dict(analyzer.dictionaries.texts),
        "model": encoder.name,
        "adapted": encoder.adaptation is not None,
    }
    (folder / _TASK).write_text(json.dumps(task), encoding="utf-8")
    if encoder.adaptation:
        encoder.adaptation.save(folder)
    for number, chunk in enumerate(chunks):
        with (folder / f"{number}.jsonl").open("w", encoding="utf-8") as file:
            file.writelines(f"{article.model_dump_json()}\n" for article in chunk)


def _run(folder: Path, chunks: int, workers: int, done: Callable[[int], None]) -> None:
    """Has the chunks indexed by so many workers."""
    waiting = queue.SimpleQueue[int]()
    for number in range(chunks):
        waiting.put(number)
    finished = itertools.count(1)

    def feed() -> None:
        with _worker(folder) as index, contextlib.suppress(queue.Empty):
            while True:
                index(waiting.get_nowait())
                done(next(finished))

    done(0)
    with ThreadPoolExecutor(workers) as pool:
        for feeder in [pool.submit(feed) for _ in range(workers)]:
            feeder.result()


def _write_line(file: IO[str] | None, number: int) -> None:
    if file:
        file.write(f"{number}\n")
        file.flush()


@contextlib.contextmanager
def _worker(folder: Path) -> Iterator[Callable[[int], None]]:
    """A running worker: call it with the number of a chunk; it returns when that is indexed."""
    taken, answers = os.pipe()
    with tempfile.TemporaryFile() as said, os.fdopen(taken, encoding="utf-8") as replies:
        process = subprocess.Popen(
            # -P: what lies in the current folder is none of our modules.
            [sys.executable, "-P", "-m", "kbsearch.indexer.workers", str(folder), str(answers)],
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=said,
            encoding="utf-8",
            pass_fds=[answers],
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
                "PYTHONUTF8": "1",
                # One core each: threads of their own would only wait for one another.
                "OMP_NUM_THREADS": "1",
                "OPENBLAS_NUM_THREADS": "1",
                "TOKENIZERS_PARALLELISM": "false",
            },
        )
        os.close(answers)

        def index(number: int) -> None:
            with contextlib.suppress(BrokenPipeError):
                _write_line(process.stdin, number)
            if replies.readline().strip() != str(number):  # nothing: it has ended
                process.wait()
                said.seek(0)
                words = said.read().decode("utf-8", "replace")
                raise RuntimeError(f"a worker ended while indexing:\n{words}")

        with process:
            try:
                yield index
            except BaseException:
                process.kill()
                raise


if __name__ == "__main__":
    work(Path(sys.argv[1]), int(sys.argv[2]))
