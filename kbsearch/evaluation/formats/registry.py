"""The formats there are: which one a file has, and what each cannot hold."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path

from kbsearch.article import Article
from kbsearch.evaluation.formats import beir, elasticsearch, quepid, ranx, trec
from kbsearch.evaluation.formats.judgment_file import JudgmentFile
from kbsearch.evaluation.measures import Run
from kbsearch.evaluation.query_set import JudgedQuery, QuerySet


class Format(StrEnum):
    """A form of query sets."""

    JSONL = "jsonl"  # our own
    TREC = "trec"
    BEIR = "beir"
    RANX = "ranx"
    QUEPID = "quepid"
    ELASTICSEARCH = "elasticsearch"


_FOLDERS = {
    Format.BEIR: (beir.CORPUS, beir.QUERIES, "qrels"),
    Format.TREC: (trec.QRELS, trec.TOPICS),
}

_PARTS: Mapping[str, Callable[[JudgedQuery], object]] = {
    "id": lambda query: query.id,
    "text": lambda query: query.text,
    "type": lambda query: query.type,
    "filters": lambda query: query.filters,
    "context": lambda query: query.context,
    "unanswerable": lambda query: not query.answerable,
}
_COMMONLY_LOST = ("type", "filters", "context", "unanswerable")
_LOST: Mapping[Format, tuple[str, ...]] = {
    Format.JSONL: (),
    Format.TREC: _COMMONLY_LOST,
    Format.BEIR: _COMMONLY_LOST,
    Format.RANX: ("text", *_COMMONLY_LOST),
    Format.QUEPID: ("id", *_COMMONLY_LOST),
    Format.ELASTICSEARCH: _COMMONLY_LOST,
}


def read_query_set(
    paths: Iterable[str | Path],
    format: Format | None = None,
    *,
    topics: str | Path | None = None,
) -> QuerySet:
    """Reads queries with their judgments.

    Args:
        paths: Any number of our own JSONL files, or one file or folder of another format.
        format: Which format; recognised by the content without.
        topics: The texts of the queries, for TREC and ranx (`trec.read_topics`).

    Raises:
        QuerySetError: The format is not recognised, or what is read is wrong.
        ValueError: There is no path, or several of another format than our own.
    """
    listed = [Path(path) for path in paths]
    if not listed:
        raise ValueError("give at least one file of queries")
    formats = {format or recognise(path) for path in listed}
    if formats == {Format.JSONL}:
        return QuerySet.read(listed)
    if len(listed) > 1:
        names = ", ".join(sorted(formats))
        raise ValueError(f"only query sets in jsonl can be read several at once, not {names}")
    path, (only,) = listed[0], formats
    readers: Mapping[Format, Callable[[], QuerySet]] = {
        Format.TREC: lambda: trec.read_query_set(path, topics),
        Format.BEIR: lambda: beir.read_query_set(path),
        Format.RANX: lambda: ranx.read_query_set(path, topics),
        Format.QUEPID: lambda: quepid.read_query_set(path),
        Format.ELASTICSEARCH: lambda: elasticsearch.read_query_set(path),
    }
    return readers[only]()


def write_query_set(
    query_set: QuerySet,
    path: str | Path,
    format: Format,
    *,
    articles: Iterable[Article] = (),
    index_name: str = "kbsearch",
) -> None:
    """Writes queries with their judgments; `losses` tells what is left out.

    Args:
        query_set: The queries.
        path: The file; a folder for BEIR and TREC.
        format: Which format.
        articles: The corpus, for BEIR.
        index_name: Of the index in Elasticsearch.

    Raises:
        QuerySetError: The format cannot hold an id, a grade or two queries of one text.
    """
    writers: Mapping[Format, Callable[[], None]] = {
        Format.JSONL: lambda: _write_jsonl(query_set, Path(path)),
        Format.TREC: lambda: trec.write_query_set(query_set, path),
        Format.BEIR: lambda: beir.write(query_set, articles, path),
        Format.RANX: lambda: ranx.write_qrels({q.id: q.relevant for q in query_set.queries}, path),
        Format.QUEPID: lambda: quepid.write_query_set(query_set, path),
        Format.ELASTICSEARCH: lambda: elasticsearch.write_query_set(
            query_set, path, index_name=index_name
        ),
    }
    writers[format]()


def read_run(path: str | Path) -> Run:
    """Reads a run of TREC or ranx.

    Raises:
        QuerySetError: It cannot be read.
    """
    _, first = next(JudgmentFile(path).lines(), (0, ""))
    return ranx.read_run(path) if first.lstrip().startswith("{") else trec.read_run(path)


def losses(query_set: QuerySet, format: Format) -> dict[str, int]:
    """What `format` cannot hold (id, text, type, filters, context, unanswerable), in how many."""
    counts = {
        name: sum(bool(_PARTS[name](query)) for query in query_set.queries)
        for name in _LOST[format]
    }
    return {name: count for name, count in counts.items() if count}


def recognise(path: str | Path) -> Format:
    """The format that a file or folder has, by its content; one that is empty counts as ours.

    Raises:
        QuerySetError: It cannot be read or has none of them.
    """
    file = JudgmentFile(path)
    if file.path.is_dir():
        for format, names in _FOLDERS.items():
            if any((file.path / name).exists() for name in names):
                return format
        first = " ".join(sorted(each.name for each in file.path.iterdir()))
    else:
        _, first = next(file.lines(), (0, ""))
        found = _of_first_line(file, first.strip())
        if found:
            return found
    file.problem("format_unknown", value=first, allowed=" ".join(Format))
    raise file.error()


def _of_first_line(file: JudgmentFile, line: str) -> Format | None:
    """The format of a file that begins with `line`."""
    if not line or file.path.suffix == ".jsonl":
        return Format.JSONL
    if line.startswith("{"):
        return _of_json(file, line)
    if tuple(line.split("\t")) == beir.HEADER:
        return Format.BEIR
    if {name.strip().strip('"').lower() for name in line.split(",")} >= {*quepid.COLUMNS}:
        return Format.QUEPID
    return Format.TREC if len(line.split()) == 4 else None


def _of_json(file: JudgmentFile, line: str) -> Format | None:
    """The format of JSON: of the first line if it is an object, or else of the whole file."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        found = file.document()
    if isinstance(found.get("requests"), list):
        return Format.ELASTICSEARCH
    if isinstance(found.get("text"), str):
        return Format.JSONL
    return Format.RANX if all(isinstance(value, dict) for value in found.values()) else None


def _write_jsonl(query_set: QuerySet, path: Path) -> None:
    lines: Sequence[str] = [
        query.model_dump_json(exclude_defaults=True) + "\n" for query in query_set.queries
    ]
    path.write_text("".join(lines), encoding="utf-8", newline="\n")
