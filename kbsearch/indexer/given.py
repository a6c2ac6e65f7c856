"""What is given to a build or an update: read, and checked as a whole."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kbsearch.analysis.dictionaries import NAMES, PINS, Dictionaries, pin_rules
from kbsearch.article import Article, Status
from kbsearch.errors import DictionaryError, Problem, Severity, SourceError
from kbsearch.loaders.links import check_links
from kbsearch.loaders.source import Source, read_source
from kbsearch.settings import DictionarySettings

Paths = str | Path | Sequence[str | Path]


@dataclass(frozen=True, slots=True)
class Given:
    """What was given to a build.

    Attributes:
        articles: The usable articles.
        problems: Everything that is wrong with the source.
        paths: Where it was read from; empty if articles were given.
    """

    articles: tuple[Article, ...]
    problems: tuple[Problem, ...]
    paths: tuple[str | Path, ...]

    @property
    def invalid_ids(self) -> set[str]:
        """Articles that cannot be used as they were given."""
        usable = {article.id for article in self.articles}
        return {p.article_id for p in errors(self.problems)} - usable


def read(source: Paths | Iterable[Article]) -> Given:
    """Reads paths, or checks articles; raises ValueError for anything else."""
    given = [source] if isinstance(source, str | Path) else list(source)
    paths = [entry for entry in given if isinstance(entry, str | Path)]
    articles = [entry for entry in given if isinstance(entry, Article)]
    if len(paths) == len(given):
        found = read_source(paths)
        return Given(found.articles, found.problems, tuple(paths))
    if len(articles) < len(given):
        raise ValueError("source must be paths or articles, not both and nothing else")
    unique = {article.id: article for article in reversed(articles)}
    checked = check_links(unique.values(), ())
    problems = [*_duplicates(articles), *(replace(p, path="articles") for p in checked.problems)]
    return Given(checked.articles, tuple(problems), ())


def read_articles(source: Paths | Iterable[Article]) -> list[Article]:
    """The published articles of a source without errors, by id.

    Raises:
        SourceError: The source has errors, or nothing to read.
    """
    given = read(source)
    if errors(given.problems):
        raise SourceError("source_invalid", given.problems)
    published = [article for article in given.articles if article.status is Status.PUBLISHED]
    if not published:
        raise SourceError("source_empty", given.problems)
    return sorted(published, key=lambda article: article.id)


def source_problems(source: Source, paths: Sequence[str | Path]) -> tuple[Problem, ...]:
    """The problems of a source, its dictionaries included."""
    files = dictionary_files(DictionarySettings(), paths)
    try:
        Dictionaries.read(files)
    except DictionaryError as error:
        return (*source.problems, *error.problems)
    given = Given(source.articles, source.problems, tuple(paths))
    return (*source.problems, *unknown_pins(files, given))


def unknown_pins(files: Mapping[str, Sequence[Path]], given: Given) -> list[Problem]:
    """A warning for each article that is pinned or blocked and is not in the source."""
    known = {article.id for article in given.articles} | given.invalid_ids
    return [
        Problem("pin_unknown", str(path), rule.line, value=name, severity=Severity.WARNING)
        for path in files.get(PINS, ())
        for rule in pin_rules(path.read_text(encoding="utf-8-sig"))
        for name in rule.articles
        if name not in known
    ]


def update_problems(
    given: Sequence[Article], delete: set[str], known: set[str]
) -> tuple[Problem, ...]:
    """What is wrong with an update; links that lead nowhere are warnings."""
    links = check_links(given, known - delete).problems
    return (
        *_duplicates(given),
        *(replace(p, path="articles", severity=Severity.WARNING) for p in links),
        *(
            Problem("given_and_deleted", "delete", value=article.id)
            for article in given
            if article.id in delete
        ),
        *(Problem("delete_unknown", "delete", value=name) for name in sorted(delete - known)),
    )


def errors(problems: Iterable[Problem]) -> list[Problem]:
    """The problems that are errors."""
    return [problem for problem in problems if problem.severity is Severity.ERROR]


def dictionary_files(
    settings: DictionarySettings, sources: Iterable[str | Path]
) -> dict[str, list[Path]]:
    """The dictionaries that settings name; else those that lie in the source folders."""
    files: dict[str, list[Path]] = {}
    for name in NAMES:
        named: Path | None = getattr(settings, name.removesuffix(".txt"))
        beside = [Path(source) / name for source in sources]
        found = [named] if named else [path for path in beside if path.is_file()]
        if found:
            files[name] = found
    return files


def _duplicates(articles: Sequence[Article]) -> list[Problem]:
    """A problem for each article whose id an earlier one has."""
    first: dict[str, int] = {}
    problems = []
    for number, article in enumerate(articles, start=1):
        earlier = first.setdefault(article.id, number)
        if earlier != number:
            params = {"first": f"articles:{earlier}"}
            problems.append(
                Problem("duplicate_id", "articles", number, "id", article.id, params, article.id)
            )
    return problems
