"""Runs the command line in this process."""

import json
from typing import Any, NamedTuple

import pytest

from kbsearch.cli import main


class Result(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout; anything else there is an error."""
        return json.loads(self.out)


@pytest.fixture
def run(capsys, monkeypatch):
    """Runs ``kbsearch`` with the arguments given; in Chinese unless they say otherwise."""
    monkeypatch.delenv("KBSEARCH_LANG", raising=False)
    monkeypatch.setenv("COLUMNS", "200")  # help is not wrapped

    def run_command(*arguments):
        capsys.readouterr()
        with pytest.raises(SystemExit) as exited:
            main([str(argument) for argument in arguments])
        return Result(exited.value.code or 0, *capsys.readouterr())

    return run_command
