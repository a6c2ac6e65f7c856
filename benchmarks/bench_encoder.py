"""Encoders side by side: accuracy on development sets, speed, size.

::

    python benchmarks/bench_encoder.py [--model FOLDER]… [--data DATA] [--dev FOLDER] [--json FILE]

Each encoder indexes the same articles with the same settings and answers the same queries, by its
vectors alone and in the full ranking; BM25 alone stands beside. The sets, none of which any model
of ours was trained on:

- ``service``: the 625 articles of `corpora/` in one index, asked with the dev sets of `eval/` (but
  for those of several turns); customer service, which the training covers.
- ``groups``: the paraphrase groups that `make encoder` holds out; title, three questions and answer
  are an article, the other questions ask for it. Their industries are in the training.
- ``support``: 2,742 real IT-support articles, and 327 queries written for them from title and body
  (`support_queries.jsonl`); the training hardly covers their domain.
- ``esp``: Espressif's FAQ, Chinese question → answer, and ``esp_en``: English question → article.

``hashed`` gives every word a random vector: a bag of words in as many dimensions. ``dictionary`` is
the bundled model before any training. ``bundled`` is the model trained without the held-out groups,
`.demo/encoder_dev`, so that ``groups`` is fair to it. ``+ adapted`` learned the articles while it
indexed them.
"""

import argparse
import json
import lzma
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from kbsearch.article import Article
from kbsearch.encoders.registry import BUNDLED_FOLDER, load_encoder
from kbsearch.evaluation.query_set import QuerySet
from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.loaders.source import read_source
from kbsearch.retrieval.candidates import Leg
from kbsearch.settings import Settings
from kbsearch.training.groups import parse_group

_ROOT = Path(__file__).parent.parent
_KEPT = 3  # questions of a group that its article keeps
_SENTENCES = 20_000


class Task(NamedTuple):
    """Articles, and queries with the articles that answer them."""

    name: str
    articles: list[Article]
    queries: list[tuple[str, set[str]]]


def main() -> None:
    """Prints a table, and JSON if asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, action="append", default=[])
    parser.add_argument("--data", type=Path, default=_ROOT.parent / "shared" / "data")
    parser.add_argument("--dev", type=Path, default=_ROOT / ".demo" / "encoder_dev")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as work:
        sets = list(tasks(given.data, given.dev))
        bundled = given.dev if given.dev.is_dir() else BUNDLED_FOLDER
        models = {"hashed": _hashed(bundled, Path(work) / "hashed")}
        if (given.dev / "untrained").is_dir():
            models["dictionary"] = given.dev / "untrained"
        models |= {"bundled": bundled, **{str(folder): folder for folder in given.model}}
        for name, folder in models.items():
            print(f"{name}: {_cost(folder)}")
            for task in sets:
                for adapt in (False, True):
                    row = {"model": name + " + adapted" * adapt, "task": task.name}
                    row |= _accuracy(task, folder, Path(work), adapt=adapt)
                    rows.append(row)
                    print("  ".join(f"{key} {value}" for key, value in row.items()), flush=True)
    if given.json:
        text = json.dumps(rows, indent=1, ensure_ascii=False)
        given.json.write_text(text + "\n", encoding="utf-8")


def _accuracy(task: Task, folder: Path, work: Path, *, adapt: bool) -> dict[str, object]:
    """hit@1 / 3 / 10 of each leg and of both, in percent, and the seconds the build took."""
    settings = Settings.model_validate({"vectors": {"model": str(folder), "adapt": adapt}})
    index = work / "index"
    begin = time.perf_counter()
    ours = KnowledgeBase.build(task.articles, index, settings=settings)
    row: dict[str, object] = {"build_s": round(time.perf_counter() - begin, 1)}
    for leg in Leg:
        found = [[i for i, _ in ours.rank(text, leg=leg, depth=10)] for text, _ in task.queries]
        pairs = list(zip(found, task.queries, strict=True))
        hits = [
            np.mean([bool(right & set(ids[:k])) for ids, (_, right) in pairs]) for k in (1, 3, 10)
        ]
        row[str(leg)] = " / ".join(f"{100 * hit:.1f}" for hit in hits)
    row["queries"] = len(task.queries)
    shutil.rmtree(index)
    return row


def _cost(folder: Path) -> str:
    """Size on disk, time to load, and short sentences a second on one thread."""
    size = sum(path.stat().st_size for path in folder.glob("*") if path.is_file())
    begin = time.perf_counter()
    encoder = load_encoder(folder)
    encoder.encode(["空调不制冷"])
    load_s = time.perf_counter() - begin
    texts = [f"手表充电 {i} 小时还是充不满怎么办" for i in range(_SENTENCES)]
    begin = time.perf_counter()
    encoder.encode(texts)
    rate = _SENTENCES / (time.perf_counter() - begin)
    return f"{size / 1e6:.1f} MB, loads in {load_s:.2f} s, {rate:,.0f} sentences a second"


def _hashed(like: Path, folder: Path) -> Path:
    """The folder of a model with the same words and random vectors (random indexing)."""
    from safetensors.numpy import load_file, save_file

    shutil.copytree(like, folder)
    shape = load_file(like / "model.safetensors")["embedding.weight"].shape
    rows = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    rows[0] = 0
    save_file({"embedding.weight": rows}, folder / "model.safetensors")
    return folder


def tasks(data: Path, dev: Path) -> Iterator[Task]:
    """The sets that are there; a line on stderr for each that is not."""
    yield _service()
    if (dev / "held_out.jsonl").exists():
        yield _groups(dev / "held_out.jsonl")
    else:
        print(f"no held-out groups in {dev}: run make encoder", file=sys.stderr)
    if not (data / "esp_faq_zh.jsonl.xz").exists():
        print(f"no articles in {data}", file=sys.stderr)
        return
    articles = [
        Article(id=row["id"], kind="faq", title=row["title"], body=row["body"])
        for row in _lines(data / "support_articles_zh.jsonl.xz")
        if row["title"].strip()
    ]
    asked = (_ROOT / "benchmarks" / "support_queries.jsonl").read_text(encoding="utf-8")
    queries = [json.loads(line) for line in asked.splitlines()]
    yield Task("support", articles, [(q["text"], set(q["relevant"])) for q in queries])
    rows = [
        row | {"id": f"esp-{n:04d}"} for n, row in enumerate(_lines(data / "esp_faq_zh.jsonl.xz"))
    ]
    answers = [Article(id=r["id"], kind="faq", title=r["id"], body=r["answer"]) for r in rows]
    yield Task("esp", answers, [(row["question"], {row["id"]}) for row in rows])
    whole = [
        Article(id=row["id"], kind="faq", title=row["question"], body=row["answer"]) for row in rows
    ]
    english = [(row["question_en"], {row["id"]}) for row in rows if row["question_en"]]
    yield Task("esp_en", whole, english)


def _service() -> Task:
    """All knowledge bases in one; ids carry the name of theirs."""
    articles, queries = [], []
    for path in sorted((_ROOT / "corpora").glob("*/corpus.toml")):
        name = path.parent.name
        articles += [
            article.model_copy(update={"id": f"{name}-{article.id}", "links": ()})
            for article in read_source([path.parent]).articles
        ]
        queries += [
            (query.text, {f"{name}-{article_id}" for article_id in query.answers})
            for query in QuerySet.read([_ROOT / "eval" / name / "dev.jsonl"]).answerable
            if not query.context
        ]
    return Task("service", articles, queries)


def _groups(path: Path) -> Task:
    groups = [parse_group(line) for line in path.read_text(encoding="utf-8").splitlines()]
    rng = np.random.default_rng(0)
    articles, queries = [], []
    for group in groups:
        questions = [group.questions[i] for i in rng.permutation(len(group.questions))]
        articles.append(
            Article(
                id=group.id,
                kind="faq",
                title=group.title,
                questions=tuple(questions[:_KEPT]),
                body=group.answer,
            )
        )
        queries += questions[_KEPT:]
    asks = {text: {g.id for g in groups if text in g.texts} for text in dict.fromkeys(queries)}
    return Task("groups", articles, list(asks.items()))


def _lines(path: Path) -> Sequence[dict[str, str]]:
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


if __name__ == "__main__":
    main()
