"""``python -m kbsearch.training``: trains the bundled encoder and writes its folder."""

import argparse
import json
import sys
from pathlib import Path

from tqdm import tqdm

from kbsearch.training.export import export
from kbsearch.training.groups import GROUPS_FOLDER, read_groups, split, write_groups
from kbsearch.training.measure import hit_rates
from kbsearch.training.model_card import model_card
from kbsearch.training.pipeline import Recipe, read_training_text, train
from kbsearch.training.student import Student
from kbsearch.training.teacher import Teacher


def main(arguments: list[str] | None = None) -> None:
    """Trains, measures on the held-out groups if there are any, and writes the model folder."""
    options = _parser().parse_args(arguments)
    groups = split(
        read_groups(options.data / GROUPS_FOLDER), hold_out=options.hold_out, seed=options.seed
    )
    figures: dict[str, str] = {}

    def report(stage: str, student: Student) -> None:
        if groups.held_out:
            figures[stage] = str(hit_rates(student.encode, groups.held_out, seed=options.seed))
        tqdm.write(f"{stage}: {figures.get(stage, 'done')}", file=sys.stderr)

    recipe = Recipe()
    if options.epochs is not None:
        recipe = recipe.with_epochs(options.epochs)
    student = train(
        read_training_text(options.data, groups.training),
        Teacher(options.work),
        recipe,
        seed=options.seed,
        report=report,
    )
    export(student, options.out, card=model_card(student))
    if groups.held_out:
        write_groups(groups.held_out, options.out / "held_out.jsonl")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m kbsearch.training", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--out", type=Path, required=True, help="folder for the model")
    parser.add_argument("--work", type=Path, required=True, help="folder for the teacher's vectors")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--hold-out", type=float, default=0.0, help="share of the groups to measure on, not train"
    )
    parser.add_argument("--epochs", type=int, help="of contrastive training")
    return parser


if __name__ == "__main__":
    main()
