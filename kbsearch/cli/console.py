"""The console: text in the reader's language, JSON, tables, progress."""

import dataclasses
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import typer
from pydantic import BaseModel

from kbsearch import messages
from kbsearch.evaluation.significance import json_object


class Console:
    """Prints in one language: results on stdout, everything else on stderr."""

    def __init__(self, lang: messages.Language) -> None:
        self.lang = lang

    def text(self, key: str, **params: object) -> str:
        """The text under ``cli.{key}``."""
        return messages.text(f"cli.{key}", self.lang, params)

    def say(self, key: str, **params: object) -> None:
        """Prints the text under ``cli.{key}``."""
        self.line(self.text(key, **params))

    def line(self, text: str = "") -> None:
        """Prints one line as it is."""
        typer.echo(_printable(text))

    def error(self, message: str) -> None:
        """Prints an error."""
        typer.echo(_printable(self.text("error", message=message)), err=True)

    def json(self, document: object) -> None:
        """Prints one JSON document."""
        self.line(self.json_text(document))

    def json_text(self, document: object) -> str:
        """A document of dataclasses, pydantic models and plain values as JSON."""
        return json.dumps(document, ensure_ascii=False, indent=1, default=_plain)

    def table(self, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Prints a table; the first column is left-aligned, the others right."""
        from rich.console import Console as Screen
        from rich.table import Table

        table = Table(box=None, pad_edge=False)
        for number, heading in enumerate(headings):
            table.add_column(heading, justify="right" if number else "left", no_wrap=True)
        for row in rows:
            table.add_row(*row)
        Screen(highlight=False, width=None if sys.stdout.isatty() else 120).print(table)

    @contextmanager
    def progress(self) -> Iterator[Callable[[str, int, int], None]]:
        """A progress bar on stderr, seen only on a terminal."""
        from rich.console import Console as Screen
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        screen = Screen(stderr=True)
        quiet = not screen.is_terminal
        with Progress(*columns, console=screen, transient=True, disable=quiet) as bars:
            tasks: dict[str, TaskID] = {}

            def report(stage: str, done: int, total: int) -> None:
                if stage not in tasks:
                    tasks[stage] = bars.add_task(self.text(f"stage_{stage}"))
                bars.update(tasks[stage], completed=done, total=total)

            yield report


def _printable(text: str) -> str:
    """The text without lone surrogates, which no terminal can show."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _plain(value: object) -> object:
    """What JSON has no form for, as what it has one for."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        # Shallow: json comes back here for what lies inside.
        return json_object(
            (each.name, getattr(value, each.name)) for each in dataclasses.fields(value)
        )
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    raise TypeError(f"no JSON form for {type(value).__name__}")
