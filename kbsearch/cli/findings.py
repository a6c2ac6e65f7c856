"""What an evaluation found: why queries missed, and what an editor can do about it."""

from collections import Counter
from collections.abc import Iterable, Sequence

from kbsearch.cli.console import Console
from kbsearch.cli.options import named
from kbsearch.evaluation.diagnosis import Miss
from kbsearch.evaluation.result import Evaluation
from kbsearch.retrieval.candidates import Leg

_FOUND = 3  # articles listed for a miss
_SUGGESTED = 5
_IDS = 3  # queries named for a suggestion


def print_findings(console: Console, evaluation: Evaluation, *, each_miss: bool) -> None:
    """Causes counted, each miss if wanted, and suggestions."""
    _print_causes(console, evaluation)
    if each_miss:
        _print_misses(console, evaluation)
    _print_suggestions(console, evaluation)
    if evaluation.misses:
        console.say("eval.more")


def _print_causes(console: Console, evaluation: Evaluation) -> None:
    if evaluation.misses:
        counts = Counter(miss.cause for miss in evaluation.misses)
        console.say(
            "eval.causes",
            count=counts.total(),
            causes=" · ".join(
                console.text(f"eval.count_{cause}", count=count)
                for cause, count in counts.most_common()
            ),
        )
    if evaluation.declined:
        console.say("eval.wrongly_declined", count=len(evaluation.declined))
    known = evaluation.known_failures
    if known.count:
        console.say(
            "eval.known",
            count=known.count,
            failing=len(known.still_failing),
            passing=len(known.now_passing),
            ids=", ".join(known.now_passing) or "—",
        )
    if evaluation.to_judge:
        console.say("eval.to_judge", count=len(evaluation.to_judge))


def _print_misses(console: Console, evaluation: Evaluation) -> None:
    outcomes = {outcome.id: outcome for outcome in evaluation.outcomes}

    def titles(articles: Iterable[str]) -> str:
        return " | ".join(named(article, evaluation.titles) for article in articles)

    listed: Sequence[Miss] = (*evaluation.misses, *evaluation.declined)
    for miss in listed:
        outcome = outcomes[miss.query_id]
        console.say(
            "eval.miss",
            id=miss.query_id,
            type=outcome.type,
            text=" / ".join((*outcome.context, outcome.text)),
            cause=console.text(f"eval.cause_{miss.cause}", **miss.params),
            relevant=titles(outcome.answers),
            found=titles(outcome.rankings[Leg.FINAL][:_FOUND]) or "—",
        )


def _print_suggestions(console: Console, evaluation: Evaluation) -> None:
    shown = evaluation.suggestions[:_SUGGESTED]
    if shown:
        console.say("eval.suggestions", count=len(evaluation.suggestions), shown=len(shown))
    for number, suggestion in enumerate(shown, start=1):
        ids = suggestion.query_ids
        console.say(
            "eval.suggestion",
            number=number,
            sentence=console.text(f"eval.remedy_{suggestion.remedy}", **suggestion.params),
            queries=len(ids),
            ids=", ".join(ids[:_IDS]) + (" …" if len(ids) > _IDS else ""),
        )
