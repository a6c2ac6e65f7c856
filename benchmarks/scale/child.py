"""What runs in a process of its own; prints what it measured as one JSON object on the last line.

::

    python -m benchmarks.scale.child build SIZE DIR
    python -m benchmarks.scale.child open DIR TEXT
    python -m benchmarks.scale.child serve DIR            # one query a line on stdin
    python -m benchmarks.scale.child update SIZE COUNT DIR
    python -m benchmarks.scale.child watch COUNT DIR ARTICLE

Times of `update` and `watch` are those of the monotonic clock, which all processes share.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

_POLL_S = 0.005


def memory_mb(name: str, process: str = "self") -> float:
    """A figure of /proc/…/status, such as ``VmHWM``.

    Not getrusage: its peak starts with that of the process which started this one.
    """
    lines = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
    (value,) = [line.split()[1] for line in lines if line.startswith(name + ":")]
    return int(value) * 1024 / 1e6


def new_question(count: int) -> str:
    """What the update of `count` articles adds to the last of them."""
    return f"更新验证码 ZQ-{70_000 + count} 在哪里查看"


def build(size: str, index_dir: str) -> dict[str, float]:
    """Builds the index of the corpus."""
    from benchmarks.scale.corpus import corpus
    from kbsearch.knowledge_base import KnowledgeBase

    articles = list(corpus(int(size)))
    begin = time.perf_counter()
    KnowledgeBase.build(articles, index_dir)
    return {"build_s": time.perf_counter() - begin, "peak_mb": memory_mb("VmHWM")}


def open_and_search(index_dir: str, text: str) -> dict[str, float]:
    """Imports, opens, searches once."""
    begin = time.perf_counter()
    from kbsearch.knowledge_base import KnowledgeBase

    imported = time.perf_counter()
    knowledge_base = KnowledgeBase.open(index_dir)
    opened = time.perf_counter()
    knowledge_base.search(text)
    searched = time.perf_counter()
    return {
        "import_s": imported - begin,
        "open_s": opened - imported,
        "first_search_ms": (searched - opened) * 1000,
    }


def serve(index_dir: str) -> dict[str, float]:
    """Opens and searches for what stands on stdin."""
    from kbsearch.knowledge_base import KnowledgeBase

    knowledge_base = KnowledgeBase.open(index_dir)
    for line in sys.stdin:
        knowledge_base.search(line)
    return {"peak_mb": memory_mb("VmHWM"), "private_mb": memory_mb("RssAnon")}


def update(size: str, count: str, index_dir: str) -> dict[str, float]:
    """Gives the last articles of the corpus a question more, the last one `new_question`."""
    from benchmarks.scale.corpus import corpus
    from kbsearch.knowledge_base import KnowledgeBase

    knowledge_base = KnowledgeBase.open(index_dir)
    changed = []
    for left, article in enumerate(reversed(list(corpus(int(size)))[-int(count) :])):
        question = f"{new_question(int(count))} {left}" if left else new_question(int(count))
        changed.append(article.model_copy(update={"questions": (*article.questions, question)}))
    begin = time.monotonic()
    knowledge_base.update(changed)
    return {"begin": begin, "returned": time.monotonic()}


def watch(count: str, index_dir: str, article_id: str) -> dict[str, float]:
    """Says that it is ready, then waits until the search finds the new question."""
    from kbsearch.knowledge_base import KnowledgeBase

    knowledge_base = KnowledgeBase.open(index_dir)
    text = new_question(int(count))
    knowledge_base.search(text)
    print("ready", flush=True)
    while True:
        if knowledge_base.reload():
            hits = knowledge_base.search(text).hits
            if hits and hits[0].article_id == article_id and hits[0].matched_question == text:
                return {"visible": time.monotonic()}
        time.sleep(_POLL_S)


_TASKS: dict[str, Callable[..., dict[str, float]]] = {
    "build": build,
    "open": open_and_search,
    "serve": serve,
    "update": update,
    "watch": watch,
}

if __name__ == "__main__":
    print(json.dumps(_TASKS[sys.argv[1]](*sys.argv[2:])))
