"""Fits the weights of recommendation on the dev sets of `eval/`, and writes them.

::

    python benchmarks/fit_recommend.py [--out FILE]

Prints the measures of each industry under weights that were fitted on the other three, so they
are of cases that the fit did not see.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import tomli_w

import kbsearch.recommendation
from kbsearch.evaluation.recommending import (
    RecommendationCase,
    RecommendationEvaluation,
    measure,
    read_cases,
)
from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.recommendation.scoring import ScoringModel
from kbsearch.tuning.recommending import fit, outcome

_ROOT = Path(__file__).parent.parent
_INDUSTRIES = ("smart_devices", "telecom", "ecommerce", "finance")
_WEIGHTS = Path(kbsearch.recommendation.__file__).parent / "weights.toml"
_HEAD = "# Weights of recommendation, written by `make fit-recommend`; see scoring.py.\n\n"


def main() -> None:
    """Prints figures and writes the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=_WEIGHTS)
    given = parser.parse_args()
    sets = {name: _industry(name) for name in _INDUSTRIES}
    outcomes = []
    for name, (knowledge_base, cases) in sets.items():
        model = fit([own for other, own in sets.items() if other != name])
        own = [outcome(knowledge_base, case, model) for case in cases]
        print(f"{name}: {_line(measure(own))}")
        outcomes += own
    evaluation = measure(outcomes)
    print(f"all: {_line(evaluation)}")
    for slot, figures in evaluation.slots.items():
        print(f"{slot}: precision@1 {figures.precision.value:.1%} found {figures.found.value:.1%}")
    given.out.write_text(_HEAD + _toml(fit(sets.values())), encoding="utf-8")


def _industry(name: str) -> tuple[KnowledgeBase, Sequence[RecommendationCase]]:
    """The knowledge base and the cases of one of ours."""
    knowledge_base = KnowledgeBase.build([_ROOT / "corpora" / name], _ROOT / ".demo" / name)
    return knowledge_base, read_cases([_ROOT / "eval" / name / "recommend_dev.jsonl"])


def _line(evaluation: RecommendationEvaluation) -> str:
    names = ("first", "found", "reached", "right", "quiet")
    return " ".join(f"{name} {getattr(evaluation, name).value:.1%}" for name in names)


def _toml(model: ScoringModel) -> str:
    return tomli_w.dumps(
        {slot.value: each.model_dump(mode="json") for slot, each in model.slots.items()}
    )


if __name__ == "__main__":
    main()
