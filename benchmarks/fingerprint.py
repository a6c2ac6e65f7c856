"""A fingerprint of what search answers: an optimisation must not change it.

::

    python benchmarks/fingerprint.py [--write] [--indexes FOLDER]

Every query of `eval/`, dev and test, is asked of the index of its industry; of each response a hash
of the ranking (the first ten articles) and one of the whole (scores, confidence, decision, facets,
highlights) are compared with those in `fingerprint.json`, or written there with ``--write``.
Nothing is measured by the judgments, so nothing can be tuned by them.
"""

import argparse
import hashlib
import json
import sys
from dataclasses import asdict
from pathlib import Path

from kbsearch.evaluation.query_set import QuerySet
from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.retrieval.response import SearchResponse

_ROOT = Path(__file__).parent.parent
_FILE = Path(__file__).with_name("fingerprint.json")
_INDUSTRIES = ("smart_devices", "telecom", "ecommerce", "finance")
_DIGITS = 2  # of scores: float32 sums in another order differ in the seventh, and may round apart


def main() -> None:
    """Prints how many responses changed; exits with 1 if a ranking did."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="keep what is answered now")
    parser.add_argument("--indexes", type=Path, default=_ROOT / ".demo" / "fingerprint")
    given = parser.parse_args()
    found = {name: _fingerprints(name, given.indexes / name) for name in _INDUSTRIES}
    if given.write:
        _FILE.write_text(json.dumps(found, indent=0) + "\n", encoding="utf-8")
    known = json.loads(_FILE.read_text(encoding="utf-8"))
    changed = {"rankings": 0, "responses": 0}
    for name in _INDUSTRIES:
        for number, part in enumerate(changed):
            pairs = zip(found[name][number], known[name][number], strict=True)
            differs = sum(new != old for new, old in pairs)
            changed[part] += differs
            print(f"{name:14} {part:10} {len(found[name][number]):5} queries, {differs} changed")
    sys.exit(changed["rankings"] > 0)


def _fingerprints(industry: str, index_dir: Path) -> tuple[list[str], list[str]]:
    """Hashes of the rankings and of the responses of one industry's queries, in their order."""
    ours = KnowledgeBase.build(_ROOT / "corpora" / industry, index_dir)
    files = [_ROOT / "eval" / industry / f"{split}.jsonl" for split in ("dev", "test")]
    queries = QuerySet.read(files).queries
    responses = [
        ours.search(query.text, top_k=10, filters=query.filters, context=query.context)
        for query in queries
    ]
    rankings = [[hit.article_id for hit in response.hits] for response in responses]
    return [_hash(ranking) for ranking in rankings], [_hash(_content(r)) for r in responses]


def _content(response: SearchResponse) -> object:
    """The response but for when and by which snapshot it was given, numbers rounded."""
    content = asdict(response)
    del content["took_ms"], content["snapshot_id"]
    return _rounded(content)


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return round(value, _DIGITS)
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return value


def _hash(content: object) -> str:
    text = json.dumps(content, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


if __name__ == "__main__":
    main()
