"""Build time, search time and accuracy, ours beside rank-bm25 + a dense scan, in one run.

::

    python benchmarks/bench_search.py [--data DATA] [--json FILE]

The articles are `corpora/smart_devices`, asked with its query set, and, where DATA has them, 2,742
real IT-support articles, asked with their titles. The peer is what most people write: BM25Okapi
over jieba tokens of the whole article plus cosine over all vectors, each divided by its maximum. It
gets our terms and vectors, so only retrieval is compared: its side does what `rank` does, while
`search` also gives confidence, facets and highlights.
"""

import argparse
import json
import lzma
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
from rank_bm25 import BM25Okapi

from kbsearch.analysis.filters import normalize
from kbsearch.article import Article
from kbsearch.evaluation.query_set import QuerySet
from kbsearch.index.local import LocalIndex
from kbsearch.index.snapshot import SnapshotStore
from kbsearch.indexer.builder import build
from kbsearch.indexer.content import field_terms
from kbsearch.indexer.opening import open_analyzer, open_encoder
from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.loaders.source import read_source

_ROOT = Path(__file__).parent.parent
_SUPPORT = "support_articles_zh.jsonl.xz"
_QUERIES_TIMED = 200


def main() -> None:
    """Prints one table row for each corpus, and JSON if asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=_ROOT.parent / "shared" / "data")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    corpus = _ROOT / "corpora" / "smart_devices"
    query_set = QuerySet.read([_ROOT / "eval" / "smart_devices" / "dev.jsonl"])
    texts = [query.text for query in query_set.queries]
    rows = [_measure("smart_devices", read_source([corpus]).articles, texts)]
    if (given.data / _SUPPORT).exists():
        articles = _support_articles(given.data / _SUPPORT)
        titles = [article.title for article in articles]
        rows.append(_measure("support_articles_zh", articles, titles))
    else:
        print(f"no {_SUPPORT} in {given.data}: only smart_devices is measured", file=sys.stderr)
    for name in rows[0]:
        print(f"{name:24}", *(f"{row[name]:>22}" for row in rows))
    if given.json:
        given.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def _measure(name: str, articles: Sequence[Article], texts: Sequence[str]) -> dict[str, object]:
    """Builds an index and times both sides on the same queries, interleaved."""
    texts = texts[:: max(1, len(texts) // _QUERIES_TIMED)]
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        build(articles, folder)
        build_s = time.perf_counter() - begin
        begin = time.perf_counter()
        ours = KnowledgeBase.open(folder)
        open_s = time.perf_counter() - begin
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
        index = LocalIndex.open(SnapshotStore(folder))
        peer = _peer(index)
        sides: dict[str, Callable[[str], object]] = {
            "search": ours.search,
            "rank": ours.rank,
            "peer": peer,
        }
        times = _interleaved(sides, texts)
    return {
        "corpus": name,
        "articles": len(articles),
        "queries": len(texts),
        "build_s": round(build_s, 2),
        "open_s": round(open_s, 3),
        "index_mb": round(size / 1e6, 1),
        **{f"{side}_p50_ms": round(statistics.median(t), 2) for side, t in times.items()},
        **{f"{side}_p95_ms": round(float(np.percentile(t, 95)), 2) for side, t in times.items()},
        "peer/rank p50": round(
            statistics.median(times["peer"]) / statistics.median(times["rank"]), 1
        ),
    }


def _peer(index: LocalIndex) -> Callable[[str], object]:
    """rank-bm25 over whole articles + cosine over all vectors, each divided by its maximum."""
    analyzer, encoder = open_analyzer(index), open_encoder(index)
    bm25 = BM25Okapi(
        [
            [term for terms in field_terms(article, analyzer).values() for term in terms]
            for article in index.store.articles()
        ]
    )
    vectors = index.vectors.vectors

    def search(text: str) -> list[int]:
        lexical = bm25.get_scores(analyzer.terms(text))
        similarity = vectors.matrix @ encoder.encode([normalize(text)])[0]
        dense = np.maximum.reduceat(similarity, vectors.offsets[:-1])
        fused = lexical / max(lexical.max(), 1e-9) + dense / max(dense.max(), 1e-9)
        best: list[int] = np.argsort(-fused, kind="stable")[:5].tolist()
        return best

    return search


def _interleaved(
    sides: dict[str, Callable[[str], object]], texts: Iterable[str]
) -> dict[str, list[float]]:
    """Milliseconds of each side for each query; the sides take turns."""
    times: dict[str, list[float]] = {name: [] for name in sides}
    for search in sides.values():
        search("预热")
    for text in texts:
        for name, search in sides.items():
            begin = time.perf_counter()
            search(text)
            times[name].append((time.perf_counter() - begin) * 1000)
    return times


def _support_articles(path: Path) -> list[Article]:
    """The real articles, in the contract's form."""
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [
        Article(id=row["id"][:128], kind="troubleshooting", title=row["title"], body=row["body"])
        for row in rows
    ]


if __name__ == "__main__":
    main()
