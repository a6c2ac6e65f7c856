"""Fits the defaults of ranking, confidence and decision, and prints them as settings.

::

    python benchmarks/fit_defaults.py [--data DATA] [--dev FOLDER]

Weights for articles with similar questions come from the dev sets of `eval/`, those for articles
without from the development sets ``support`` and ``esp`` of `bench_encoder.py`. Confidence is
fitted on all of them, those without similar questions counting a quarter: they have no query to
decline and teach little about the best question, on which the others' confidence rests. The figures
are of queries that the fit did not see: of each industry after a fit on the other three, of the
rest by five folds of articles.
"""

import argparse
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from bench_encoder import tasks
from numpy.typing import NDArray

from kbsearch.evaluation.query_set import JudgedQuery, QuerySet
from kbsearch.evaluation.reliability import calibration_error, reliability
from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.settings import ConfidenceSettings, FeatureWeights
from kbsearch.tuning.calibration import first_candidates, fit_confidence, probabilities, thresholds
from kbsearch.tuning.examples import Example, collect
from kbsearch.tuning.weights import fit_weights, is_hit

_ROOT = Path(__file__).parent.parent
_INDUSTRIES = ("smart_devices", "telecom", "ecommerce", "finance")
_PLAIN = ("support", "esp")
_FOLDS = 5
# What each set counts for confidence. With 0, 0.1, 0.25, 0.5 and 1 for sets without similar
# questions, ECE of the industries by the others' model is .026, .029, .028, .032 and .035, and that
# of esp .120, .063, .039, .038 and .032.
_COUNTS = dict.fromkeys(_INDUSTRIES, 1.0) | dict.fromkeys(_PLAIN, 0.25)


class _First(NamedTuple):
    """The first candidates of a set.

    Attributes:
        inputs: (queries, features) as in `first_candidates`.
        right: (queries,) whether they are right.
        answerable: (queries,) whether the query has an answer at all.
    """

    inputs: NDArray[np.float64]
    right: NDArray[np.bool_]
    answerable: NDArray[np.bool_]


def main() -> None:
    """Prints figures and settings."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=_ROOT.parent / "shared" / "data")
    parser.add_argument("--dev", type=Path, default=_ROOT / ".demo" / "encoder_dev")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        asked = {name: _industry(name, Path(work) / name) for name in _INDUSTRIES}
        plain = {}
        for task in tasks(given.data, given.dev):
            if task.name in _PLAIN:
                ours = KnowledgeBase.build(task.articles, Path(work) / task.name)
                plain[task.name] = collect(
                    ours,
                    [
                        JudgedQuery(id=str(number), text=text, relevant=sorted(right))
                        for number, (text, right) in enumerate(task.queries)
                    ],
                )
    weights = {
        "with_questions": _cross_validated(asked, by_name=True),
        "without_questions": _cross_validated(plain, by_name=False),
    }
    print("[ranking]")
    for name, fitted in weights.items():
        print(f"{name}: {fitted}")
    _confidence(asked, plain, weights)


def _industry(name: str, index: Path) -> list[Example]:
    """The examples of one knowledge base of ours."""
    queries = QuerySet.read([_ROOT / "eval" / name / "dev.jsonl"]).queries
    return collect(KnowledgeBase.build([_ROOT / "corpora" / name], index), queries)


def _cross_validated(sets: dict[str, list[Example]], *, by_name: bool) -> FeatureWeights:
    """Weights fitted on all; prints hit@1 of each set by weights that were fitted on others."""
    for name, examples in sets.items():
        answerable = [example for example in examples if example.article]
        if by_name:
            others = [e for other, given in sets.items() if other != name for e in given]
            hits = [is_hit(example, fit_weights(others)) for example in answerable]
        else:
            hits = _folded(answerable)
        legs = {
            str(leg): f"{np.mean([e.leg_hits[leg] for e in answerable]):.1%}"
            for leg in answerable[0].leg_hits
        }
        print(
            f"# {name}: {len(hits)} queries, ranked by others' weights {np.mean(hits):.1%}, {legs}"
        )
    return fit_weights(_balanced(sets.values()))


def _balanced(sets: Iterable[list[Example]]) -> list[Example]:
    """As many of the largest set as of the smallest, drawn at random, and so on."""
    listed = list(sets)
    fewest = min(map(len, listed))
    draw = np.random.default_rng(0).permutation
    return [examples[i] for examples in listed for i in draw(len(examples))[:fewest]]


def _folded(examples: list[Example]) -> list[bool]:
    """Hits by weights fitted on the other folds; folds are made by article."""
    articles = sorted({example.article for example in examples})
    fold_of = dict(
        zip(articles, np.random.default_rng(0).integers(_FOLDS, size=len(articles)), strict=True)
    )
    hits = []
    for fold in range(_FOLDS):
        weights = fit_weights([e for e in examples if fold_of[e.article] != fold])
        hits += [is_hit(e, weights) for e in examples if fold_of[e.article] == fold]
    return hits


def _confidence(
    asked: dict[str, list[Example]],
    plain: dict[str, list[Example]],
    weights: dict[str, FeatureWeights],
) -> None:
    """Fits confidence and thresholds by `_COUNTS`; prints settings and ECE."""
    sets = {name: (examples, weights["with_questions"]) for name, examples in asked.items()}
    sets |= {name: (examples, weights["without_questions"]) for name, examples in plain.items()}
    firsts = {
        name: _First(*first_candidates(*given), _answerable(given[0]))
        for name, given in sets.items()
    }
    unseen = {
        name: probabilities(
            firsts[name].inputs, _fitted({k: v for k, v in firsts.items() if k != name})
        )
        for name in firsts
    }
    for name, confidence in unseen.items():
        error = calibration_error(reliability(confidence.tolist(), firsts[name].right.tolist()))
        print(f"# {name}: ECE {error:.3f} by others' model")
    known = np.concatenate([unseen[name] for name in asked])
    right = np.concatenate([firsts[name].right for name in asked])
    answerable = np.concatenate([firsts[name].answerable for name in asked])
    error = calibration_error(reliability(known.tolist(), right.tolist()))
    print(f"# all with questions: ECE {error:.3f}")
    decision = thresholds(known, right, answerable)
    bad, good = known[~answerable], known[answerable]
    print(
        f"# unanswerable not answered {np.mean(bad < decision.answer):.1%}, declined "
        f"{np.mean(bad < decision.suggest):.1%}; answerable answered "
        f"{np.mean(good >= decision.answer):.1%}, declined {np.mean(good < decision.suggest):.1%}"
    )
    print(f"[confidence]\n{_fitted(firsts)}\n[decision]\n{decision}")


def _answerable(examples: list[Example]) -> NDArray[np.bool_]:
    """Whether there is an answer at all, of each query with candidates."""
    return np.array([bool(example.article) for example in examples if len(example.right)])


def _fitted(firsts: dict[str, _First]) -> ConfidenceSettings:
    """The model over several sets, each counting what it should, however large it is."""
    inputs, right, answerable = (
        np.concatenate(given) for given in zip(*firsts.values(), strict=True)
    )
    counts = np.concatenate(
        [
            np.full(len(given.right), _COUNTS[name] / len(given.right))
            for name, given in firsts.items()
        ]
    )
    return fit_confidence(inputs, right, counts, answerable)


if __name__ == "__main__":
    main()
