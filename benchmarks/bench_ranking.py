"""What each part of the ranking adds: hit@1 with it, without it, and what it costs.

::

    python benchmarks/bench_ranking.py [--split dev|test] [--json FILE]

Each row is the whole ranking but for one part, over the query sets of all industries together, each
asked of its own index. The p-value is of McNemar's exact test against the whole; microseconds are
the median of `rank` (no highlights, facets or confidence).
"""

import argparse
import json
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from kbsearch.evaluation.query_set import QuerySet
from kbsearch.evaluation.significance import mcnemar, share
from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.retrieval.candidates import Leg
from kbsearch.retrieval.features import Features
from kbsearch.settings import Settings

_ROOT = Path(__file__).parent.parent
_INDUSTRIES = ("smart_devices", "telecom", "ecommerce", "finance")
_WHOLE = "whole ranking"


def main() -> None:
    """Prints a table, and JSON if asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", choices=("dev", "test"), default="dev")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    hits: dict[str, list[bool]] = {}
    seconds: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as work:
        for name in _INDUSTRIES:
            queries = QuerySet.read([_ROOT / "eval" / name / f"{given.split}.jsonl"]).answerable
            for row, (ours, leg) in _rows(_ROOT / "corpora" / name, Path(work) / name).items():
                hits.setdefault(row, [])
                seconds.setdefault(row, [])
                for query in queries:
                    begin = time.perf_counter()
                    found = ours.rank(
                        query.text, leg=leg, filters=query.filters, context=query.context, depth=1
                    )
                    seconds[row].append(time.perf_counter() - begin)
                    hits[row].append(bool(found) and found[0][0] in query.answers)
    table = [_row(row, hits, seconds) for row in hits]
    for line in table:
        print(
            f"{line['row']:<28} {line['hit@1']:6.1%} ({line['low']:.1%}–{line['high']:.1%}) "
            f"{line['points']:+5.1f} points  p {line['p']:.3f}  {line['microseconds']:5.0f} µs"
        )
    if given.json:
        given.json.write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _rows(articles: Path, index: Path) -> Mapping[str, tuple[KnowledgeBase, Leg]]:
    """Row → knowledge base and leg."""
    whole = KnowledgeBase.build([articles], index / "whole")
    plain = KnowledgeBase.build(
        [articles],
        index / "plain",
        settings=Settings.model_validate({"vectors": {"adapt": False}}),
    )
    rows = {_WHOLE: (whole, Leg.FINAL), "without adaptation": (plain, Leg.FINAL)}
    changes: dict[str, dict[str, dict[str, object]]] = {
        "without spelling": {"query": {"spelling": False}},
        "without earlier turns": {"query": {"context_weight": 0.0}},
        "without synonyms": {"bm25": {"synonym_weight": 0.0}},
    }
    for feature in Features._fields:
        ranking = whole.settings.ranking.model_dump()
        ranking["with_questions"][feature] = 0.0
        changes[f"without {feature}"] = {"ranking": ranking}
    for name, change in changes.items():
        document = whole.settings.model_dump()
        for section, values in change.items():
            document[section] |= values
        rows[name] = (whole.with_settings(Settings.model_validate(document)), Leg.FINAL)
    return rows | {str(leg): (whole, leg) for leg in (Leg.HYBRID, Leg.DENSE, Leg.BM25)}


def _row(
    row: str, hits: Mapping[str, list[bool]], seconds: Mapping[str, list[float]]
) -> dict[str, object]:
    pairs = list(zip(hits[_WHOLE], hits[row], strict=True))
    found = share(sum(hits[row]), len(hits[row]))
    return {
        "row": row,
        "hit@1": found.value,
        "low": found.low,
        "high": found.high,
        "points": 100 * (np.mean(hits[row]) - np.mean(hits[_WHOLE])),
        "p": mcnemar(sum(b and not a for a, b in pairs), sum(a and not b for a, b in pairs)),
        "microseconds": 1e6 * float(np.median(seconds[row])),
    }


if __name__ == "__main__":
    main()
