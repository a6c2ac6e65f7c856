"""What a recommendation costs on top of its search, at 10,000 articles.

::

    python benchmarks/bench_recommend.py [--articles 10000] [--json FILE]

The articles are those of `corpora/`, copied under other ids and with links among the copies, until
there are enough. Each conversation of the dev recommendation sets grows turn by turn, and after
each turn of the customer is recommended for; the same problem is searched for right before, and
its time taken off. `cpu` is the time of the processor on this thread: what the same would take if
nothing else ran on the machine.
"""

import argparse
import json
import math
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from kbsearch.article import Article
from kbsearch.evaluation.recommending import read_cases
from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.loaders.source import read_source
from kbsearch.recommendation.conversation import Turn
from kbsearch.settings import Settings

_ROOT = Path(__file__).parent.parent
_INDUSTRIES = ("smart_devices", "telecom", "ecommerce", "finance")
_HITS = 10  # that the recommender asks search for


def main() -> None:
    """Prints one line for each figure, and JSON if asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=10_000)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    originals = read_source([_ROOT / "corpora" / name for name in _INDUSTRIES]).articles
    sets = [_ROOT / "eval" / name / "recommend_dev.jsonl" for name in _INDUSTRIES]
    talks = [case.conversation for case in read_cases(sets) if case.conversation]
    settings = Settings.model_validate({"vectors": {"adapt": False}})
    with tempfile.TemporaryDirectory() as folder:
        articles = [*_copies(originals, given.articles)]
        knowledge_base = KnowledgeBase.build(articles, folder, settings=settings)
        begin = time.perf_counter()
        knowledge_base.recommend("预热")
        first_s = time.perf_counter() - begin
        times = _measure(knowledge_base, talks)
    figures: dict[str, object] = {"articles": len(articles), "first_s": round(first_s, 2)}
    for name, values in times.items():
        figures[f"{name}_p50_ms"] = round(statistics.median(values), 2)
        figures[f"{name}_p95_ms"] = round(float(np.percentile(values, 95)), 2)
    for name, figure in figures.items():
        print(f"{name:24}{figure:>12}")
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def _copies(originals: Sequence[Article], count: int) -> Iterator[Article]:
    """Whole copies of the originals, so that no link is cut, until there are `count`."""
    for number in range(math.ceil(count / len(originals)) * len(originals)):
        copy, place = divmod(number, len(originals))
        article = originals[place]
        links = [link.model_copy(update={"id": f"{link.id}-{copy}"}) for link in article.links]
        yield article.model_copy(
            update={
                "id": f"{article.id}-{copy}",
                "title": f"{article.title} {copy}",
                "links": tuple(links),
            }
        )


def _measure(
    knowledge_base: KnowledgeBase, talks: Sequence[Sequence[Turn]]
) -> dict[str, list[float]]:
    """Milliseconds: reading a turn, searching, recommending, and recommending without search."""
    names = ("turn", "search", "recommend", "on_top", "on_top_cpu")
    times: dict[str, list[float]] = {name: [] for name in names}
    for turns in talks:
        conversation = knowledge_base.conversation()
        for turn in turns:
            begin = time.perf_counter()
            conversation.add(turn)
            times["turn"].append((time.perf_counter() - begin) * 1000)
            if turn.role != "customer":
                continue
            problem = conversation.problem
            search = partial(knowledge_base.search, problem.text, context=problem.earlier)
            searched = _timed(partial(search, top_k=_HITS))
            recommended = _timed(partial(knowledge_base.recommend, conversation=conversation))
            times["search"].append(searched[0])
            times["recommend"].append(recommended[0])
            times["on_top"].append(recommended[0] - searched[0])
            times["on_top_cpu"].append(recommended[1] - searched[1])
    return times


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds of wall time and of processor time on this thread."""
    begin, begin_cpu = time.perf_counter(), time.thread_time()
    work()
    return (time.perf_counter() - begin) * 1000, (time.thread_time() - begin_cpu) * 1000


if __name__ == "__main__":
    main()
