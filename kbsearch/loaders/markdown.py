"""Markdown with YAML front matter: one article a file.

::

    ---
    id: watch-first-setup
    kind: guide
    title: 新手表到手后的第一次设置
    links:
      - {rel: next_step, id: watch-bluetooth-pair}
    ---
    The body is all that follows.

The YAML is parsed, never constructed: every scalar stays the text that the editor wrote, and the
article's schema gives it its type. So ``id: 007`` is "007", ``tags: [no, on]`` are two words, and
``2026-03-01`` is a date because `valid_from` is one. An empty value, ``~`` and ``null`` mean "not
given". Aliases and tags have no use here and are errors.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from kbsearch.errors import Problem, Severity
from kbsearch.loaders.characters import CONTROL, code_point, without_controls
from kbsearch.loaders.draft import Draft, SourceFile, shown
from kbsearch.loaders.files import read_text

if TYPE_CHECKING:
    import yaml

_FENCE = "---"
_MAX_DEPTH = 20  # an article needs three levels
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})  # YAML 1.1, https://yaml.org/type/null.html
_TEXT_TAGS = frozenset({None, "!", "tag:yaml.org,2002:str"})  # what a scalar is anyway


def read_markdown(file: SourceFile) -> Iterator[Draft | Problem]:
    """The article of the file, with the line of every field, or why there is none."""
    text = read_text(file)
    if isinstance(text, Problem):
        yield text
        return
    lines = text.split("\n")
    problems = _controls(file, lines)
    start = next((i for i, line in enumerate(lines) if line.strip()), 0)
    end = next((i for i in range(start + 1, len(lines)) if lines[i].rstrip() == _FENCE), None)
    if lines[start].rstrip() != _FENCE or end is None:
        unclosed = lines[start].rstrip() == _FENCE
        code = "front_matter_unclosed" if unclosed else "front_matter_missing"
        yield from [*problems, Problem(code, file.name, start + 1, value=shown(lines[start]))]
        return
    front = _FrontMatter(file, first_line=start + 2)
    # A space for each control keeps the lines of the YAML where they are.
    front.read("\n".join(CONTROL.sub(" ", line) for line in lines[start + 1 : end]))
    body = without_controls("\n".join(lines[end + 1 :]))
    if front.fields.get("body") is not None and body.strip():
        front.report("duplicate_key", end + 2, "body", first=front.lines["body"])
    draft = Draft(file, None, {"body": body, **front.fields}, {"body": end + 2, **front.lines})
    problems = [replace(p, article_id=shown(draft.id)) for p in [*problems, *front.problems]]
    if front.is_readable:
        yield replace(draft, problems=tuple(problems))
    else:
        yield from problems


def _controls(file: SourceFile, lines: list[str]) -> list[Problem]:
    """A warning for each line with a control character."""
    return [
        Problem(
            "control_character_in_line",
            file.name,
            number,
            value=code_point(found[0]),
            severity=Severity.WARNING,
        )
        for number, line in enumerate(lines, start=1)
        if (found := CONTROL.search(line))
    ]


@dataclass(slots=True)
class _Level:
    """One open mapping or list of the YAML, while its content is being read."""

    container: dict[str, object] | list[object]
    path: str
    key: str | None = None  # a mapping's key whose value comes next
    key_line: int = 0


@dataclass(slots=True)
class _FrontMatter:
    """YAML events to fields: text, lists and mappings, with the line of each.

    Works on events, not on recursion, so that depth is bounded and nothing is ever constructed.

    Attributes:
        first_line: Line of the file on which the YAML begins.
        is_readable: False if the YAML is broken, so that `fields` holds only its beginning.
    """

    file: SourceFile
    first_line: int
    fields: dict[str, object] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    is_readable: bool = True
    _levels: list[_Level] = field(default_factory=list)
    _has_root: bool = False

    def report(
        self, code: str, line: int | None, name: str = "", *, value: object = "", first: int = 0
    ) -> None:
        """Note a problem at `line` of the file."""
        params = {"first": str(first)} if first else {}
        self.problems.append(Problem(code, self.file.name, line, shown(name), shown(value), params))

    def read(self, text: str) -> None:
        """Take in the text between the two fences."""
        import yaml

        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same events, ten times faster
        try:
            for event in yaml.parse(text, Loader=loader):
                self._take(event)
                if not self.is_readable:
                    return
        except yaml.YAMLError as error:
            reason = str(getattr(error, "problem", None) or error).replace("\n", " ")
            mark = getattr(error, "problem_mark", None)
            if "end of stream" in reason:  # a quote never closed: where it opens is what helps
                mark = getattr(error, "context_mark", None) or mark
            line = None if mark is None else self.first_line + mark.line
            self.problems.append(
                Problem("yaml_syntax", self.file.name, line, params={"reason": reason})
            )
            self.is_readable = False

    def _take(self, event: "yaml.Event") -> None:
        """Take in one event."""
        import yaml

        line = self.first_line + (event.start_mark.line if event.start_mark else 0)
        if isinstance(event, yaml.CollectionEndEvent):
            self._levels.pop()
        elif isinstance(event, yaml.AliasEvent):
            self.report("yaml_alias", line, value=f"*{event.anchor}")
            self._place(None, line)
        elif isinstance(event, yaml.ScalarEvent):
            if event.tag not in _TEXT_TAGS:
                self.report("yaml_tag", line, value=event.tag)
            is_null = event.implicit[0] and event.value in _NULLS
            self._place(None if is_null else event.value, line)
        elif isinstance(event, yaml.CollectionStartEvent):
            if event.tag not in {None, "!"}:
                self.report("yaml_tag", line, value=event.tag)
            self._open([] if isinstance(event, yaml.SequenceStartEvent) else {}, line)

    def _open(self, container: dict[str, object] | list[object], line: int) -> None:
        """Begin a mapping or list."""
        path = self._place(container, line)
        self._levels.append(_Level(container, path))
        if len(self._levels) > _MAX_DEPTH:
            self.report("too_deep", line)
            self.is_readable = False

    def _place(self, value: object, line: int) -> str:
        """Put `value` where it belongs: as root, list entry, key, or value of a key; its path."""
        if not self._levels:
            self._place_root(value, line)
            return ""
        level = self._levels[-1]
        if isinstance(level.container, list):
            path = f"{level.path}[{len(level.container)}]"
            level.container.append(value)
        elif level.key is None:
            self._place_key(level, value, line)
            return f"{level.path}.?"
        else:
            path = f"{level.path}.{level.key}".lstrip(".")
            line = level.key_line
            level.container[level.key] = value
            level.key = None
        self.lines[path] = line
        return path

    def _place_root(self, value: object, line: int) -> None:
        """The YAML must be one mapping."""
        if self._has_root or not isinstance(value, dict):
            self.report("front_matter_not_mapping", line, value=shown(value))
            self.is_readable = False
        else:
            self.fields = value
        self._has_root = True

    def _place_key(self, level: _Level, value: object, line: int) -> None:
        """Remember the key of a mapping; it must be text, and new."""
        key = "null" if value is None else value
        if not isinstance(key, str):
            self.report("yaml_key", line, value=shown(value))
            key = "?"
        path = f"{level.path}.{key}".lstrip(".")
        if key in level.container:
            self.report("duplicate_key", line, path, first=self.lines[path])
        level.key, level.key_line = key, line
