"""Fixtures of the loaders' tests: write a file, read it, and look at what was found."""

import json
from pathlib import Path

import pytest

from kbsearch.loaders.source import read_source
from kbsearch.messages import LANGUAGES


@pytest.fixture
def write(tmp_path):
    """Writes text or bytes to a file under `tmp_path`; its path."""

    def write_file(name, content):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            content = content.encode()
        path.write_bytes(content)
        return path

    return write_file


@pytest.fixture
def read(write):
    """Writes one file and reads it as a source."""

    def read_file(name, content):
        return read_source([write(name, content)])

    return read_file


@pytest.fixture
def found():
    """(line, code, field) of each problem of a source; its texts must exist in both languages."""

    def problems_of(source):
        for problem in source.problems:
            for lang in LANGUAGES:
                text = problem.text(lang)
                assert text
                assert "\n" not in text
        return [(problem.line, problem.code, problem.field) for problem in source.problems]

    return problems_of


@pytest.fixture
def jsonl():
    """Mappings as JSONL, each completed to a valid article; None removes a field."""

    def lines_of(*articles):
        base = {"kind": "faq", "title": "标题", "body": "正文"}
        rows = ({**base, "id": f"a{i}", **fields} for i, fields in enumerate(articles, start=1))
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)

    return lines_of


@pytest.fixture
def names():
    """File names of the problems of a source, with their codes."""

    def names_of(source):
        return [(Path(problem.path).name, problem.code) for problem in source.problems]

    return names_of
