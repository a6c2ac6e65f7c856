"""An evaluation as TREC files, for other tools to check its figures."""

from pathlib import Path

from kbsearch.evaluation.formats.trec import QRELS, write_qrels, write_run
from kbsearch.evaluation.outcome import answerable
from kbsearch.evaluation.result import Evaluation
from kbsearch.retrieval.candidates import Leg


def write_runs(evaluation: Evaluation, folder: str | Path) -> None:
    """Writes ``qrels.txt`` and, of each leg, ``LEG.run``, over the answerable queries.

    Raises:
        QuerySetError: An id has a blank in it, which ends a field of these files.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    outcomes = answerable(evaluation.outcomes)
    write_qrels({outcome.id: outcome.relevant for outcome in outcomes}, target / QRELS)
    for leg in Leg:
        run = {outcome.id: outcome.rankings[leg] for outcome in outcomes}
        write_run(run, target / f"{leg}.run", tag=str(leg))
