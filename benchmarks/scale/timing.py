"""Latency, throughput and accuracy of sides that take turns, query by query, in one process."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice

import numpy as np

from benchmarks.scale.queries import Asked
from benchmarks.scale.results import Timing

Search = Callable[[str], Sequence[str]]
"""Text to article ids, best first."""

_WARM_UP = 5  # of the queries, before the clock runs
_THROUGHPUT_S = 1.0


def interleaved(
    sides: Mapping[str, Search], asked: Sequence[Asked], budget_s: float
) -> dict[str, Timing]:
    """Every side answers each query before the next is asked; who begins changes.

    Args:
        sides: Name → search.
        asked: The queries.
        budget_s: No further query is begun after so many seconds.
    """
    times: dict[str, list[float]] = {name: [] for name in sides}
    right: dict[str, list[bool]] = {name: [] for name in sides}
    done: list[Asked] = []
    order = list(sides)
    for query in asked[-_WARM_UP:]:
        for name in order:
            sides[name](query.text)
    until = time.perf_counter() + budget_s
    for query in asked[:-_WARM_UP]:
        if time.perf_counter() > until:
            break
        order.append(order.pop(0))
        for name in order:
            begin = time.perf_counter()
            ids = sides[name](query.text)
            times[name].append((time.perf_counter() - begin) * 1000)
            right[name].append(bool(ids) and ids[0] in query.answers)
        done.append(query)
    return {name: _timing(times[name], right[name], done) for name in sides}


def throughput(search: Search, asked: Sequence[Asked], threads: int) -> float:
    """Queries a second over about a second, shared by so many threads."""
    texts = [query.text for query in asked]
    begin = time.perf_counter()

    def ask(first: int) -> int:
        done = 0
        for text in islice(cycle(texts), first, None):
            search(text)
            done += 1
            if time.perf_counter() - begin > _THROUGHPUT_S:
                break
        return done

    with ThreadPoolExecutor(threads) as pool:
        starts = [number * len(texts) // threads for number in range(threads)]
        answered = sum(pool.map(ask, starts))
    return answered / (time.perf_counter() - begin)


def median_ms(work: Callable[[], object], repeats: int) -> float:
    """Median milliseconds of `work`, after running it once."""
    work()
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        work()
        times.append((time.perf_counter() - begin) * 1000)
    return float(np.median(times))


def _timing(times: Sequence[float], right: Sequence[bool], asked: Sequence[Asked]) -> Timing:
    p50, p95, p99 = np.percentile(times, [50, 95, 99]).tolist()
    judged = [hit for hit, query in zip(right, asked, strict=True) if query.judged]
    known = [hit for hit, query in zip(right, asked, strict=True) if not query.judged]
    return Timing(
        queries=len(times),
        p50=p50,
        p95=p95,
        p99=p99,
        judged=len(judged),
        hit_at_1=float(np.mean(judged)) if judged else None,
        found_again=float(np.mean(known)) if known else None,
    )
