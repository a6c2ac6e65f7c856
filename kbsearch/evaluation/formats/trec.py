"""TREC: qrels, runs and topics, as trec_eval and ir_measures read them.

A set of queries is a folder with `QRELS` and `TOPICS`; the two may also be named one by one.
"""

import ctypes
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from kbsearch.errors import Problem, QuerySetError
from kbsearch.evaluation.formats.judgment_file import JudgmentFile
from kbsearch.evaluation.measures import Judgments, Run
from kbsearch.evaluation.query_set import QuerySet

QRELS = "qrels.txt"
TOPICS = "topics.tsv"

_NO_FIELD = re.compile(r"\s|^$")


def read_query_set(path: str | Path, topics: str | Path | None = None) -> QuerySet:
    """The judged queries of qrels and topics.

    Args:
        path: Qrels, or a folder with `QRELS` and `TOPICS`.
        topics: Lines of ``qid<TAB>text``; needed unless `path` is a folder.

    Raises:
        QuerySetError: A line is wrong, or a judged query has no topic.
    """
    given = Path(path)
    if given.is_dir():
        given, topics = given / QRELS, topics or given / TOPICS
    return with_topics(_qrels(given), topics)


def read_qrels(path: str | Path) -> Judgments:
    """Judgments of lines ``qid iteration docid grade``; grades of 0 or less are dropped.

    Raises:
        QuerySetError: A line is wrong, or nothing is relevant.
    """
    return _qrels(path).judgments()


def read_topics(path: str | Path) -> dict[str, str]:
    """Query id to text, of lines ``qid<TAB>text``.

    Raises:
        QuerySetError: A line has no tab, id or text, or an id stands twice.
    """
    file = JudgmentFile(path)
    topics: dict[str, str] = {}
    for number, line in file.lines():
        query_id, _, text = (part.strip() for part in line.partition("\t"))
        if not query_id or not text:
            file.problem("topic_form", number, value=line)
        elif query_id in topics:
            file.problem("query_duplicate", number, "id", query_id)
        topics[query_id] = text
    file.check()
    return topics


def read_run(path: str | Path) -> Run:
    """Rankings of lines ``qid Q0 docid rank score tag``.

    As in trec_eval the score decides, not the rank: descending, in single precision, and ties by
    article id, descending. ir_measures hands most measures to trec_eval; a few, such as ``RR@10``,
    leave ties as they stand in the file.

    Raises:
        QuerySetError: A line is wrong, or an article stands twice in a ranking.
    """
    file = JudgmentFile(path)
    scores: dict[str, dict[str, float]] = {}
    for number, line in file.lines():
        fields = line.split()
        if len(fields) != 6:
            file.problem("run_form", number, value=line, found=str(len(fields)))
            continue
        query_id, _, article_id, _, score, _ = fields
        add_score(file, scores.setdefault(query_id, {}), query_id, article_id, score, number)
    file.check()
    return {query_id: _trec_order(scored) for query_id, scored in scores.items()}


def write_query_set(query_set: QuerySet, folder: str | Path) -> None:
    """Writes `QRELS` and `TOPICS`; every run of blanks in a text becomes one blank.

    Raises:
        QuerySetError: An id has a blank in it, which ends a field of the qrels.
    """
    relevant = {query.id: query.relevant for query in query_set.answerable}
    texts = (f"{query.id}\t{' '.join(query.text.split())}" for query in query_set.queries)
    check_ids(folder, relevant, _NO_FIELD)
    Path(folder).mkdir(parents=True, exist_ok=True)
    write_qrels(relevant, Path(folder) / QRELS)
    _write_lines(Path(folder) / TOPICS, texts)


def write_qrels(judgments: Judgments, path: str | Path) -> None:
    """Writes lines ``qid 0 docid grade``.

    Raises:
        QuerySetError: An id has a blank in it.
    """
    check_ids(path, judgments, _NO_FIELD)
    _write_lines(
        Path(path),
        (
            f"{query_id} 0 {article_id} {grade}"
            for query_id, grades in judgments.items()
            for article_id, grade in grades.items()
        ),
    )


def write_run(run: Run, path: str | Path, *, tag: str = "kbsearch") -> None:
    """Writes a run whose scores strictly decrease, so that every tool keeps the order.

    A query without articles has no line: to the tools it is one that the run misses.

    Raises:
        QuerySetError: An id has a blank in it.
    """
    check_ids(
        path, {query_id: dict.fromkeys(found, 0) for query_id, found in run.items()}, _NO_FIELD
    )
    _write_lines(
        Path(path),
        (
            f"{query_id} Q0 {article_id} {rank} {len(found) - rank + 1} {tag}"
            for query_id, found in run.items()
            for rank, article_id in enumerate(found, start=1)
        ),
    )


def with_topics(file: JudgmentFile, topics: str | Path | None) -> QuerySet:
    """The judged queries of `file`, with the texts that `topics` gives them."""
    if topics is None:
        file.problem("topics_needed")
        raise file.error()
    return file.query_set(read_topics(topics).items(), topics)


def add_score(
    file: JudgmentFile,
    scored: dict[str, float],
    query_id: str,
    article_id: str,
    score: object,
    line: int | None = None,
) -> None:
    """Adds one article to the scores of a query, or notes in `file` why it cannot."""
    try:
        number = math.nan if isinstance(score, bool) else float(str(score))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        file.problem("score_form", line, "score", score, query=query_id)
    elif article_id in scored:
        file.problem("ranked_twice", line, "docid", article_id, query=query_id)
    else:
        scored[article_id] = number


def check_ids(path: str | Path, judgments: Judgments, forbidden: re.Pattern[str]) -> None:
    """Raises a QuerySetError for the ids of queries and articles that a form cannot hold."""
    ids = {*judgments, *(article for grades in judgments.values() for article in grades)}
    refused = sorted(name for name in ids if forbidden.search(name))
    if refused:
        problems = [Problem("id_not_writable", str(path), value=ascii(name)) for name in refused]
        raise QuerySetError("evaluation_file_invalid", problems)


def _qrels(path: str | Path) -> JudgmentFile:
    file = JudgmentFile(path)
    for number, line in file.lines():
        fields = line.split()
        if len(fields) != 4:
            file.problem("qrels_form", number, value=line, found=str(len(fields)))
            continue
        query_id, _, article_id, grade = fields
        file.judge(query_id, article_id, grade, number, "grade")
    return file


def _trec_order(scored: Mapping[str, float]) -> list[str]:
    """Article ids as trec_eval ranks them."""
    single = {article_id: ctypes.c_float(score).value for article_id, score in scored.items()}
    return sorted(single, key=lambda article_id: (single[article_id], article_id), reverse=True)


def _write_lines(path: Path, lines: Iterator[str]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{line}\n" for line in lines)
