"""Fits what stands between the legs and the answer: fusion weight, body weight, confidence.

::

    python -m kbsearch.training.calibration --encoder FOLDER --groups FOLDER/held_out.jsonl

`FOLDER` is an encoder trained with ``--hold-out``: the held-out groups are intents that it never
saw. A random part of them becomes a knowledge base (title, three questions, answer); their other
questions are answerable queries, those of the groups left out are queries to be declined, many of
them near misses. The grid is printed; confidence is fitted on half of the articles, judged on the
others, then fitted on all.
"""

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kbsearch.article import Article
from kbsearch.index.local import LocalIndex
from kbsearch.index.snapshot import SnapshotStore
from kbsearch.index.vector_index import VectorIndex
from kbsearch.indexer.builder import build
from kbsearch.indexer.opening import open_analyzer, open_encoder
from kbsearch.retrieval.candidates import Leg, find
from kbsearch.retrieval.confidence import FEATURES, features
from kbsearch.retrieval.query import Query, QueryReader
from kbsearch.settings import FusionSettings, Settings, VectorSettings
from kbsearch.training.groups import Group, parse_group

_QUESTIONS_IN_ARTICLE = 3
_RANKS_FITTED = 3  # candidates of each query that confidence learns from
_BINS = 10


@dataclass(frozen=True)
class _Data:
    """A knowledge base of groups and queries on it; the answer is "" where there is none."""

    index: LocalIndex
    queries: list[Query]
    answers: list[str]


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the whole calibration and prints its figures."""
    parser = argparse.ArgumentParser(description="Fit fusion and confidence on held-out groups.")
    parser.add_argument("--encoder", required=True, help="encoder that never saw the groups")
    parser.add_argument("--groups", required=True, type=Path, help="held-out groups, JSONL")
    parser.add_argument("--share", type=float, default=0.8, help="groups that become articles")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="where to write confidence.json")
    given = parser.parse_args(arguments)
    lines = given.groups.read_text(encoding="utf-8").split("\n")
    groups = [parse_group(line) for line in lines if line.strip()]
    settings = Settings(vectors=VectorSettings(model=given.encoder))
    with tempfile.TemporaryDirectory() as folder:
        data = _prepare(groups, settings, Path(folder), given.share, given.seed)
        _print_grid(data, settings)
        fitted = fit(data, settings, given.seed)
    fitted["source"] = (
        f"logistic regression over {len(groups)} held-out paraphrase groups, {given.share:.0%} of "
        f"them articles, seed {given.seed}: python -m kbsearch.training.calibration"
    )
    text = json.dumps(fitted, indent=1, ensure_ascii=False) + "\n"
    print(text)
    if given.out:
        given.out.write_text(text, encoding="utf-8")


def hit_at_1(data: _Data, settings: Settings, leg: Leg = Leg.HYBRID) -> float:
    """Share of the answerable queries whose first candidate is right."""
    allowed = np.ones(data.index.inverted.count, np.bool_)
    right = []
    for query, answer in zip(data.queries, data.answers, strict=True):
        if answer:
            rows = find(data.index, query, allowed, settings, leg).rows
            right.append(bool(len(rows)) and data.index.store.ids[rows[0]] == answer)
    return float(np.mean(right))


def fit(data: _Data, settings: Settings, seed: int) -> dict[str, object]:
    """Weights of the confidence model, with its figures on articles that it was not fitted on."""
    from sklearn.linear_model import LogisticRegression

    inputs, labels, articles, first = _examples(data, settings)
    side = np.random.default_rng(seed).random(data.index.inverted.count) < 0.5
    training = side[articles]
    model = LogisticRegression(C=100.0, max_iter=1000)
    model.fit(inputs[training], labels[training])
    judged = ~training & first
    probability = model.predict_proba(inputs[judged])[:, 1]
    report = _reliability(probability, labels[judged])
    model.fit(inputs, labels)
    weights = dict(zip(FEATURES, model.coef_[0].tolist(), strict=True))
    return {"weights": {"intercept": float(model.intercept_[0]), **weights}, "measured": report}


def _prepare(
    groups: Sequence[Group], settings: Settings, folder: Path, share: float, seed: int
) -> _Data:
    """Indexes a share of the groups and reads all their remaining questions as queries."""
    generator = np.random.default_rng(seed)
    inside = generator.random(len(groups)) < share
    articles, texts, answers = [], [], []
    for group, is_article in zip(groups, inside.tolist(), strict=True):
        questions = [group.questions[i] for i in generator.permutation(len(group.questions))]
        if is_article:
            articles.append(
                Article(
                    id=group.id,
                    kind="faq",
                    title=group.title,
                    questions=tuple(questions[:_QUESTIONS_IN_ARTICLE]),
                    body=group.answer,
                )
            )
        texts += questions[_QUESTIONS_IN_ARTICLE:]
        answers += [group.id if is_article else ""] * len(questions[_QUESTIONS_IN_ARTICLE:])
    build(articles, folder, settings=settings)
    index = LocalIndex.open(SnapshotStore(folder))
    reader = QueryReader(open_analyzer(index), open_encoder(index), settings)
    return _Data(index, reader.read(texts), answers)


def _print_grid(data: _Data, settings: Settings) -> None:
    """hit@1 of each leg, and of both for every pair of weights and every weight of the body."""
    for leg in (Leg.BM25, Leg.DENSE):
        print(f"{leg}: hit@1 {hit_at_1(data, settings, leg):.1%}")
    for dense_weight in (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.3):
        row = []
        for late_weight in (0.0, 0.25, 0.5, 0.75, 1.0):
            fusion = FusionSettings(dense_weight=dense_weight, late_weight=late_weight)
            tried = settings.model_copy(update={"fusion": fusion})
            row.append(f"{late_weight}: {hit_at_1(data, tried):.1%}")
        print(f"dense_weight {dense_weight}, late_weight", "  ".join(row))
    for body_weight in (0.25, 0.5, 0.75, 1.0):
        vectors = settings.vectors.model_copy(update={"body_weight": body_weight})
        index = replace(data.index, vectors=VectorIndex(data.index.vectors.vectors, vectors))
        tried = settings.model_copy(update={"vectors": vectors})
        shifted = _Data(index, data.queries, data.answers)
        print(f"body_weight {body_weight}: {hit_at_1(shifted, tried):.1%}")


def _examples(
    data: _Data, settings: Settings
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.int64], NDArray[np.bool_]]:
    """Features, whether right, the article's row, and whether ranked first; for each candidate."""
    allowed = np.ones(data.index.inverted.count, np.bool_)
    inputs, labels, articles, first = [], [], [], []
    for query, answer in zip(data.queries, data.answers, strict=True):
        candidates = find(data.index, query, allowed, settings)
        for place in range(min(_RANKS_FITTED, len(candidates.rows))):
            values = features(data.index, query, candidates, place)
            row = int(candidates.rows[place])
            inputs.append([values[name] for name in FEATURES])
            labels.append(data.index.store.ids[row] == answer)
            articles.append(row)
            first.append(place == 0)
    return np.array(inputs), np.array(labels), np.array(articles), np.array(first)


def _reliability(probability: NDArray[np.float64], right: NDArray[np.bool_]) -> dict[str, object]:
    """Calibration of the first candidates: ECE (Naeini et al. 2015), and precision by threshold."""
    bins = np.minimum((probability * _BINS).astype(int), _BINS - 1)
    gaps = [
        abs(float(probability[bins == b].mean() - right[bins == b].mean()))
        * float((bins == b).mean())
        for b in range(_BINS)
        if (bins == b).any()
    ]
    bands = {
        f"{threshold:.2f}": {
            "precision": round(float(right[probability >= threshold].mean()), 3),
            "share": round(float((probability >= threshold).mean()), 3),
        }
        for threshold in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
        if (probability >= threshold).any()
    }
    return {"queries": len(right), "ece": round(sum(gaps), 4), "thresholds": bands}


if __name__ == "__main__":
    main()
