"""Events: what agents and customers did with recommendations, kept in SQLite, and what it teaches.

An event is committed before `EventStore.record` returns: it survives the process. Any number of
threads and processes may record at once. What an event says fades with time (half-life), and what
was shown further down counts more when it is used nevertheless: each use is divided by the
probability that its rank is looked at at all (inverse propensity with p = 1 / rank; Joachims,
Swaminathan and Schnabel 2017, "Unbiased Learning-to-Rank with Biased Feedback", section 4 and
equation 10).
"""

import sqlite3
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, field_validator

from kbsearch.article import Audience, Slug
from kbsearch.recommendation.privacy import mask
from kbsearch.recommendation.slots import Slot

EVENTS_FILE = "events.sqlite"
HALF_LIFE_DAYS = 30.0
_BUSY_SECONDS = 30.0
_LOWEST_PROPENSITY = 0.1  # one use at rank 10 or below counts ten-fold at most
_PRIOR = 5.0  # uses that nobody has seen, half for and half against: few events move little
_TOGETHER_PRIOR = 2.0  # cases
_DAY = 86_400.0


class Action(StrEnum):
    """What was done with an article."""

    SHOWN = "shown"
    OPENED = "opened"
    ATTACHED = "attached"  # to the case, or sent to the customer
    DISMISSED = "dismissed"
    SOLVED = "solved"
    UNSOLVED = "unsolved"


# How much an action speaks for an article, and against it.
_FOR = {Action.OPENED: 0.3, Action.ATTACHED: 1.0, Action.SOLVED: 2.0}
_AGAINST = {Action.SHOWN: 0.05, Action.DISMISSED: 1.0, Action.UNSOLVED: 2.0}
_USEFUL = frozenset({Action.ATTACHED, Action.SOLVED})


class Event(BaseModel):
    """One thing that was done with one article.

    Attributes:
        action: What was done.
        article_id: The article.
        query: The problem; personal data is masked before it is stored.
        slot: Where the article stood.
        rank: Place in its slot, from 1.
        case_id: Ties together what happened in one conversation or visit.
        segment: The customer's segment.
        at: When; now without. A time without zone is UTC.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: Action
    article_id: Slug
    query: str = ""
    slot: Slot | None = None
    rank: Annotated[int, Field(ge=1)] = 1
    case_id: str = ""
    segment: Audience | None = None
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))

    @field_validator("query", "case_id")
    @classmethod
    def _is_masked(cls, text: str) -> str:
        return mask(text)

    @field_validator("at")
    @classmethod
    def _has_a_zone(cls, at: datetime) -> datetime:
        return at if at.tzinfo else at.replace(tzinfo=UTC)


_Use = tuple[str, Slot | None]
_Name = TypeVar("_Name", str, _Use)


class Usage:
    """What events teach, kept up to date by adding them one by one.

    Attributes:
        articles: Ids of the articles that something is known of.
    """

    def __init__(self, half_life_days: float = HALF_LIFE_DAYS) -> None:
        self.articles: set[str] = set()
        self._for = _Fading(half_life_days * _DAY)
        self._against = _Fading(half_life_days * _DAY)
        self._months: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self._segments: dict[Audience, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self._useful: dict[str, dict[_Use, None]] = defaultdict(dict)  # case → what was useful
        self._together: dict[str, dict[_Use, int]] = defaultdict(lambda: defaultdict(int))
        self._opened: dict[str, str] = {}  # case → article opened last
        self._next: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))

    def add(self, event: Event) -> None:
        """Learns from one event."""
        seconds = event.at.timestamp()
        article = event.article_id
        seen = max(1 / event.rank, _LOWEST_PROPENSITY)
        self.articles.add(article)
        place = (article, event.slot)
        self._for.add(place, _FOR.get(event.action, 0.0) / seen, seconds)
        # That a low rank was not used says as little as its place was looked at.
        share = seen if event.action is Action.SHOWN else 1.0
        self._against.add(place, _AGAINST.get(event.action, 0.0) * share, seconds)
        if event.action in _USEFUL:
            self._months[event.at.month][article] += 1
            if event.segment:
                self._segments[event.segment][article] += 1
            self._join(event.case_id or event.query, place)
        if event.action is Action.OPENED and event.case_id:
            before = self._opened.get(event.case_id)
            if before and before != article:
                self._next[before][article] += 1
            self._opened[event.case_id] = article

    def balance(self, article_id: str, slot: Slot, at: datetime | None = None) -> float:
        """How much its use in a slot speaks for an article: from -1 to 1; 0 if it is unknown.

        Args:
            article_id: The article.
            slot: The slot; events without one count for all.
            at: The time, for fading; now without.
        """
        seconds = (at or datetime.now(UTC)).timestamp()
        good, bad = (
            sum(sums.at((article_id, each), seconds) for each in (slot, None))
            for sums in (self._for, self._against)
        )
        return (good - bad) / (good + bad + _PRIOR)

    def together(self, article_id: str) -> dict[tuple[str, Slot | None], float]:
        """What was useful in the same cases, and in which slot → share, shrunk towards 0."""
        return _shares(self._together.get(article_id, {}))

    def read_next(self, article_id: str) -> dict[str, float]:
        """Articles that were opened after it → share of the times, shrunk towards 0."""
        return _shares(self._next.get(article_id, {}))

    def in_month(self, month: int) -> dict[str, float]:
        """Articles useful in a month of the year → share of its uses, shrunk towards 0."""
        return _shares(self._months.get(month, {}))

    def in_segment(self, segment: Audience) -> dict[str, float]:
        """Articles useful to a segment → share of its uses, shrunk towards 0."""
        return _shares(self._segments.get(segment, {}))

    def _join(self, case: str, use: _Use) -> None:
        if not case or use in self._useful[case]:
            return
        for other in self._useful[case]:
            if other[0] != use[0]:
                self._together[other[0]][use] += 1
                self._together[use[0]][other] += 1
        self._useful[case][use] = None


class EventStore:
    """Events in a file; made at the first event.

    Args:
        path: The SQLite file.
        half_life_days: After how many days an event counts half.

    Raises:
        ValueError: The half-life is not above 0.
    """

    def __init__(self, path: str | Path, *, half_life_days: float = HALF_LIFE_DAYS) -> None:
        if half_life_days <= 0:
            raise ValueError(f"half_life_days must be above 0, got {half_life_days}")
        self.path = Path(path)
        self._local = threading.local()  # one connection a thread
        self._lock = threading.Lock()
        self._usage = Usage(half_life_days)
        self._read_up_to = 0

    def record(self, event: Event) -> None:
        """Stores an event; it is on disk when this returns.

        Raises:
            OSError: The file cannot be written.
        """
        self.record_many([event])

    def record_many(self, events: Iterable[Event]) -> None:
        """Stores events, all or none.

        Raises:
            OSError: The file cannot be written.
        """
        rows = [(event.article_id, event.model_dump_json()) for event in events]
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                connection.executemany("INSERT INTO events (article_id, event) VALUES (?, ?)", rows)
                connection.execute("COMMIT")
            except BaseException:
                connection.execute("ROLLBACK")
                raise

    def events(self, after: int = 0) -> Iterator[tuple[int, Event]]:
        """(number, event), in the order in which they were recorded; those after a number.

        Raises:
            OSError: The file cannot be read.
        """
        if not self.path.exists():
            return
        query = "SELECT number, event FROM events WHERE number > ? ORDER BY number"
        with self._connection() as connection:
            found = connection.execute(query, (after,)).fetchall()
        for number, event in found:
            yield number, Event.model_validate_json(event)

    def usage(self) -> Usage:
        """What all events teach; only new ones are read.

        Raises:
            OSError: The file cannot be read.
        """
        if not self.path.exists():  # nothing is recorded yet; the folder may not be ours to write
            return self._usage
        with self._lock:
            for number, event in self.events(self._read_up_to):
                self._usage.add(event)
                self._read_up_to = number
        return self._usage

    def close(self) -> None:
        """Closes this thread's connection; the next use opens it again."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
            self._local.connection = None

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """This thread's connection; SQLite's errors come out as OSError."""
        try:
            connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
            if connection is None:
                connection = self._local.connection = self._connect()
            yield connection
        except sqlite3.Error as error:
            raise OSError(f"{self.path}: {error}") from error

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=_BUSY_SECONDS, isolation_level=None)
        _write_ahead(connection)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS events"
            " (number INTEGER PRIMARY KEY AUTOINCREMENT, article_id TEXT NOT NULL,"
            " event TEXT NOT NULL)"
        )
        return connection


class _Fading:
    """Sums of weights that halve with every half-life."""

    def __init__(self, half_life: float) -> None:
        self._half_life = half_life
        self._sums: dict[_Use, tuple[float, float]] = {}  # name → sum, as of when

    def add(self, name: _Use, weight: float, seconds: float) -> None:
        total, then = self._sums.get(name, (0.0, seconds))
        latest = max(then, seconds)
        kept = total * self._share(latest - then) + weight * self._share(latest - seconds)
        self._sums[name] = (kept, latest)

    def at(self, name: _Use, seconds: float) -> float:
        total, then = self._sums.get(name, (0.0, seconds))
        return total * self._share(max(seconds - then, 0.0))

    def _share(self, age: float) -> float:
        return float(0.5 ** (age / self._half_life))


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Turns WAL on; SQLite does not wait for another process that is just doing the same."""
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _shares(counts: Mapping[_Name, int]) -> dict[_Name, float]:
    """Each count as a share of the whole, as if a few uses more had gone elsewhere."""
    total = sum(counts.values())
    return {name: count / (total + _TOGETHER_PRIOR) for name, count in counts.items()}
