"""ranx: qrels ``{"q": {"doc": grade}}`` and runs ``{"q": {"doc": score}}`` as JSON."""

import json
from collections.abc import Iterator
from pathlib import Path

from kbsearch.evaluation.formats import trec
from kbsearch.evaluation.formats.judgment_file import JudgmentFile
from kbsearch.evaluation.measures import Judgments, Run
from kbsearch.evaluation.query_set import QuerySet


def read_query_set(path: str | Path, topics: str | Path | None = None) -> QuerySet:
    """The judged queries of qrels, with the texts of TREC topics (`trec.read_topics`).

    Raises:
        QuerySetError: Something is wrong with either file, or a judged query has no topic.
    """
    return trec.with_topics(_qrels(path), topics)


def read_qrels(path: str | Path) -> Judgments:
    """Judgments; grades of 0 or less are dropped.

    Raises:
        QuerySetError: The file is wrong, or nothing is relevant.
    """
    return _qrels(path).judgments()


def read_run(path: str | Path) -> Run:
    """Rankings by score, descending; ties by article id, descending, as in TREC's runs.

    Raises:
        QuerySetError: The file is wrong.
    """
    file = JudgmentFile(path)
    run: dict[str, list[str]] = {}
    for query_id, scores in _queries(file):
        scored: dict[str, float] = {}
        for article_id, score in scores.items():
            trec.add_score(file, scored, query_id, article_id, score)
        best_first = sorted(((score, name) for name, score in scored.items()), reverse=True)
        run[query_id] = [name for _, name in best_first]
    file.check()
    return run


def write_qrels(judgments: Judgments, path: str | Path) -> None:
    """Writes judgments; a query without any is left out."""
    _write({query_id: dict(grades) for query_id, grades in judgments.items() if grades}, path)


def write_run(run: Run, path: str | Path) -> None:
    """Writes a run whose scores strictly decrease; a query without articles is left out."""
    scores = {
        query_id: {name: float(len(found) - row) for row, name in enumerate(found)}
        for query_id, found in run.items()
        if found
    }
    _write(scores, path)


def _qrels(path: str | Path) -> JudgmentFile:
    file = JudgmentFile(path)
    for query_id, grades in _queries(file):
        for article_id, grade in grades.items():
            file.judge(query_id, article_id, grade, field=query_id)
    return file


def _queries(file: JudgmentFile) -> Iterator[tuple[str, dict[str, object]]]:
    """Query id and what stands under it; a problem in place of all else."""
    found = file.document()
    if not isinstance(found, dict):
        file.problem("ranx_form", value=found)
        return
    for query_id, values in found.items():
        if isinstance(values, dict):
            yield query_id, values
        else:
            file.problem("ranx_form", field=query_id, value=values)


def _write(content: object, path: str | Path) -> None:
    text = json.dumps(content, ensure_ascii=False, indent=1)
    Path(path).write_text(text + "\n", encoding="utf-8")
