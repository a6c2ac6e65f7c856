"""Elasticsearch: the request body of its ranking evaluation API, ``_rank_eval``."""

import json
from collections.abc import Iterator
from pathlib import Path

from kbsearch.evaluation.formats.judgment_file import JudgmentFile
from kbsearch.evaluation.query_set import JudgedQuery, QuerySet

FIELDS = ("title", "questions", "body")
METRIC = {"dcg": {"k": 10, "normalize": True}}
"""nDCG@10."""

_FORMS = ("multi_match", "query_string")


def read_query_set(path: str | Path) -> QuerySet:
    """The rated queries.

    The text is that of the one match, multi_match or query_string query of a request, however deep
    it lies; which index an article is in (``_index``) is passed over.

    Raises:
        QuerySetError: The body is wrong, or a request has no such query, or several.
    """
    file = JudgmentFile(path)
    body = file.document()
    requests = body.get("requests") if isinstance(body, dict) else None
    if not isinstance(requests, list):
        file.problem("rank_eval_form", field="requests", value=requests)
        raise file.error()
    texts = [_read(file, f"requests.{n}", each) for n, each in enumerate(requests)]
    return file.query_set(filter(None, texts), path)


def write_query_set(query_set: QuerySet, path: str | Path, *, index_name: str) -> None:
    """Writes the answerable queries as multi_match over `FIELDS`, measured by nDCG@10.

    Args:
        query_set: The queries.
        path: The file.
        index_name: Of the index in Elasticsearch whose documents have our article ids.
    """
    body = {
        "requests": [_request(query, index_name) for query in query_set.answerable],
        "metric": METRIC,
    }
    text = json.dumps(body, ensure_ascii=False, indent=1)
    Path(path).write_text(text + "\n", encoding="utf-8")


def _request(query: JudgedQuery, index_name: str) -> dict[str, object]:
    return {
        "id": query.id,
        "request": {"query": {"multi_match": {"query": query.text, "fields": [*FIELDS]}}},
        "ratings": [
            {"_index": index_name, "_id": article_id, "rating": grade}
            for article_id, grade in query.relevant.items()
        ],
    }


def _read(file: JudgmentFile, field: str, request: object) -> tuple[str, str] | None:
    """Id and text of one request; its ratings go to `file`."""
    fields = request if isinstance(request, dict) else {}
    query_id, ratings = fields.get("id"), fields.get("ratings")
    if not isinstance(query_id, str) or not query_id or not isinstance(ratings, list):
        file.problem("rank_eval_form", field=field, value=request)
        return None
    for number, rating in enumerate(ratings):
        place = f"{field}.ratings.{number}"
        article_id = rating.get("_id") if isinstance(rating, dict) else None
        if isinstance(article_id, str) and article_id:
            file.judge(query_id, article_id, rating.get("rating"), field=f"{place}.rating")
        else:
            file.problem("rank_eval_form", field=place, value=rating)
    texts = {text for text in _texts(fields.get("request")) if text.strip()}
    if len(texts) != 1:
        file.problem("rank_eval_text", field=f"{field}.request", value=fields.get("request"))
        return None
    return query_id, texts.pop()


def _texts(query: object) -> Iterator[str]:
    """The texts of all match, multi_match and query_string queries in `query`."""
    if isinstance(query, list):
        for part in query:
            yield from _texts(part)
    if not isinstance(query, dict):
        return
    for name, content in query.items():
        if name == "match" and isinstance(content, dict):
            for value in content.values():
                yield from _text(value)
        elif name in _FORMS:
            yield from _text(content)
        else:
            yield from _texts(content)


def _text(value: object) -> Iterator[str]:
    """A text, as it is or under ``query``."""
    text = value.get("query") if isinstance(value, dict) else value
    if isinstance(text, str):
        yield text
