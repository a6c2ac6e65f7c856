"""``python -m kbsearch.training``: trains the bundled encoder and writes its folder."""

import argparse
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from kbsearch.learning.checkpoint import Checkpoint
from kbsearch.learning.student import Student
from kbsearch.training.export import export
from kbsearch.training.groups import GROUPS_FOLDER, read_groups, split, write_groups
from kbsearch.training.measure import hit_rates
from kbsearch.training.model_card import model_card
from kbsearch.training.pipeline import UNTRAINED, Recipe, read_training_text, train
from kbsearch.training.teacher import Teacher


def main(arguments: list[str] | None = None) -> None:
    """Trains, measures on the held-out groups if there are any, and writes the model folder."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if not options.data.is_dir():
        parser.error(f"there is no folder {options.data}")
    if not 0 <= options.hold_out < 1:
        parser.error(f"--hold-out must be at least 0 and below 1, not {options.hold_out}")
    with TemporaryDirectory() as passing:
        _run(options, Teacher(options.work or Path(passing)))


def _run(options: argparse.Namespace, teacher: Teacher) -> None:
    """The command, with checked options."""
    groups = split(
        read_groups(options.groups or options.data / GROUPS_FOLDER),
        hold_out=options.hold_out,
        seed=options.seed,
    )
    figures: dict[str, str] = {}
    if options.figures:
        figures = json.loads(options.figures.read_text(encoding="utf-8"))

    def report(stage: str, student: Student) -> None:
        if groups.held_out:
            figures[stage] = str(hit_rates(student.encode, groups.held_out, seed=options.seed))
            sys.stderr.write(f"{stage}: {figures[stage]}\n")
            if stage == UNTRAINED:  # for benchmarks/bench_encoder.py to compare with
                export(student, options.out / "untrained", card="# Dictionary vectors, untrained\n")

    recipe = Recipe()
    if options.epochs is not None:
        recipe = recipe.with_epochs(options.epochs)
    text = read_training_text(options.data, groups.training)
    key = f"{text.fingerprint()} {recipe} {options.seed}"
    checkpoint = Checkpoint(options.work / "training", key) if options.work else None
    student = train(
        text,
        teacher,
        recipe,
        seed=options.seed,
        report=report,
        checkpoint=checkpoint,
    )
    export(student, options.out, card=model_card(student, figures))
    if checkpoint:
        checkpoint.clear()
    if groups.held_out:
        write_groups(groups.held_out, options.out / "held_out.jsonl")
        (options.out / "figures.json").write_text(json.dumps(figures, indent=2), encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m kbsearch.training", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument(
        "--groups", type=Path, help=f"folder of paraphrase groups, by default DATA/{GROUPS_FOLDER}"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for the model")
    parser.add_argument(
        "--work",
        type=Path,
        help="folder that keeps the teacher's vectors and how far the training is",
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--hold-out", type=float, default=0.0, help="share of the groups to measure on, not train"
    )
    parser.add_argument(
        "--figures",
        type=Path,
        help="figures.json of a run with --hold-out, for the card of a model trained on all groups",
    )
    parser.add_argument("--epochs", type=int, help="of contrastive training")
    return parser


if __name__ == "__main__":
    main()
