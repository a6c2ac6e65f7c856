"""The command line.

Takes arguments, gives text for people or one JSON document for programs; the only place that prints
or reads the environment. `editing` has the commands of knowledge editors, `searching` the one that
asks, `recommending` those of an agent's desk, `measuring`, `comparing`, `converting` and `tuning`
those of QA, `training` those of who looks after models; `figures`, `findings` and `gating` show an
evaluation, `usage` what was typed wrongly; `console` prints in Chinese, or in English with
``--lang en``.

It decides nothing: each command calls the library once and shows what comes back.
"""

import os
import sys
from typing import Annotated

import typer

from kbsearch import messages
from kbsearch.cli import (
    comparing,
    converting,
    editing,
    measuring,
    recommending,
    searching,
    training,
    tuning,
)
from kbsearch.cli.console import Console
from kbsearch.cli.usage import REFUSED, print_refusal
from kbsearch.errors import KBSearchError, QuerySetError, SnapshotNotFoundError

_WRONG_USE = 2
_FAILED = 1
_GIVEN_WRONGLY = (ValueError, QuerySetError, SnapshotNotFoundError)


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line and exits: 0 good, 1 the check failed, 2 wrong use."""
    given = sys.argv[1:] if arguments is None else arguments
    lang, rest = _language(given, os.environ.get("KBSEARCH_LANG") or "zh")
    if lang not in messages.LANGUAGES:
        print(messages.text("cli.unknown_language", "zh", {"value": lang}), file=sys.stderr)
        sys.exit(_WRONG_USE)
    console = Console("en" if lang == "en" else "zh")
    try:
        code = application(console)(args=rest, prog_name="kbsearch", standalone_mode=False)
        sys.exit(code or 0)
    except REFUSED as error:
        print_refusal(console, error)
        sys.exit(_WRONG_USE)
    except typer.Abort:
        sys.exit(_FAILED)
    except KBSearchError as error:
        console.error(error.text(console.lang))
        sys.exit(_WRONG_USE if isinstance(error, _GIVEN_WRONGLY) else _FAILED)
    except (ValueError, OSError) as error:  # OSError: a file given on the command line
        console.error(str(error))
        sys.exit(_WRONG_USE)


def application(console: Console) -> typer.Typer:
    """All commands, with help in the language of `console`."""
    app = typer.Typer(
        help=console.text("about"),
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    version = typer.Option(
        "--version", help=console.text("version"), callback=_show_version, is_eager=True
    )

    @app.callback()
    def options(show_version: Annotated[bool, version] = False) -> None:
        """Options before the command."""

    for module in (
        editing,
        searching,
        recommending,
        measuring,
        comparing,
        tuning,
        converting,
        training,
    ):
        module.register(app, console)
    return app


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(version("kbsearch"))
        raise typer.Exit


def _language(arguments: list[str], default: str) -> tuple[str, list[str]]:
    """The language asked for by ``--lang`` anywhere, and the other arguments."""
    lang, rest = default, []
    remaining = iter(arguments)
    for argument in remaining:
        if argument == "--lang":
            lang = next(remaining, "")
        elif argument.startswith("--lang="):
            lang = argument.partition("=")[2]
        else:
            rest.append(argument)
    return lang, rest
