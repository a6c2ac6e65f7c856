"""Wrong use of the command line, in the reader's language: typer says it in English only."""

import re
from collections.abc import Mapping

import typer
from pydantic import ValidationError

from kbsearch.cli.console import Console
from kbsearch.messages import Phrase
from kbsearch.reasons import faults, reason

# The class of all that typer refuses; versions of typer keep it in different modules.
REFUSED: type[Exception] = next(
    base for base in typer.BadParameter.__mro__ if base.__name__ == "ClickException"
)

# What typer says → the text under ``cli.usage.`` that says it, too; the longer form first.
_FORMS: Mapping[str, str] = {
    "missing_option": r"Missing option '(?P<name>[^']+)'\..*",
    "missing_argument": r"Missing argument '(?P<name>[^']+)'\..*",
    "missing_command": r"Missing command\.",
    "similar_option": r"No such option: (?P<name>\S+) \(Possible options: (?P<similar>.+)\)",
    "unknown_option": r"No such option: (?P<name>\S+)",
    "similar_command": r"No such command '(?P<name>.*?)'\. Did you mean (?P<similar>.+)\?",
    "unknown_command": r"No such command '(?P<name>.*?)'\.",
    "extra_argument": r"Got unexpected extra arguments?(\(s\))? \((?P<name>.*)\)",
    "value_missing": r"Option '(?P<name>[^']+)' requires an argument\.",
    "value_unwanted": r"Option '(?P<name>[^']+)' does not take a value\.",
    "invalid_value": r"Invalid value for '(?P<name>[^']+)': (?P<reason>.*)",
}
_NOT_ONE_OF = re.compile(r"(Value error, )?'(?P<value>.*)' is not one of (?P<allowed>.*)\.")


def print_refusal(console: Console, error: Exception) -> None:
    """Prints what was refused and where help is; help itself if nothing was asked for."""
    if type(error).__name__ == "NoArgsIsHelpError":
        error.show()  # type: ignore[attr-defined]  # as every `REFUSED` has
        return
    console.error(_told(console, error))
    context = getattr(error, "ctx", None)
    if context:
        typer.echo(console.text("usage.help", command=context.command_path), err=True)


def _told(console: Console, error: Exception) -> str:
    """What was refused; in typer's words if it is nothing that we know."""
    message: str = error.format_message()  # type: ignore[attr-defined]  # as every `REFUSED` has
    for key, form in _FORMS.items():
        if found := re.fullmatch(form, message, re.DOTALL):
            params = {**found.groupdict(), **_reason(found.groupdict().get("reason"), error)}
            return console.text(f"usage.{key}", **params)
    return message


def _reason(message: str | None, error: Exception) -> dict[str, str]:
    """Why a value is refused."""
    if message is None:
        return {}
    if choice := _NOT_ONE_OF.fullmatch(message):
        return {"reason": Phrase("cli.usage.not_one_of", choice.groupdict())}
    cause = error.__cause__
    return {"reason": reason(faults(cause)[0]) if isinstance(cause, ValidationError) else message}
