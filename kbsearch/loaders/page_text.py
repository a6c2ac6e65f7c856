"""Opening and closing tags of an HTML page to readable Markdown."""

import re
from dataclasses import dataclass, field

_BLANKS = re.compile(r"\s+")
_HEADINGS = {f"h{level}": "#" * level + " " for level in range(1, 7)}
_BOLD = frozenset({"dt", "summary"})  # they head what follows: a term, a folded answer
_CELLS = frozenset({"td", "th"})
_BLOCKS = frozenset(
    {"p", "div", "section", "article", "main", "body", "header", "aside", "figure", "figcaption"}
    | {"blockquote", "ul", "ol", "li", "dl", "dd", "table", "caption", "tr", "pre", "hr"}
    | {"details", "address", "form", "fieldset", "legend", *_HEADINGS, *_BOLD, *_CELLS}
)
_TIGHT = frozenset({"li", "tr"})  # neighbours of these kinds have no blank line between them


@dataclass(slots=True)
class _List:
    """An open list."""

    is_ordered: bool
    count: int = 0


@dataclass(slots=True)
class PageText:
    """Collects the text of a page: headings, paragraphs, lists, tables, preformatted text.

    `open`, `write` and `close` are called in document order; then `markdown` gives the text. Tags
    that do not fit together, as they stand in real pages, cost shape and never text.
    """

    _blocks: list[tuple[str, str]] = field(default_factory=list)  # kind, text
    _inline: list[str] = field(default_factory=list)
    _lists: list[_List] = field(default_factory=list)
    _marker: str = ""  # what the next block begins with
    _rows: list[list[str]] = field(default_factory=list)
    _cells: list[list[str]] = field(default_factory=list)
    _preformatted: int = 0

    def open(self, name: str) -> None:
        """A tag begins."""
        if name == "br":
            self._inline.append("\n")
        if name not in _BLOCKS:
            return
        self._end_block()
        if name in _HEADINGS and not self._lists:
            self._marker = _HEADINGS[name]
        elif name in {"ul", "ol"}:
            self._lists.append(_List(name == "ol"))
        elif name == "li":
            self._begin_entry()
        elif name == "tr":
            self._rows.append([])
        elif name in _CELLS:
            self._cells.append([])
        elif name == "pre":
            self._preformatted += 1

    def write(self, text: str) -> None:
        """Text within the open tags."""
        self._inline.append(text if self._preformatted else _BLANKS.sub(" ", text))

    def close(self, name: str, href: str = "") -> None:
        """A tag ends; `href` is where an ``a`` leads."""
        if href.startswith(("http://", "https://")) and self._inline:
            self._inline.append(f" <{href}>")
        if name not in _BLOCKS:
            return
        self._end_block("**" if name in _BOLD else "")
        if (name in _HEADINGS and not self._lists) or name == "li":
            self._marker = ""
        elif name in {"ul", "ol"} and self._lists:
            self._lists.pop()
        elif name in _CELLS and self._cells:
            cell = " ".join(self._cells.pop()).replace("|", "\\|")
            if self._rows:
                self._rows[-1].append(cell)
            else:
                self._blocks.append(("p", cell))
        elif name == "tr" and self._rows:
            self._end_row(self._rows.pop())
        elif name == "table":
            self._blocks.append(("", ""))  # the next table begins anew
        elif name == "pre" and self._preformatted:
            self._preformatted -= 1

    def markdown(self) -> str:
        """The text so far."""
        self._end_block()
        parts: list[str] = []
        last = ""
        for kind, text in self._blocks:
            if text:
                parts += ["" if not parts else "\n" if kind == last in _TIGHT else "\n\n", text]
            last = kind
        return "".join(parts)

    def _begin_entry(self) -> None:
        """An entry of a list begins."""
        if not self._lists:
            self._lists.append(_List(is_ordered=False))
        innermost = self._lists[-1]
        innermost.count += 1
        self._marker = f"{innermost.count}. " if innermost.is_ordered else "- "

    def _end_block(self, mark: str = "") -> None:
        """Make a block of the pending text, with `mark` on both sides of it."""
        text = "".join(self._inline)
        self._inline.clear()
        if not self._preformatted:
            text = "\n".join(" ".join(line.split()) for line in text.split("\n"))
        text = text.strip("\n") if self._preformatted else text.strip()
        if not text.strip():
            return
        if self._cells:
            self._cells[-1].append(" ".join(text.split()))
            return
        if self._preformatted:
            self._blocks.append(("pre", f"```\n{text}\n```"))
            return
        text = f"{mark}{text}{mark}"
        if not self._lists:
            self._blocks.append(("p", self._marker + text))
        else:
            indent = "".join("   " if outer.is_ordered else "  " for outer in self._lists[:-1])
            marker = self._marker or ("   " if self._lists[-1].is_ordered else "  ")
            lines = text.split("\n")
            inner = "\n" + indent + " " * len(marker)
            self._blocks.append(("li", indent + marker + inner.join(lines)))
        self._marker = ""

    def _end_row(self, row: list[str]) -> None:
        """Make a block of a table's row; the first row is the head."""
        if not any(row):
            return
        line = f"| {' | '.join(row)} |"
        if self._cells:  # a table within a cell
            self._cells[-1].append(" ".join(row))
            return
        if not self._blocks or self._blocks[-1][0] != "tr":
            line += "\n" + "| " + " | ".join("---" for _ in row) + " |"
        self._blocks.append(("tr", line))
