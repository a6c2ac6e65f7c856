"""Measures kbsearch, its peers and the machine; prints tables, writes JSON and plots.

::

    python -m benchmarks.scale [--sizes N…] [--quick] [--peer NAME…] [--json FILE] [--plots DIR]
    python -m benchmarks.scale --show

Sizes that the JSON file has already and that are not measured now stay in it.
"""

import argparse
import ctypes
import gc
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.scale.child import memory_mb
from benchmarks.scale.corpus import ROOT, corpus
from benchmarks.scale.costs import measure_build, measure_serving, measure_update
from benchmarks.scale.documents import Documents, Reader
from benchmarks.scale.growth import plot
from benchmarks.scale.limits import measure_limits
from benchmarks.scale.peers import PEERS, TOP_K, Entry, Peer, missing
from benchmarks.scale.queries import Asked, queries
from benchmarks.scale.report import tables
from benchmarks.scale.results import Own, PeerResult, Results, Size, machine, today
from benchmarks.scale.timing import interleaved, throughput
from kbsearch.article import Article
from kbsearch.encoders.protocol import unit_rows
from kbsearch.knowledge_base import KnowledgeBase

_SIZES = (1_000, 10_000, 100_000, 166_667)  # the last has a million questions
_QUICK_SIZES = (1_000, 10_000)
_JUDGED, _DROPPED = 400, 200  # queries
_BUDGET_S, _QUICK_BUDGET_S = 40.0, 5.0  # for the queries of one peer
_SEED = 8


class Race(NamedTuple):
    """What all peers of one size share.

    Attributes:
        size: Articles.
        documents: What a peer indexes; None at sizes at which no peer runs.
        index_dir: The index of kbsearch.
        reader: Reads queries for the peers.
        asked: The queries.
        budget_s: For the queries of one peer.
    """

    size: int
    documents: Documents | None
    index_dir: Path
    reader: Reader
    asked: Sequence[Asked]
    budget_s: float


def main() -> None:
    """Measures size by size; each is written as soon as it is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+")
    parser.add_argument("--quick", action="store_true", help="fewer sizes, peers and seconds")
    parser.add_argument("--peer", action="append", default=[], help="part of a name; only these")
    parser.add_argument("--json", type=Path, default=ROOT / "benchmarks" / "scale.json")
    parser.add_argument("--plots", type=Path, default=ROOT / "benchmarks" / "plots")
    parser.add_argument("--show", action="store_true", help="print what the JSON file has")
    given = parser.parse_args()
    entries = [
        entry
        for entry in PEERS
        if (entry.quick or not given.quick)
        and (not given.peer or any(part in entry.name for part in given.peer))
    ]
    budget_s = _QUICK_BUDGET_S if given.quick else _BUDGET_S
    results = Results.read(
        given.json
    )  # before anything is measured: a file of another form ends it
    for size in () if given.show else given.sizes or (_QUICK_SIZES if given.quick else _SIZES):
        results = results.with_size(_measure(size, entries, budget_s))
        results.write(given.json)
    print(tables(results))
    plot(results, given.plots)


def _measure(size: int, entries: Sequence[Entry], budget_s: float) -> Size:
    """Everything about one size; progress goes to stderr."""
    articles = list(corpus(size))
    with tempfile.TemporaryDirectory() as folder:
        index_dir = Path(folder) / "index"
        _say(size, "build")
        build = measure_build(size, index_dir)
        knowledge_base = KnowledgeBase.open(index_dir)
        reader = Reader.of(knowledge_base)
        asked = queries(articles, reader.analyzer, judged=_JUDGED, dropped=_DROPPED)
        _say(size, "open and serve")
        serving = measure_serving(index_dir, [query.text for query in asked])
        _say(size, "latency")
        own = _own(index_dir, asked, budget_s)
        documents = None
        if any(size <= entry.most for entry in entries):
            _say(size, "tokens and vectors for the peers")
            documents = Documents.of(articles, reader)
        _say(size, "limits")
        vectors = documents.texts.vectors if documents else _random_vectors(articles, reader)
        limits = measure_limits(knowledge_base, reader, asked, vectors)
        del knowledge_base, vectors
        race = Race(size, documents, index_dir, reader, asked, budget_s)
        peers = tuple(_peer(entry, race) for entry in entries)
        _say(size, "updates")
        updates = tuple(measure_update(size, count, index_dir) for count in (1, 100))
    return Size(
        articles=size,
        questions=sum(1 + len(article.questions) for article in articles),
        day=today(),
        machine=machine(),
        build=build,
        serving=serving,
        own=own,
        limits=limits,
        peers=peers,
        updates=updates,
    )


def _own(index_dir: Path, asked: Sequence[Asked], budget_s: float) -> Own:
    """Without peers; `search` and `rank` open an index each, so that they share no cache."""
    searched, ranked = KnowledgeBase.open(index_dir), KnowledgeBase.open(index_dir)
    search = _search(searched)

    def rank(text: str) -> list[str]:
        return [article_id for article_id, _ in ranked.rank(text, depth=TOP_K)]

    timings = interleaved({"search": search, "rank": rank}, asked, budget_s)
    texts = [query.text for query in asked]
    begin = time.perf_counter()
    searched.search_many(texts, top_k=TOP_K)
    many_s = time.perf_counter() - begin
    return Own(
        search=timings["search"],
        rank=timings["rank"],
        per_second=throughput(search, asked, 1),
        per_second_2=throughput(search, asked, 2),
        per_second_many=len(texts) / many_s,
    )


def _peer(entry: Entry, race: Race) -> PeerResult:
    """Builds a peer and lets it take turns with kbsearch; a peer that fails ends no run."""
    if race.documents is None or race.size > entry.most:
        return PeerResult(name=entry.name, not_run=f"only up to {entry.most:,} articles")
    peer = entry.make()
    if reason := missing(peer):
        return PeerResult(name=entry.name, not_run=reason)
    _say(race.size, entry.name)
    try:
        return _raced(entry.name, peer, race.documents, race)
    except Exception as error:  # whatever a foreign engine raises is its result
        return PeerResult(name=entry.name, not_run=f"failed: {error!r}")


def _raced(name: str, peer: Peer, documents: Documents, race: Race) -> PeerResult:
    _release_memory()
    before, begin = memory_mb("VmRSS"), time.perf_counter()
    peer.build(documents)
    build_s, memory = time.perf_counter() - begin, memory_mb("VmRSS") - before

    def search(text: str) -> list[str]:
        return peer.search(*race.reader.read(text))

    sides = {"peer": search, "kbsearch": _search(KnowledgeBase.open(race.index_dir))}
    timings = interleaved(sides, race.asked, race.budget_s)
    return PeerResult(
        name=name,
        build_s=build_s,
        memory_mb=memory,
        timing=timings["peer"],
        ours=timings["kbsearch"],
        per_second=throughput(search, race.asked, 1),
        per_second_2=throughput(search, race.asked, 2),
    )


def _search(knowledge_base: KnowledgeBase) -> Callable[[str], list[str]]:
    def search(text: str) -> list[str]:
        return [hit.article_id for hit in knowledge_base.search(text, top_k=TOP_K).hits]

    return search


def _random_vectors(articles: Sequence[Article], reader: Reader) -> NDArray[np.float32]:
    """As many unit rows as the index has: for a scan, one is as good as the other."""
    count = sum(1 + len(article.questions) + bool(article.body) for article in articles)
    generator = np.random.default_rng(_SEED)
    return unit_rows(generator.standard_normal((count, reader.encoder.dim), dtype=np.float32))


def _release_memory() -> None:
    """Gives freed memory back to the system, so that the next peer's growth is its own."""
    gc.collect()
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)


def _say(size: int, stage: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {size:,} articles: {stage}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
