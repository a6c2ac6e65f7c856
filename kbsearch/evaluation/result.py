"""The result of an evaluation: everything that is printed, saved, compared and reported."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pydantic import TypeAdapter, ValidationError

from kbsearch.errors import Problem, QuerySetError
from kbsearch.evaluation.declining import Declining
from kbsearch.evaluation.diagnosis import Confusion, Miss, ToJudge
from kbsearch.evaluation.outcome import Outcome
from kbsearch.evaluation.provenance import Provenance
from kbsearch.evaluation.reliability import CoveragePoint, ReliabilityBin
from kbsearch.evaluation.significance import Estimate, json_object
from kbsearch.evaluation.suggestions import Suggestion
from kbsearch.reasons import first_reason
from kbsearch.retrieval.candidates import Leg


@dataclass(frozen=True, slots=True)
class KnownFailures:
    """Answerable queries that are marked as known to miss; all figures include them.

    Attributes:
        count: How many are marked.
        still_failing: Ids of those that still miss.
        now_passing: Ids of those that hit: their marks can go.
    """

    count: int
    still_failing: tuple[str, ...]
    now_passing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a query set says about a knowledge base.

    Attributes:
        created_at: When, in UTC, ISO 8601.
        measured: What was measured.
        answerable: Number of answerable queries.
        unanswerable: Number of queries that must be declined.
        systems: Leg → measure → estimate, over answerable queries; ``final`` is what search shows.
        slices: Dimension (``industry``, ``type``, ``kind``, ``category``, ``product``, ``length``)
            → value → hit@1 of ``final``.
        declining: Abstention.
        coverage: Precision against coverage over all queries, highest threshold first.
        reliability: Confidence against what came true, over all queries, in ten bins.
        calibration_error: Expected calibration error.
        latency_ms: ``p50``, ``p95``, ``p99`` of whole searches, in milliseconds.
        known_failures: Queries marked as known to miss.
        outcomes: Each query, in the order of the query sets.
        misses: Answerable queries whose first article is wrong, and why.
        declined: Answerable queries whose first article is right, but which would be declined.
        confusions: Pairs of articles that were confused, most frequent first.
        to_judge: Articles to judge next.
        suggestions: What an editor can do, what most queries ask for first.
        unknown_articles: Judged articles that the snapshot does not have.
        titles: Article id → title, of every article named here that the snapshot has.
        pinned: Queries that a pin or block of the editor touches; all figures are without them.
    """

    created_at: str
    measured: Provenance
    answerable: int
    unanswerable: int
    systems: Mapping[str, Mapping[str, Estimate]]
    slices: Mapping[str, Mapping[str, Estimate]]
    declining: Declining
    coverage: tuple[CoveragePoint, ...]
    reliability: tuple[ReliabilityBin, ...]
    calibration_error: float
    latency_ms: Mapping[str, float]
    known_failures: KnownFailures
    outcomes: tuple[Outcome, ...]
    misses: tuple[Miss, ...]
    declined: tuple[Miss, ...]
    confusions: tuple[Confusion, ...]
    to_judge: tuple[ToJudge, ...]
    suggestions: tuple[Suggestion, ...]
    unknown_articles: tuple[str, ...]
    titles: Mapping[str, str]
    pinned: int = 0

    @property
    def query_set(self) -> str:
        """Names of the query sets."""
        return ", ".join(self.measured.query_sets)

    @property
    def accuracy(self) -> Estimate:
        """Query accuracy: hit@1 of what search shows, over answerable queries."""
        return self.systems[Leg.FINAL]["hit@1"]

    def meets(self, target: float, *, point: bool = False) -> bool:
        """Whether accuracy reaches `target`: its lower bound, or with `point` the bare figure."""
        return (self.accuracy.value if point else self.accuracy.low) >= target

    def to_json(self) -> str:
        """All of it as one JSON document; shares of nothing are null."""

        def fields(value: object) -> dict[str, object]:
            if not dataclasses.is_dataclass(value):
                raise TypeError(f"no JSON form for {type(value).__name__}")
            names = (each.name for each in dataclasses.fields(value))
            return json_object((name, getattr(value, name)) for name in names)

        return json.dumps(self, default=fields, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """What `to_json` gave.

        Raises:
            ValueError: It is no saved evaluation.
        """
        return TypeAdapter(cls).validate_json(text)

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """An evaluation from the file that it was saved in.

        Raises:
            QuerySetError: The file cannot be read or holds no evaluation; names it.
        """
        try:
            return cls.from_json(Path(path).read_bytes())
        except OSError as error:
            reason = str(error)
        except ValidationError as error:
            reason = first_reason(error)
        problem = Problem("evaluation_unreadable", str(path), params={"reason": reason})
        raise QuerySetError("evaluation_invalid", [problem])
