"""Articles to a published snapshot: what changed is analysed and encoded, the rest is taken over.

`build` makes the index say what a source says; `update` changes single articles. Both find the
difference by content hash against the published snapshot, and both give, byte for byte, the index
that indexing everything anew would give.
"""

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from kbsearch.analysis.analyzer import Analyzer
from kbsearch.analysis.dictionaries import NAMES, Dictionaries
from kbsearch.analysis.filters import normalize
from kbsearch.article import Article, Status
from kbsearch.encoders.protocol import Encoder
from kbsearch.encoders.registry import load_encoder
from kbsearch.errors import (
    EncoderError,
    Problem,
    Severity,
    SnapshotError,
    SnapshotIncompatibleError,
    SourceError,
)
from kbsearch.index.article_store import ArticleStore
from kbsearch.index.facet_index import FacetIndex
from kbsearch.index.inverted_index import Postings
from kbsearch.index.local import IndexParts, LocalIndex
from kbsearch.index.snapshot import Contents, EncoderEntry, Manifest, SnapshotStore
from kbsearch.index.vector_index import Vectors
from kbsearch.loaders.links import check_links
from kbsearch.loaders.source import read_source
from kbsearch.settings import DictionarySettings, Settings

Paths = str | Path | Sequence[str | Path]
Progress = Callable[[str, int, int], None]
"""Called with the name of a stage, how much of it is done, and how much there is."""

_ENCODING_BATCH = 1024  # texts between two reports of progress


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build or an update did.

    Attributes:
        snapshot_id: The snapshot that is now published.
        articles: Searchable articles in it.
        added: Articles that the snapshot before did not have.
        changed: Articles with new content.
        deleted: Articles that are no longer searchable.
        unchanged: Articles taken over as they were.
        held_back: How many articles of the source are not searchable, by their status.
        problems: What was wrong with the source; errors only if they were to be skipped.
        seconds: How long it took.
    """

    snapshot_id: str
    articles: int
    added: int
    changed: int
    deleted: int
    unchanged: int
    held_back: Mapping[str, int]
    problems: tuple[Problem, ...]
    seconds: float


def build(
    source: Paths | Iterable[Article],
    index_dir: str | Path,
    *,
    settings: Settings | None = None,
    skip_invalid: bool = False,
    progress: Progress | None = None,
) -> BuildReport:
    """Makes the index of `index_dir` say what `source` says, and publishes it.

    Args:
        source: Files and folders, or articles.
        index_dir: Folder of the index; made if it is not there.
        settings: Settings; the defaults without.
        skip_invalid: Leave out articles with errors instead of refusing.
        progress: Told how far it is.

    Raises:
        SourceError: The source has errors, or nothing to index; the published snapshot stays.
        DictionaryError: A dictionary has a line that cannot be read.
        EncoderError: The model cannot be loaded.
        IndexBusyError: Another process is writing to the folder.
    """
    begin = time.monotonic()
    report = progress or _no_progress
    settings = settings or Settings()
    report("read", 0, 1)
    articles, problems, folders = _read(source)
    report("read", 1, 1)
    if not articles or (_errors(problems) and not skip_invalid):
        raise SourceError("source_invalid" if problems else "source_empty", problems)
    analyzer = Analyzer(Dictionaries.read(_dictionary_files(settings.dictionaries, folders)))
    encoder = load_encoder(settings.vectors.model)
    snapshots = SnapshotStore(index_dir)
    with snapshots.writing():
        base = _reusable(snapshots, analyzer, encoder)
        published = [a for a in articles if a.status is Status.PUBLISHED]
        gone = set(base.store.ids) - {a.id for a in published}
        plan = _Plan.of(base.store, published, gone)
        parts = _index(plan, base, analyzer, encoder, report)
        manifest = _publish(snapshots, parts, settings, analyzer, encoder, report)
    return _report(manifest, plan, articles, problems, begin)


def update(
    index_dir: str | Path,
    articles: Iterable[Article],
    *,
    delete: Collection[str] = (),
    progress: Progress | None = None,
) -> BuildReport:
    """Adds or replaces `articles`, deletes others, and publishes the result.

    An article whose status is not ``published`` counts as deleted. A link to an article that is not
    in the index is kept and reported as a warning: its target may be a draft, or come later.

    Raises:
        SourceError: An id stands twice, is both given and deleted, or is to be deleted and unknown.
        SnapshotError: Nothing is published there, or it is damaged.
        SnapshotIncompatibleError: Analysis has changed since; build anew.
        EncoderError: The model is not the one the index was built with; build anew.
        IndexBusyError: Another process is writing to the folder.
    """
    begin = time.monotonic()
    report = progress or _no_progress
    snapshots = SnapshotStore(index_dir)
    given = tuple(articles)
    with snapshots.writing():
        base = LocalIndex.open(snapshots)
        contents = base.manifest.contents
        analyzer = open_analyzer(base)
        encoder = open_encoder(base)
        problems = _update_problems(given, set(delete), set(base.store.ids))
        if _errors(problems):
            raise SourceError("update_invalid", problems)
        published = [a for a in given if a.status is Status.PUBLISHED]
        gone = set(delete) | {a.id for a in given if a.status is not Status.PUBLISHED}
        plan = _Plan.of(base.store, published, gone)
        parts = _index(plan, base.parts, analyzer, encoder, report)
        manifest = _publish(snapshots, parts, contents.settings, analyzer, encoder, report)
    return _report(manifest, plan, given, problems, begin)


def open_analyzer(index: LocalIndex) -> Analyzer:
    """The analyzer that a snapshot was built with.

    Raises:
        SnapshotIncompatibleError: This version of kbsearch analyses text in another way.
    """
    analyzer = Analyzer(Dictionaries.read({name: [index.folder / name] for name in NAMES}))
    if analyzer.fingerprint != index.manifest.contents.analyzer:
        params = {"snapshot": index.manifest.snapshot_id}
        raise SnapshotIncompatibleError("analyzer_changed", params)
    return analyzer


def open_encoder(index: LocalIndex) -> Encoder:
    """The encoder that a snapshot was built with.

    Raises:
        EncoderError: It cannot be loaded, or its weights are others.
    """
    expected = index.manifest.contents.encoder
    encoder = load_encoder(expected.model)
    if encoder.fingerprint != expected.fingerprint:
        params = {"model": expected.model, "snapshot": index.manifest.snapshot_id}
        raise EncoderError("encoder_changed", params)
    return encoder


def field_terms(article: Article, analyzer: Analyzer) -> dict[str, list[str]]:
    """The terms of each searchable field."""
    return {
        name: [term for text in texts for term in analyzer.terms(text)]
        for name, texts in article.field_texts().items()
    }


def vector_texts(article: Article) -> tuple[list[str], bool]:
    """The texts that get a vector, in normal form: title, questions, body; and whether it has one.

    Captions and transcripts belong to the body here.
    """
    fields = article.field_texts()
    questions = [normalize(text) for text in (*fields["title"], *fields["questions"])]
    body = normalize("\n".join([*fields["body"], *fields["captions"]]))
    return ([*questions, body], True) if body.strip() else (questions, False)


@dataclass(frozen=True)
class _Plan:
    """What has to be done to get from one set of articles to another.

    Attributes:
        kept: (old articles,) int64 new row of each; -1 drops it.
        added: Articles to index, by id.
        places: (added,) int64 their new rows.
        changed: How many of the added replace an old one.
    """

    kept: NDArray[np.int64]
    added: tuple[Article, ...]
    places: NDArray[np.int64]
    changed: int

    @classmethod
    def of(cls, store: ArticleStore, given: Iterable[Article], gone: Collection[str]) -> Self:
        """The plan that puts `given` into the store and takes `gone` out of it."""
        old = dict(zip(store.ids, store.hashes, strict=True))
        new = [a for a in given if a.id in gone or old.get(a.id) != a.content_hash()]
        added = tuple(sorted(new, key=lambda article: article.id))
        replaced = {article.id for article in added}
        stays = [name for name in store.ids if name not in replaced and name not in gone]
        row = {name: number for number, name in enumerate(sorted([*stays, *replaced]))}
        staying = set(stays)
        return cls(
            kept=np.array([row[n] if n in staying else -1 for n in store.ids], np.int64),
            added=added,
            places=np.array([row[article.id] for article in added], np.int64),
            changed=len(replaced & set(old)),
        )


def _index(
    plan: _Plan, base: IndexParts, analyzer: Analyzer, encoder: Encoder, report: Progress
) -> IndexParts:
    """The parts of the index after `plan`; only its new articles are analysed and encoded."""
    terms = []
    for number, article in enumerate(plan.added):
        if number % 100 == 0:
            report("analyse", number, len(plan.added))
        terms.append(field_terms(article, analyzer))
    report("analyse", len(plan.added), len(plan.added))
    added = IndexParts(
        store=ArticleStore.of(plan.added),
        postings=Postings.of(terms),
        vectors=_encode(plan.added, encoder, report),
        facets=FacetIndex.of(plan.added),
    )
    return base.merge(plan.kept, added, plan.places)


def _encode(articles: Sequence[Article], encoder: Encoder, report: Progress) -> Vectors:
    """One vector for each title, question and body."""
    texts: list[str] = []
    sizes: list[int] = []
    is_body: list[bool] = []
    for article in articles:
        own, has_body = vector_texts(article)
        texts += own
        sizes.append(len(own))
        is_body += [False] * (len(own) - has_body) + [True] * has_body
    batches = [np.zeros((0, encoder.dim), np.float32)]
    for begin in range(0, len(texts), _ENCODING_BATCH):
        report("encode", begin, len(texts))
        batches.append(encoder.encode(texts[begin : begin + _ENCODING_BATCH]))
    report("encode", len(texts), len(texts))
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    return Vectors(np.concatenate(batches), offsets, np.array(is_body, np.bool_))


def _publish(
    snapshots: SnapshotStore,
    parts: IndexParts,
    settings: Settings,
    analyzer: Analyzer,
    encoder: Encoder,
    report: Progress,
) -> Manifest:
    """Writes the parts as a new snapshot and makes it the published one."""
    dictionaries = analyzer.dictionaries
    contents = Contents(
        settings=settings,
        analyzer=analyzer.fingerprint,
        encoder=EncoderEntry(
            model=settings.vectors.model, dim=encoder.dim, fingerprint=encoder.fingerprint
        ),
        dictionaries=dictionaries.hashes,
        counts={
            "articles": len(parts.store.ids),
            "vectors": len(parts.vectors.matrix),
            "terms": len(parts.postings.terms),
            "postings": len(parts.postings.rows),
        },
    )

    def write(folder: Path) -> None:
        parts.save(folder, settings)
        for name, text in dictionaries.texts.items():
            (folder / name).write_text(text, encoding="utf-8")

    report("write", 0, 1)
    manifest = snapshots.publish(contents, write)
    report("write", 1, 1)
    return manifest


def _report(
    manifest: Manifest,
    plan: _Plan,
    given: Iterable[Article],
    problems: tuple[Problem, ...],
    begin: float,
) -> BuildReport:
    """What was done, in numbers."""
    held_back = Counter(str(a.status) for a in given if a.status is not Status.PUBLISHED)
    unchanged = int((plan.kept >= 0).sum())
    return BuildReport(
        snapshot_id=manifest.snapshot_id,
        articles=unchanged + len(plan.added),
        added=len(plan.added) - plan.changed,
        changed=plan.changed,
        deleted=len(plan.kept) - unchanged - plan.changed,
        unchanged=unchanged,
        held_back=dict(held_back),
        problems=problems,
        seconds=time.monotonic() - begin,
    )


def _reusable(snapshots: SnapshotStore, analyzer: Analyzer, encoder: Encoder) -> IndexParts:
    """The published parts if analysis and encoder are still the same; else none."""
    empty = IndexParts(
        ArticleStore.of(()), Postings.of(()), Vectors.empty(encoder.dim), FacetIndex.of(())
    )
    try:
        base = LocalIndex.open(snapshots)
    except SnapshotError:
        return empty  # nothing published yet, or damaged: a build from the source mends that
    contents = base.manifest.contents
    same = (contents.analyzer, contents.encoder.fingerprint)
    return base.parts if same == (analyzer.fingerprint, encoder.fingerprint) else empty


def _dictionary_files(
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


def _read(
    source: Paths | Iterable[Article],
) -> tuple[tuple[Article, ...], tuple[Problem, ...], list[str | Path]]:
    """The usable articles of a source, all its problems, and its paths if it has any."""
    given = [source] if isinstance(source, str | Path) else list(source)
    paths = [entry for entry in given if isinstance(entry, str | Path)]
    articles = [entry for entry in given if isinstance(entry, Article)]
    if len(paths) == len(given):
        read = read_source(paths)
        return read.articles, read.problems, paths
    if len(articles) < len(given):
        raise ValueError("source must be paths or articles, not both and nothing else")
    unique = {article.id: article for article in reversed(articles)}
    checked = check_links(unique.values(), ())
    problems = [*_duplicates(articles), *(replace(p, path="articles") for p in checked.problems)]
    return checked.articles, tuple(problems), []


def _update_problems(
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


def _errors(problems: Iterable[Problem]) -> list[Problem]:
    return [problem for problem in problems if problem.severity is Severity.ERROR]


def _no_progress(stage: str, done: int, total: int) -> None:
    """Tells nobody."""
