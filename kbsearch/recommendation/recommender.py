"""The recommender: fills the slots with the articles for which most speaks.

Each candidate of the desk gets the probability that it is wanted in a slot (`scoring`); the most
probable are shown, none twice, nor beside one that says the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kbsearch.recommendation.conversation import Problem
from kbsearch.recommendation.customer import CustomerContext
from kbsearch.recommendation.desk import Desk
from kbsearch.recommendation.emotion import Emotion
from kbsearch.recommendation.events import Usage
from kbsearch.recommendation.graph import graph_of
from kbsearch.recommendation.scoring import (
    DECISIVE,
    DECISIVE_IF_UPSET,
    FOLLOWS,
    OPENS,
    PUSH_FOLLOWS,
    PUSH_OPENS,
    READING_OPENS,
    Evidence,
    ScoringModel,
    Situation,
)
from kbsearch.recommendation.slots import (
    LONGEST_SLOT,
    Candidate,
    RecommendedArticle,
    Slot,
    fill,
)
from kbsearch.retrieval.filters import FilterArgument
from kbsearch.retrieval.response import Decision
from kbsearch.retrieval.searcher import Searcher

_SAME = 0.95  # cosine from which two titles, or two bodies, say the same
_PUSHED = 5  # articles pushed at most
# Share of the solution's probability with which a script comes first: the angry are calmed before
# anything is solved, while who is in need gets help unless words are needed, too.
_CALMING, _COMFORTING = 0.15, 0.5


@dataclass(frozen=True, slots=True)
class Recommendation:
    """Articles for an agent.

    Attributes:
        query: The problem; "" if an article was given, or nothing.
        slots: Every slot in the order of acting, empty where nothing fits. Scripts come first if
            one is wanted more surely than a solution; for an upset customer much sooner.
        decision: What search says about the problem; ``answer`` if an article was given, or
            nothing.
        snapshot_id: The snapshot that answered.
        emotion: How the customer sounds; None without words of his.
        hand_over: Whether a person with authority should take over.
    """

    query: str
    slots: Mapping[Slot, tuple[RecommendedArticle, ...]]
    decision: Decision
    snapshot_id: str
    emotion: Emotion | None = None
    hand_over: bool = False

    @property
    def first(self) -> RecommendedArticle | None:
        """The very first thing to act on; None if there is nothing."""
        return next((entry for entries in self.slots.values() for entry in entries), None)


def recommend(
    searcher: Searcher,
    *,
    problem: Problem | None,
    article_id: str | None,
    customer: CustomerContext,
    filters: FilterArgument,
    emotion: Emotion | None = None,
    usage: Usage | None = None,
    model: ScoringModel | None = None,
) -> Recommendation:
    """Fills the slots; see `kbsearch.KnowledgeBase.recommend`.

    Without a problem and an article, what suits the customer is pushed. Without a `model`, the
    weights of the package count.
    """
    allowed = searcher.allowed(filters, customer.filters())
    desk = Desk(searcher, allowed, customer, usage, model or ScoringModel.bundled())
    decision = desk.gather(problem, article_id, emotion)
    chosen = _chosen(searcher, desk.evidence, emotion)
    return Recommendation(
        query=problem.text if problem else "",
        slots={
            slot: tuple(_entry(searcher, desk, each) for each in candidates)
            for slot, candidates in chosen.items()
        },
        decision=decision,
        snapshot_id=searcher.index.manifest.snapshot_id,
        emotion=emotion,
        hand_over=emotion is not None and emotion.hand_over,
    )


def _chosen(
    searcher: Searcher, evidence: Evidence, emotion: Emotion | None
) -> dict[Slot, tuple[Candidate, ...]]:
    """The most probable candidates of each slot, in the order in which slots are acted on."""
    candidates = evidence.candidates()
    is_upset = emotion is not None and emotion.is_raised
    opens, follows, longest = OPENS, FOLLOWS, LONGEST_SLOT
    if evidence.situation is Situation.PUSH:
        opens, follows, longest = PUSH_OPENS, PUSH_FOLLOWS, _PUSHED
    elif evidence.situation is Situation.READING:
        opens = READING_OPENS
    else:
        surest = max(_surest(candidates, Slot.SOLUTION), _surest(candidates, Slot.SCRIPT))
        if surest < (DECISIVE_IF_UPSET if is_upset else DECISIVE):
            candidates = []
    slots = fill(
        candidates,
        opens=opens,
        follows=follows,
        is_duplicate=lambda row, placed: _is_duplicate(searcher, row, placed),
        longest=longest,
    )
    scripts = slots[Slot.SCRIPT]
    if scripts and evidence.situation is Situation.PROBLEM:
        needed = _surest(slots[Slot.SOLUTION], Slot.SOLUTION) * _share(emotion)
        if scripts[0].probability >= needed:
            return {Slot.SCRIPT: scripts, **slots}
    return slots


def _share(emotion: Emotion | None) -> float:
    """Of the solution's probability, with which a script comes first."""
    if emotion is None or not emotion.is_raised:
        return 1.0
    return _CALMING if emotion.anger >= emotion.anxiety + emotion.urgency else _COMFORTING


def _surest(candidates: Sequence[Candidate], slot: Slot) -> float:
    """The highest probability in a slot; 0 if it has no candidate."""
    return max((each.probability for each in candidates if each.slot is slot), default=0.0)


def _is_duplicate(searcher: Searcher, row: int, placed: Sequence[int]) -> bool:
    """Whether an article about the same products has nearly the same title and body."""
    cards = graph_of(searcher).cards
    return any(
        cards[other].products == cards[row].products and _says_the_same(searcher, row, other)
        for other in placed
    )


def _says_the_same(searcher: Searcher, row: int, other: int) -> bool:
    one, two = (searcher.index.vectors.vectors.article(each) for each in (row, other))
    if float(one.matrix[0] @ two.matrix[0]) < _SAME:
        return False
    has_body = [bool(each.is_body[-1]) for each in (one, two)]
    if not all(has_body):
        return not any(has_body)
    return float(one.matrix[-1] @ two.matrix[-1]) >= _SAME


def _entry(searcher: Searcher, desk: Desk, candidate: Candidate) -> RecommendedArticle:
    card = graph_of(searcher).cards[candidate.row]
    reasons = desk.evidence.reasons(candidate.slot, candidate.row)
    link = next((reason for reason in reasons if reason.relation), None)
    return RecommendedArticle(
        article_id=card.id,
        title=card.title,
        kind=card.kind,
        confidence=desk.confidence.get(candidate.row),
        relation=link.relation if link else None,
        via=link.via if link else "",
        reasons=reasons,
    )
