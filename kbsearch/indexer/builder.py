"""Build and update: from articles to a published snapshot.

`build` makes the index say what a source says; `update` changes single articles. Both find the
difference by content hash against the published snapshot, and both give an index that ranks as the
one that indexing everything anew would give with the same encoder. The encoder is adapted to the
articles, and anew when the knowledge base has changed much (`kbsearch.indexer.adapting`).
"""

import time
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from kbsearch.analysis.analyzer import Analyzer
from kbsearch.analysis.dictionaries import Dictionaries
from kbsearch.article import Article, Status
from kbsearch.encoders.protocol import Encoder
from kbsearch.encoders.registry import load_encoder
from kbsearch.encoders.static import StaticEncoder
from kbsearch.errors import EncoderError, Problem, SnapshotError, SourceError
from kbsearch.index.article_store import ArticleStore
from kbsearch.index.local import LocalIndex
from kbsearch.index.manifest import Contents, EncoderEntry, Manifest
from kbsearch.index.snapshot import SnapshotStore
from kbsearch.indexer.adapting import adapted_encoder, needs_adapting, published_adaptation
from kbsearch.indexer.content import Progress
from kbsearch.indexer.given import (
    Given,
    Paths,
    dictionary_files,
    errors,
    read,
    unknown_pins,
    update_problems,
)
from kbsearch.indexer.new_content import NewContent
from kbsearch.indexer.opening import open_analyzer, open_encoder
from kbsearch.indexer.plan import Plan
from kbsearch.indexer.workers import index_many
from kbsearch.settings import Settings


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
        skipped: Articles left out because of errors, where the index has no older version of them.
        outdated: Published articles whose new text has errors: their old one stays published.
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
    skipped: tuple[str, ...]
    outdated: tuple[str, ...]
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
        settings: Settings; without, those of the published snapshot, or the defaults.
        skip_invalid: Go on without the articles that have errors instead of refusing; those of them
            that are published stay as they are.
        progress: Told how far it is.

    Raises:
        SourceError: The source has errors, or nothing to index; the published snapshot stays.
        DictionaryError: A dictionary has a line that cannot be read.
        EncoderError: The model cannot be loaded.
        IndexBusyError: Another process is writing to the folder.
    """
    begin = time.monotonic()
    report = progress or _no_progress
    report("read", 0, 1)
    given = read(source)
    report("read", 1, 1)
    if errors(given.problems) and not skip_invalid:
        raise SourceError("source_invalid", given.problems)
    if not given.articles:
        raise SourceError("source_empty", given.problems)
    snapshots = SnapshotStore(index_dir)
    settings = (settings or published_settings(snapshots)).resolved()
    files = dictionary_files(settings.dictionaries, given.paths)
    analyzer = Analyzer(Dictionaries.read(files))
    given = replace(given, problems=(*given.problems, *unknown_pins(files, given)))
    model = encoder = load_encoder(settings.vectors.model)
    with snapshots.writing():
        current = _current(snapshots)
        outdated = _older_versions(current, given.invalid_ids)
        published = [a for a in given.articles if a.status is Status.PUBLISHED] + outdated
        store = current.store if current else ArticleStore.of(())
        plan = Plan.of(store, published, set(store.ids) - {a.id for a in published})
        if settings.vectors.adapt:
            encoder = adapted_encoder(
                encoder,
                plan.hashes,
                lambda: sorted(published, key=lambda article: article.id),
                published_adaptation(current, encoder),
                report,
            )
        reusable = _reusable(current, settings, analyzer, encoder)
        content = _content(reusable, store, plan, analyzer, encoder, report)
        entry = _entry(settings.vectors.model, model.fingerprint, encoder)
        manifest = _publish(snapshots, plan, content, settings, analyzer, encoder, entry, report)
    return _report(manifest, plan, given, [a.id for a in outdated], begin)


def update(
    index_dir: str | Path,
    articles: Iterable[Article],
    *,
    delete: Collection[str] = (),
    progress: Progress | None = None,
    running: LocalIndex | None = None,
    encoder: Encoder | None = None,
) -> BuildReport:
    """Adds or replaces `articles`, deletes others, and publishes the result.

    An article whose status is not ``published`` counts as deleted. A link to an article that is not
    in the index is kept and reported as a warning: its target may be a draft, or come later.

    Args:
        index_dir: Folder of the index.
        articles: New and changed articles.
        delete: Ids of articles to delete.
        progress: Told how far it is.
        running: An open index of the folder; what it has read is not read again.
        encoder: A loaded encoder, used if it is the index's own.

    Raises:
        SourceError: An id stands twice, is both given and deleted, or is to be deleted and unknown.
        SnapshotError: Nothing is published there, or it is damaged.
        SnapshotIncompatibleError: Analysis has changed since; build anew.
        EncoderError: The model is not the one the index was built with; build anew.
        IndexBusyError: Another process is writing to the folder.
    """
    if isinstance(delete, str):
        raise ValueError("delete is a list of ids, not one id")
    begin = time.monotonic()
    report = progress or _no_progress
    snapshots = SnapshotStore(index_dir)
    given = tuple(articles)
    snapshots.manifest()  # a mistyped folder is not made into an index
    with snapshots.writing():
        base = LocalIndex.open(snapshots, running=running)
        contents = base.manifest.contents
        analyzer = open_analyzer(base)
        encoder = open_encoder(base, encoder)
        problems = update_problems(given, set(delete), set(base.store.ids))
        if errors(problems):
            raise SourceError("update_invalid", problems)
        published = [a for a in given if a.status is Status.PUBLISHED]
        gone = set(delete) | {a.id for a in given if a.status is not Status.PUBLISHED}
        plan = Plan.of(base.store, published, gone)
        reusable: LocalIndex | None = base
        known = base.adaptation
        if contents.settings.vectors.adapt and needs_adapting(encoder, plan.hashes, known):
            model = load_encoder(contents.encoder.model)
            if model.fingerprint != contents.encoder.model_fingerprint:
                params = {"model": contents.encoder.model, "snapshot": base.manifest.snapshot_id}
                raise EncoderError("encoder_changed", params)
            everything = partial(plan.articles, base.store)
            encoder = adapted_encoder(model, plan.hashes, everything, known, report)
            reusable = None
        content = _content(reusable, base.store, plan, analyzer, encoder, report)
        entry = _entry(contents.encoder.model, contents.encoder.model_fingerprint, encoder)
        manifest = _publish(
            snapshots, plan, content, contents.settings, analyzer, encoder, entry, report
        )
    return _report(manifest, plan, Given(given, problems, ()), [], begin)


def _publish(
    snapshots: SnapshotStore,
    plan: Plan,
    content: NewContent,
    settings: Settings,
    analyzer: Analyzer,
    encoder: Encoder,
    entry: EncoderEntry,
    report: Progress,
) -> Manifest:
    """Writes the content as a new snapshot and makes it the published one."""
    dictionaries = analyzer.dictionaries
    adaptation = encoder.adaptation if isinstance(encoder, StaticEncoder) else None
    contents = Contents(
        segments=content.segments,
        articles=plan.digest,
        settings=settings,
        analyzer=analyzer.fingerprint,
        encoder=entry,
        dictionaries=dictionaries.hashes,
        counts=content.counts,
    )

    def write(folder: Path) -> None:
        content.save(folder, settings.vectors)
        if adaptation:
            adaptation.save(folder)
        for name, text in dictionaries.texts.items():
            (folder / name).write_text(text, encoding="utf-8")

    report("write", 0, 1)
    manifest = snapshots.publish(contents, write, kept=content.kept)
    report("write", 1, 1)
    return manifest


def _report(
    manifest: Manifest,
    plan: Plan,
    given: Given,
    outdated: Sequence[str],
    begin: float,
) -> BuildReport:
    """What was done, in numbers."""
    unpublished = (a.status for a in given.articles if a.status is not Status.PUBLISHED)
    held_back = Counter(str(status) for status in unpublished)
    unchanged = int((~plan.gone).sum())
    return BuildReport(
        snapshot_id=manifest.snapshot_id,
        articles=unchanged + len(plan.added),
        added=len(plan.added) - plan.changed,
        changed=plan.changed,
        deleted=int(plan.gone.sum()) - plan.changed,
        unchanged=unchanged,
        held_back=dict(held_back),
        skipped=tuple(sorted(given.invalid_ids - set(outdated) - {""})),
        outdated=tuple(outdated),
        problems=given.problems,
        seconds=time.monotonic() - begin,
    )


def published_settings(snapshots: SnapshotStore) -> Settings:
    """Settings of the published snapshot; the defaults if there is none that can be read."""
    try:
        return snapshots.manifest().contents.settings
    except SnapshotError:
        return Settings()


def _current(snapshots: SnapshotStore) -> LocalIndex | None:
    """The published index; None if there is none, or it is damaged, which a build mends."""
    try:
        snapshots.checked(whole=True)
        return LocalIndex.open(snapshots)
    except SnapshotError:
        return None


def _content(
    reusable: LocalIndex | None,
    store: ArticleStore,
    plan: Plan,
    analyzer: Analyzer,
    encoder: Encoder,
    report: Progress,
) -> NewContent:
    """All articles that there will be; what is indexed of those that stay is reused."""
    if reusable is None:
        return NewContent.of(index_many(plan.articles(store), analyzer, encoder, report))
    added = index_many(plan.added, analyzer, encoder, report)
    return NewContent.changed(reusable, plan.gone, added)


def _entry(model: str, model_fingerprint: str, encoder: Encoder) -> EncoderEntry:
    """What the manifest says of the encoder."""
    adaptation = encoder.adaptation if isinstance(encoder, StaticEncoder) else None
    return EncoderEntry(
        model=model,
        dim=encoder.dim,
        fingerprint=encoder.fingerprint,
        model_fingerprint=model_fingerprint,
        adapted_to=len(adaptation.articles) if adaptation else 0,
    )


def _reusable(
    current: LocalIndex | None, settings: Settings, analyzer: Analyzer, encoder: Encoder
) -> LocalIndex | None:
    """The published index if analysis, encoder and kind of vector index are still the same."""
    if current:
        contents = current.manifest.contents
        now = (analyzer.fingerprint, encoder.fingerprint, settings.vectors.exact_up_to)
        before = contents.analyzer, contents.encoder.fingerprint
        if now == (*before, contents.settings.vectors.exact_up_to):
            return current
    return None


def _older_versions(current: LocalIndex | None, article_ids: set[str]) -> list[Article]:
    """Those of the articles that are published, as they are, by id."""
    if current is None:
        return []
    rows = (current.store.row(article_id) for article_id in sorted(article_ids))
    return [current.store.article(row) for row in rows if row is not None]


def _no_progress(stage: str, done: int, total: int) -> None:
    """Tells nobody."""
