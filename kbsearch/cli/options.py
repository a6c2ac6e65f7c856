"""Arguments that several commands share."""

from collections.abc import Mapping
from pathlib import Path

import typer
from typer.models import ArgumentInfo, OptionInfo

from kbsearch.cli.console import Console


class Shared:
    """Declarations of shared arguments, with help in the console's language."""

    def __init__(self, console: Console) -> None:
        self.index: OptionInfo = typer.Option(
            "--index", help=console.text("option_index"), metavar="DIR"
        )
        self.json: OptionInfo = typer.Option("--json", help=console.text("option_json"))
        self.filters: OptionInfo = typer.Option(
            "--filter", help=console.text("option_filter"), metavar="K=V"
        )
        self.sources: ArgumentInfo = typer.Argument(
            help=console.text("argument_sources"), metavar="SOURCE..."
        )


def parse_filters(console: Console, given: list[str] | None) -> dict[str, list[str] | str]:
    """``k=v`` arguments as filters; several of one name mean any of them.

    Raises:
        ValueError: One has no ``=``.
    """
    filters: dict[str, list[str]] = {}
    for entry in given or ():
        name, equals, value = entry.partition("=")
        if not equals or not name.strip() or not value.strip():
            raise ValueError(console.text("search.filter_form", value=entry))
        known = filters.setdefault(name.strip(), [])
        known.append(value.strip())
    # A day is one value; several would be refused, as they should.
    return {name: values[0] if len(values) == 1 else values for name, values in filters.items()}


def split_snapshot(index: str) -> tuple[Path, str | None]:
    """``FOLDER@SNAPSHOT`` as folder and snapshot id; just a folder has none."""
    if Path(index).is_dir():
        return Path(index), None
    folder, at, snapshot_id = index.rpartition("@")
    return (Path(folder), snapshot_id) if at else (Path(index), None)


def named(article: str, titles: Mapping[str, str]) -> str:
    """``Title (id)``, or the id alone."""
    return f"{titles[article]} ({article})" if article in titles else article
