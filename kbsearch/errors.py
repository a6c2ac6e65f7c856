"""Everything kbsearch raises, and the form in which it reports a fault of a source.

::

    KBSearchError
    ├── SourceError            articles that cannot be used; carries every Problem
    ├── QuerySetError          a query set that cannot be used; carries every Problem
    ├── SettingsError          a settings file that cannot be used; also a ValueError
    ├── DictionaryError        a user dictionary, synonym or stop-word file with a bad line
    ├── EncoderError           a model that cannot be loaded or does not fit the snapshot
    ├── MissingDependencyError an optional package is not installed
    ├── FilterError            an unknown filter or value; also a ValueError
    ├── IndexBusyError         another process is writing to the same index folder
    └── SnapshotError
        ├── SnapshotNotFoundError      nothing published there, or no such snapshot
        ├── SnapshotCorruptError       a file is missing, truncated or altered
        └── SnapshotIncompatibleError  written by another format, analyzer or encoder

Bad arguments are plain `ValueError`. The text of every error stands in `locales/`, once per
language: ``str(error)`` is English, ``error.text("zh")`` is what the CLI prints.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from enum import StrEnum

from kbsearch import messages


class Severity(StrEnum):
    """How bad a problem is: an error keeps its article out, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclasses.dataclass(frozen=True, slots=True)
class Problem:
    """One fault of a source, with all that is needed to find and mend it.

    Attributes:
        code: Key of the text under ``problem.`` in `locales/`.
        path: The file, as the user named it.
        line: Line of a text file, row of a table (both from 1); None if the whole file is meant.
        field: Article field at fault, or "" if none is.
        value: The offending value, shortened to 80 characters by `__post_init__`.
        params: Further values that the text mentions.
        article_id: Id of the article, where it is known.
        severity: Error or warning.
    """

    code: str
    path: str
    line: int | None = None
    field: str = ""
    value: str = ""
    params: Mapping[str, str] = dataclasses.field(default_factory=dict)
    article_id: str = ""
    severity: Severity = Severity.ERROR

    def __post_init__(self) -> None:
        if len(self.value) > 80:
            object.__setattr__(self, "value", self.value[:79] + "…")

    @property
    def location(self) -> str:
        """``file:line``, or just the file."""
        return self.path if self.line is None else f"{self.path}:{self.line}"

    def text(self, lang: messages.Language = "en") -> str:
        """What is wrong and what to do, in one line."""
        params = {**self.params, "field": self.field, "value": self.value}
        return messages.text(f"problem.{self.code}", lang, params)


class KBSearchError(Exception):
    """Root of all errors that are not a wrong argument.

    Args:
        key: Key of the message under ``error.`` in `locales/`.
        params: Values for the placeholders of the message.
    """

    def __init__(self, key: str, params: Mapping[str, object] | None = None) -> None:
        self.key = key
        self.params = dict(params or {})
        super().__init__(self.text("en"))

    def __reduce__(self) -> tuple[object, ...]:
        # Python pickles an exception by its text; a worker's error has to come back whole.
        return type(self), (self.key, self.params)

    def text(self, lang: messages.Language = "en") -> str:
        """The message in `lang`."""
        return messages.text(f"error.{self.key}", lang, self.params)


class _ProblemsError(KBSearchError):
    """An error that carries the problems behind it."""

    def __init__(
        self, key: str, problems: Sequence[Problem], params: Mapping[str, object] | None = None
    ) -> None:
        self.problems = tuple(problems)
        errors = [p for p in self.problems if p.severity is Severity.ERROR]
        super().__init__(key, {"count": len(errors), **(params or {})})

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.key, self.problems, self.params)

    def text(self, lang: messages.Language = "en") -> str:
        """The message in `lang`, followed by one line for each problem."""
        lines = [
            f"{problem.location}: {messages.text(f'severity.{problem.severity}', lang)}: "
            f"{problem.text(lang)}"
            for problem in self.problems
        ]
        return "\n".join([super().text(lang), *lines])


class SourceError(_ProblemsError):
    """Articles that cannot be used; nothing was built."""


class QuerySetError(_ProblemsError):
    """A query set that cannot be used."""


class SettingsError(_ProblemsError, ValueError):
    """A settings file that cannot be used."""


class DictionaryError(_ProblemsError):
    """A user dictionary, synonym or stop-word file with bad lines."""


class EncoderError(KBSearchError):
    """A model that cannot be loaded, or is not the one the snapshot was built with."""


class MissingDependencyError(KBSearchError):
    """A package that this feature needs is not installed."""


class FilterError(KBSearchError, ValueError):
    """A filter that does not exist, or a value that it cannot have."""


class IndexBusyError(KBSearchError):
    """Another process holds the writer's lock of the index folder."""


class SnapshotError(KBSearchError):
    """Root of what can be wrong with a snapshot."""


class SnapshotNotFoundError(SnapshotError):
    """Nothing is published in the folder, or it has no snapshot of that id."""


class SnapshotCorruptError(SnapshotError):
    """A file of the snapshot is missing, truncated or altered."""


class SnapshotIncompatibleError(SnapshotError):
    """The snapshot was written by another format version, analyzer or encoder."""
