"""The front object: a knowledge base that is built, opened, searched and updated."""

import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Self

from kbsearch.article import Article
from kbsearch.index.local import LocalIndex
from kbsearch.index.manifest import Manifest
from kbsearch.index.snapshot import SnapshotStore
from kbsearch.indexer.builder import BuildReport, build, update
from kbsearch.indexer.content import Progress
from kbsearch.indexer.given import Paths
from kbsearch.indexer.opening import open_analyzer, open_encoder
from kbsearch.recommendation.conversation import Conversation, Problem, Turn
from kbsearch.recommendation.customer import CustomerContext
from kbsearch.recommendation.emotion import Lexicon
from kbsearch.recommendation.events import EVENTS_FILE, Event, EventStore
from kbsearch.recommendation.recommender import Recommendation, recommend
from kbsearch.retrieval.candidates import Leg
from kbsearch.retrieval.filters import FilterArgument
from kbsearch.retrieval.response import SearchResponse
from kbsearch.retrieval.searcher import Searcher
from kbsearch.settings import Settings
from kbsearch.verification import Verification, verify


class KnowledgeBase:
    """A searchable knowledge base in a folder.

    Any number of threads may search while one updates or reloads: every search runs from beginning
    to end on the snapshot that was open when it began. Other processes see an update after
    `reload`.

    Attributes:
        index_dir: Folder of the index.
        report: What `build`, or the last `update` through this object, did; None after `open`.
        events: What was done with recommendations; by default ``events.sqlite`` in `index_dir`.
    """

    def __init__(self, index_dir: str | Path, searcher: Searcher) -> None:
        self.index_dir = Path(index_dir)
        self._searcher = searcher  # replaced as a whole, never changed: readers need no lock
        self._opening = threading.Lock()
        self.report: BuildReport | None = None
        self.events = EventStore(self.index_dir / EVENTS_FILE)

    @classmethod
    def build(
        cls,
        source: Paths | Iterable[Article],
        index_dir: str | Path,
        *,
        settings: Settings | None = None,
        skip_invalid: bool = False,
        progress: Progress | None = None,
    ) -> Self:
        """Indexes `source` into `index_dir`, publishes the snapshot and opens it.

        Only what changed since the published snapshot is analysed and encoded again, unless so much
        has changed that the encoder is adapted anew (`kbsearch.indexer.adapting`). If anything
        fails, the published snapshot stays as it was.

        Args:
            source: Files and folders (Markdown, JSONL, CSV, XLSX, HTML), or articles.
            index_dir: Folder of the index; made if it is not there.
            settings: Settings; without, those of the published snapshot, or the defaults.
            skip_invalid: Go on without the articles that have errors instead of refusing; those of
                them that are published stay as they are. `report` says which.
            progress: Called with stage, done and total.

        Raises:
            SourceError: The source has errors, or nothing to index.
            DictionaryError: A dictionary has a line that cannot be read.
            EncoderError: The model cannot be loaded.
            IndexBusyError: Another process is writing to the folder.
        """
        report = build(
            source, index_dir, settings=settings, skip_invalid=skip_invalid, progress=progress
        )
        knowledge_base = cls.open(index_dir)
        knowledge_base.report = report
        return knowledge_base

    @classmethod
    def open(cls, index_dir: str | Path, *, snapshot_id: str | None = None) -> Self:
        """Opens a snapshot of `index_dir`, after checking its files: those above 16 MB by size.

        Args:
            index_dir: Folder of the index.
            snapshot_id: Which snapshot; the published one without.

        Raises:
            SnapshotNotFoundError: Nothing is published there, or there is no such snapshot.
            SnapshotCorruptError: A file is missing, truncated or altered; names it.
            SnapshotIncompatibleError: Another version of kbsearch wrote it.
            EncoderError: Its model cannot be loaded or is not the same.
        """
        return cls(index_dir, _open_searcher(SnapshotStore(index_dir), snapshot_id))

    def with_settings(self, settings: Settings) -> Self:
        """The snapshot that is open now, searched in another way: to compare, or to try weights.

        Raises:
            ValueError: The settings differ in something by which the index was built.
        """
        return type(self)(self.index_dir, self._searcher.with_settings(settings))

    @property
    def snapshot_id(self) -> str:
        """Id of the snapshot that answers now."""
        return self._searcher.index.manifest.snapshot_id

    @property
    def searcher(self) -> Searcher:
        """What answers now, for those who need more than answers: evaluation and tuning."""
        return self._searcher

    @property
    def settings(self) -> Settings:
        """Settings of the snapshot."""
        return self._searcher.settings

    def info(self) -> Manifest:
        """Manifest of the snapshot: counts, settings, fingerprints, files."""
        return self._searcher.index.manifest

    def article(self, article_id: str) -> Article:
        """An article of the snapshot.

        Raises:
            ValueError: There is no such article.
        """
        store = self._searcher.index.store
        row = store.row(article_id)
        if row is None:
            raise ValueError(f"no article {article_id!r} in snapshot {self.snapshot_id}")
        return store.article(row)

    def articles(self) -> Iterable[Article]:
        """All searchable articles, by id."""
        return self._searcher.index.store.articles()

    def search(
        self,
        text: str,
        *,
        top_k: int = 5,
        filters: FilterArgument = None,
        context: Sequence[str] | None = None,
        explain: bool = False,
        highlight: bool = True,
    ) -> SearchResponse:
        """The articles that answer `text`, best first, and what to do with them.

        Args:
            text: What the customer or agent typed, in any form of Chinese. Only the first 1,000
                characters count. A text without a word gives no hits and the decision to abstain.
            top_k: Number of hits, at least 1.
            filters: Conditions, such as ``{"products": "腕伴 S2", "visibility": "public"}``.
            context: Earlier turns of the conversation, oldest first; they count less.
            explain: Give each leg's score and rank, and which terms matched.
            highlight: Give the pieces of text that matched; without, a search takes a fifth less.

        Raises:
            ValueError: `top_k` is below 1, an unknown filter, or a text instead of a list of turns.
        """
        return self.search_many(
            [text],
            top_k=top_k,
            filters=filters,
            context=context,
            explain=explain,
            highlight=highlight,
        )[0]

    def search_many(
        self,
        texts: Sequence[str],
        *,
        top_k: int = 5,
        filters: FilterArgument = None,
        context: Sequence[str] | None = None,
        explain: bool = False,
        highlight: bool = True,
    ) -> list[SearchResponse]:
        """One response for each text, all from the same snapshot; see `search`."""
        if isinstance(texts, str) or isinstance(context, str):
            raise ValueError("texts and context are lists of texts, not one text")
        searcher = self._searcher
        return searcher.search(
            texts,
            top_k=top_k,
            allowed=searcher.allowed(filters),
            context=context or (),
            explain=explain,
            highlight=highlight,
        )

    def rank(
        self,
        text: str,
        *,
        leg: Leg = Leg.FINAL,
        filters: FilterArgument = None,
        context: Sequence[str] = (),
        depth: int = 100,
    ) -> list[tuple[str, float]]:
        """(article id, score) in the order of search, or of one leg, and nothing else.

        What an editor pinned or blocked is ignored: the order is the engine's own.

        Raises:
            ValueError: `depth` is below 1, or an unknown filter.
        """
        return self.rankings(text, [leg], filters=filters, context=context, depth=depth)[leg]

    def rankings(
        self,
        text: str,
        legs: Iterable[Leg] = Leg,
        *,
        filters: FilterArgument = None,
        context: Sequence[str] = (),
        depth: int = 100,
    ) -> dict[Leg, list[tuple[str, float]]]:
        """`rank` by several legs, from one reading of the query: what evaluation compares.

        Pins and blocks are ignored here too.

        Raises:
            ValueError: `depth` is below 1, or an unknown filter.
        """
        if depth < 1:
            raise ValueError(f"depth must be at least 1, got {depth}")
        searcher = self._searcher
        allowed = searcher.allowed(filters)
        return searcher.rankings(text, legs, allowed=allowed, context=context, depth=depth)

    def allows(self, article_id: str, filters: FilterArgument = None) -> bool:
        """Whether the article is in the snapshot, holds on the day, and passes the filters.

        Raises:
            ValueError: An unknown filter.
        """
        searcher = self._searcher
        row = searcher.index.store.row(article_id)
        return row is not None and bool(searcher.allowed(filters)[row])

    def recommend(
        self,
        text: str | None = None,
        *,
        conversation: Conversation | Sequence[Turn | Mapping[str, str]] | None = None,
        article_id: str | None = None,
        context: CustomerContext | Mapping[str, object] | None = None,
        filters: FilterArgument = None,
        lexicon: Lexicon | None = None,
        use_events: bool = True,
    ) -> Recommendation:
        """The few articles that an agent should act on, in the order of acting.

        Exactly one of `text`, `conversation` and `article_id` says what it is about; with `context`
        alone, what suits the customer is recommended before he asks.

        Args:
            text: The problem.
            conversation: Turns so far, as ``{"role": "customer" or "agent", "text": …}``, or a
                `conversation` that grows.
            article_id: The article being read.
            context: What is known of the customer: segment, products, region, channel, viewed,
                recent_queries, date.
            filters: Conditions, as for `search`.
            lexicon: Words that tell how the customer feels; without, those of the settings, or of
                the package.
            use_events: Whether recorded events count.

        Raises:
            ValueError: None or several of them are given, or there is no such article.
            OSError: The events cannot be read.
        """
        given = [value for value in (text, conversation, article_id) if value is not None]
        if len(given) > 1 or not (given or context):
            raise ValueError(
                "give exactly one of text, conversation and article_id, or a context alone"
            )
        searcher = self._searcher
        said: Sequence[str] = () if text is None else (text,)
        problem = None if text is None else Problem(text)
        if conversation is not None:
            heard = (
                conversation
                if isinstance(conversation, Conversation)
                else Conversation(conversation, encoder=searcher.encoder)
            )
            said, problem = heard.customer, heard.problem
        return recommend(
            searcher,
            problem=problem,
            article_id=article_id,
            customer=CustomerContext.parse(context),
            filters=filters,
            emotion=(lexicon or _lexicon(self.settings)).emotion(said) if said else None,
            usage=self.events.usage() if use_events else None,
        )

    def conversation(self) -> Conversation:
        """A conversation to which turns are added as they come; see `recommend`."""
        return Conversation(encoder=self._searcher.encoder)

    def record(self, event: Event | Mapping[str, object]) -> None:
        """Stores what was done with an article; personal data in it is masked first.

        Args:
            event: For example ``{"action": "solved", "article_id": "ac-not-cooling"}``; see
                `kbsearch.recommendation.events.Event`.

        Raises:
            ValueError: An unknown action or field.
            OSError: The event cannot be stored.
        """
        self.events.record(event if isinstance(event, Event) else Event.model_validate(event))

    def update(
        self,
        articles: Iterable[Article] = (),
        *,
        delete: Collection[str] = (),
        progress: Progress | None = None,
    ) -> BuildReport:
        """Adds or replaces articles, deletes others, publishes the result and opens it.

        The rest is taken over as it is, unless so much has changed that the encoder is adapted
        anew; the index ranks as one that a build with the same encoder would give.

        Raises:
            SourceError: An id stands twice, is both given and deleted, or is to be deleted and
                unknown.
            IndexBusyError: Another process is writing to the folder.
        """
        running = self._searcher
        report = update(
            self.index_dir,
            articles,
            delete=delete,
            progress=progress,
            running=running.index,
            encoder=running.encoder,
        )
        self.report = report
        self.reload()
        return report

    def reload(self) -> bool:
        """Opens what is published now; searches that are running finish on the old snapshot.

        Returns:
            Whether another snapshot was opened.

        Raises:
            SnapshotError: The published snapshot cannot be opened; the old one goes on answering.
        """
        snapshots = SnapshotStore(self.index_dir)
        with self._opening:
            if snapshots.current_id() == self.snapshot_id:
                return False
            self._searcher = _open_searcher(snapshots, running=self._searcher)
            return True

    def verify(self, *, sample: int = 50, progress: Progress | None = None) -> Verification:
        """Checks the snapshot, every file of it, against rank-bm25 and the encoder.

        See `kbsearch.verification`.

        Raises:
            SnapshotError: A file is missing or damaged.
        """
        SnapshotStore(self.index_dir).checked(self.snapshot_id, whole=True)
        return verify(self._searcher.index, sample=sample, progress=progress)


def _lexicon(settings: Settings) -> Lexicon:
    path = settings.recommendation.emotion
    return _read_lexicon(path, path.stat().st_mtime_ns) if path else Lexicon.bundled()


@lru_cache(maxsize=8)
def _read_lexicon(path: Path, _modified: int) -> Lexicon:
    return Lexicon.read(path)


def _open_searcher(
    snapshots: SnapshotStore, snapshot_id: str | None = None, running: Searcher | None = None
) -> Searcher:
    """A searcher on a snapshot; what `running` has open of it is not read again."""
    if running is None:
        index = LocalIndex.open(snapshots, snapshot_id)
        return Searcher(index, open_analyzer(index), open_encoder(index))
    index = LocalIndex.open(snapshots, snapshot_id, running=running.index)
    return Searcher(index, open_analyzer(index), open_encoder(index, running.encoder))
