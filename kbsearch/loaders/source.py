"""A whole source, files and folders, to articles: what holds between articles is checked here."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from kbsearch.article import Article
from kbsearch.errors import Problem, Severity
from kbsearch.loaders.draft import Draft, SourceFile
from kbsearch.loaders.files import find_files
from kbsearch.loaders.html import read_html
from kbsearch.loaders.jsonl import read_jsonl
from kbsearch.loaders.links import broken_links, check_links
from kbsearch.loaders.markdown import read_markdown
from kbsearch.loaders.tabular import read_csv, read_xlsx
from kbsearch.loaders.validation import mappings, validate

Reader = Callable[[SourceFile], Iterator[Draft | Problem]]
"""Gives what a file holds, and never raises for bad content."""

READERS: Mapping[str, Reader] = {
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".jsonl": read_jsonl,
    ".csv": read_csv,
    ".xlsx": read_xlsx,
    ".html": read_html,
    ".htm": read_html,
}
"""Suffix, in lower case, to the reader of its format."""


@dataclass(frozen=True, slots=True)
class SourceArticle:
    """An article, and where it was read.

    Attributes:
        article: The article, without links that lead nowhere.
        path: The file, as the user named it.
        line: Line of a text file, row of a table; None if the whole file is the article.
    """

    article: Article
    path: str
    line: int | None


@dataclass(frozen=True, slots=True)
class Source:
    """What reading a source gave.

    Attributes:
        entries: The articles without errors, sorted by id. Broken links are errors that cost the
            link only, not its article.
        problems: All problems of all files, sorted by path and line.
    """

    entries: tuple[SourceArticle, ...]
    problems: tuple[Problem, ...]

    @property
    def articles(self) -> tuple[Article, ...]:
        """The articles without errors, sorted by id."""
        return tuple(entry.article for entry in self.entries)

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that are errors; warnings keep nothing out."""
        return tuple(found for found in self.problems if found.severity is Severity.ERROR)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A draft with the article that it gives, None if it has errors."""

    draft: Draft
    article: Article | None


def read_source(paths: Iterable[str | Path]) -> Source:
    """The articles of all files and folders in `paths`, and everything that is wrong with them.

    Files are read in the order of their names. Of a folder, hidden files, README.md and files of
    other formats are skipped.

    Raises:
        ValueError: `paths` is a single path; bad files and bad content are problems instead.
    """
    if isinstance(paths, str | Path):
        raise ValueError(f"paths must be a list of paths, not the single path {str(paths)!r}")
    files, problems = find_files(paths, READERS)
    candidates: list[_Candidate] = []
    for file in files:
        for reading in _read(file):
            if isinstance(reading, Draft):
                article, found = validate(reading)
                candidates.append(_Candidate(reading, article))
                problems += found
            else:
                problems.append(reading)
    candidates = _without_duplicates(candidates, problems)
    entries = _with_sound_links(candidates, problems)
    return Source(
        tuple(sorted(entries, key=lambda entry: entry.article.id)),
        tuple(sorted(problems, key=lambda problem: (problem.path, problem.line or 0))),
    )


def _read(file: SourceFile) -> Iterator[Draft | Problem]:
    """What `file` holds; a warning if that is nothing."""
    reading = None
    for reading in READERS[file.path.suffix.lower()](file):
        yield reading
    if reading is None:
        yield Problem("no_articles", file.name, severity=Severity.WARNING)


def _without_duplicates(candidates: list[_Candidate], problems: list[Problem]) -> list[_Candidate]:
    """The candidates, without the article of each whose id an earlier one has."""
    first: dict[str, Draft] = {}
    kept: list[_Candidate] = []
    for candidate in candidates:
        draft = candidate.draft
        if draft.id and draft.id in first:
            params = {"first": first[draft.id].location}
            problems.append(draft.problem("duplicate_id", "id", value=draft.id, params=params))
            candidate = replace(candidate, article=None)
        else:
            first[draft.id] = draft
        kept.append(candidate)
    return kept


def _with_sound_links(candidates: list[_Candidate], problems: list[Problem]) -> list[SourceArticle]:
    """The articles, without links that lead nowhere; those of thrown-out articles count as well.

    `problems` holds what was found so far, and takes what is found here.
    """
    sound = {c.article.id: c.draft for c in candidates if c.article is not None}
    thrown_out = [c.draft for c in candidates if c.article is None]
    # A file that could not be read to its end may have given an id before it broke off.
    invalid = {draft.id for draft in thrown_out} | {problem.article_id for problem in problems}
    invalid -= {""}
    checked = check_links(
        (c.article for c in candidates if c.article is not None), (), invalid_ids=invalid
    )
    problems += [sound[problem.article_id].located(problem) for problem in checked.problems]
    for draft in thrown_out:
        targets = {
            i: target.strip()
            for i, link in mappings(draft, "links")
            if isinstance(target := link.get("id"), str)
        }
        problems += [
            draft.problem(code, f"links[{i}].id", value=targets[i])
            for i, code in broken_links(draft.id, targets, sound.keys(), invalid).items()
        ]
    return [
        SourceArticle(article, sound[article.id].file.name, sound[article.id].line)
        for article in checked.articles
    ]
