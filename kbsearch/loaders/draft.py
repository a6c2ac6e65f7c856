"""The draft: an article as a reader found it, before anything is checked."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from kbsearch.errors import Problem, Severity


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of a source.

    Attributes:
        path: Where it is.
        name: The file as the user named it, printable.
    """

    path: Path
    name: str


@dataclass(frozen=True, slots=True)
class Draft:
    """The fields of one article as a file gives them, of any type and perhaps wrong.

    Attributes:
        file: The file it was read from.
        line: Line of a text file, row of a table; None if the whole file is the article.
        fields: Article field to value: text, date, number, list or mapping. None is "not given".
        lines: Line of a field, such as ``links[2].rel``, where the reader knows it.
        names: What the file calls a field, where that differs: the heading of its column.
        problems: What the reader itself found wrong with this article.
    """

    file: SourceFile
    line: int | None
    fields: Mapping[str, object]
    lines: Mapping[str, int] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    @property
    def id(self) -> str:
        """The id as written, or "" if it is not even text."""
        value = self.fields.get("id")
        return value.strip() if isinstance(value, str) else ""

    @property
    def location(self) -> str:
        """``file:line``, or just the file."""
        return self.file.name if self.line is None else f"{self.file.name}:{self.line}"

    def problem(
        self,
        code: str,
        field: str = "",
        *,
        value: object = "",
        params: Mapping[str, str] | None = None,
        severity: Severity = Severity.ERROR,
    ) -> Problem:
        """A problem of this article, at the line of `field` such as ``links[2].rel``."""
        found = Problem(code, "", None, field, shown(value), params or {}, severity=severity)
        return self.located(found)

    def located(self, problem: Problem) -> Problem:
        """`problem` with the file, line and column name that its field has in this draft."""
        return replace(
            problem,
            path=self.file.name,
            line=self._line_of(problem.field),
            field=self.name_of(problem.field),
            article_id=shown(self.id),
        )

    def name_of(self, field: str) -> str:
        """What the file calls `field`, printable: ``链接[2].rel`` for ``links[2].rel``."""
        root = root_of(field)
        return shown(self.names.get(root, root) + field[len(root) :])

    def _line_of(self, field: str) -> int | None:
        """The line of `field`, else of what encloses it: ``links[2]``, ``links``, the article."""
        while field and field not in self.lines:
            field = field[: max(field.rfind("."), field.rfind("["), 0)]
        return self.lines.get(field, self.line)


def root_of(field: str) -> str:
    """The article field that ``links[2].rel`` belongs to.

    >>> root_of("links[2].rel")
    'links'
    """
    return field.partition("[")[0].partition(".")[0]


def shown(value: object) -> str:
    r"""`value` on one short printable line, to be quoted in a message.

    >>> shown("bell\x07 and\nnew line"), shown(None), shown([1, 2])
    ('bell\\x07 and new line', 'null', '[…]')
    """
    if isinstance(value, Mapping):
        return "{…}"
    if isinstance(value, list | tuple):
        return "[…]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = str(value)[:81]  # Problem shortens to 80 and marks that it did
    return "".join(
        sign if sign.isprintable() else " " if sign.isspace() else ascii(sign)[1:-1]
        for sign in text
    )
