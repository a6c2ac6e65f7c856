"""Suggestions: what an editor can do about the misses."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from kbsearch.analysis.filters import normalize
from kbsearch.article import Article
from kbsearch.encoders.protocol import Encoder
from kbsearch.evaluation.diagnosis import Cause, Confusion, Miss
from kbsearch.evaluation.outcome import Outcome
from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.retrieval.candidates import Leg
from kbsearch.retrieval.query import Query

_COVERED = 0.5  # share of the query's idf that stands in an article which needs no question more
_SYNONYM = 0.5  # cosine of two words
_DUPLICATE = 0.85  # cosine of two titles
_CONFUSED = 2  # queries
_EXAMPLES = 2  # texts named in a sentence
_TYPO = "typo"  # type of queries with a slip in them


class Remedy(StrEnum):
    """What to do."""

    SIMILAR_QUESTION = "similar_question"  # write it into the article
    SYNONYM = "synonym"  # write it into the synonym file
    DUPLICATE = "duplicate"  # merge two articles, or say in their titles what differs


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something to do, and which queries ask for it.

    Attributes:
        remedy: What to do.
        articles: The article to change; two for a duplicate.
        texts: The similar questions to add; the word and its synonym; nothing for a duplicate.
        query_ids: Queries that ask for it.
        params: For the sentence ``cli.eval.remedy_{remedy}`` of the locales.
    """

    remedy: Remedy
    articles: tuple[str, ...]
    texts: tuple[str, ...]
    query_ids: tuple[str, ...]
    params: Mapping[str, str]


def suggest(
    knowledge_base: KnowledgeBase,
    misses: Sequence[Miss],
    confusions: Sequence[Confusion],
    outcomes: Mapping[str, Outcome],
    articles: Mapping[str, Article],
) -> tuple[Suggestion, ...]:
    """What an editor can do; what most queries ask for comes first.

    Args:
        knowledge_base: What was measured.
        misses: Why each miss missed.
        confusions: Which articles were confused.
        outcomes: Query id → outcome.
        articles: The articles of the snapshot that are right or came first.
    """
    worded = [miss for miss in misses if miss.cause in {Cause.OUTRANKED, Cause.NOT_FOUND}]
    found = [*_similar_questions(worded, outcomes, articles)]
    unknown = _unknown_terms(knowledge_base, worded, outcomes)
    often = [each for each in confusions if each.both_ways >= _CONFUSED]
    if unknown or often:
        encoder = knowledge_base.searcher.encoder
        found += _synonyms(knowledge_base, encoder, unknown, articles)
        found += _duplicates(encoder, often, articles)
    return tuple(sorted(found, key=lambda each: -len(each.query_ids)))


def _similar_questions(
    misses: Iterable[Miss], outcomes: Mapping[str, Outcome], articles: Mapping[str, Article]
) -> Iterator[Suggestion]:
    """An article that shares few terms with what it is asked by should say it that way, too."""
    wanted: dict[str, list[Outcome]] = {}
    for miss in misses:
        outcome = outcomes[miss.query_id]
        # What only earlier turns explain is no question by itself.
        if miss.covered < _COVERED and not outcome.context:
            wanted.setdefault(miss.right, []).append(outcome)
    for right, asked in wanted.items():
        texts = tuple(outcome.text for outcome in asked)
        yield Suggestion(
            remedy=Remedy.SIMILAR_QUESTION,
            articles=(right,),
            texts=texts,
            query_ids=tuple(outcome.id for outcome in asked),
            params={
                "right": articles[right].title,
                "texts": " / ".join(sorted(texts, key=len)[:_EXAMPLES]),
            },
        )


def _unknown_terms(
    knowledge_base: KnowledgeBase, misses: Iterable[Miss], outcomes: Mapping[str, Outcome]
) -> dict[tuple[str, str], list[str]]:
    """(unknown term, right article) → queries.

    Unknown is what BM25 finds nothing for: it stands in no article, nor does a synonym of it or
    what the speller takes it for. What is misspelt is no word that an article lacks.
    """
    found: dict[tuple[str, str], list[str]] = {}
    known: dict[str, bool] = {}
    for miss in misses:
        for term in _read(knowledge_base, outcomes[miss.query_id].text).terms:
            if term not in known:
                known[term] = bool(knowledge_base.rank(term, leg=Leg.BM25, depth=1))
            if not known[term]:
                found.setdefault((term, miss.right), []).append(miss.query_id)
    slips = _slips({term for term, _ in found}, outcomes.values())
    return {pair: query_ids for pair, query_ids in found.items() if pair[0] not in slips}


def _slips(terms: Collection[str], outcomes: Iterable[Outcome]) -> set[str]:
    """The terms that occur in one query alone, which is marked as having a slip in it."""
    types: dict[str, list[str]] = {term: [] for term in terms}
    for outcome in outcomes if terms else ():
        text = normalize(outcome.text)
        for term in terms:
            if term in text:
                types[term].append(outcome.type)
    return {term for term, occurs_in in types.items() if occurs_in == [_TYPO]}


def _synonyms(
    knowledge_base: KnowledgeBase,
    encoder: Encoder,
    unknown: Mapping[tuple[str, str], Sequence[str]],
    articles: Mapping[str, Article],
) -> Iterator[Suggestion]:
    """The article's term that is nearest to an unknown one."""
    for (term, right), query_ids in unknown.items():
        article = articles[right]
        texts = (article.title, *article.questions)
        own = list(dict.fromkeys(t for text in texts for t in _read(knowledge_base, text).terms))
        # 「扣光」 and 「扣」 are no two words for one thing.
        candidates = [word for word in own if word not in term and term not in word]
        if not candidates:
            continue
        vectors = encoder.encode([normalize(text) for text in [term, *candidates]])
        cosines = vectors[1:] @ vectors[0]
        nearest = int(cosines.argmax())
        if cosines[nearest] >= _SYNONYM:
            yield Suggestion(
                remedy=Remedy.SYNONYM,
                articles=(right,),
                texts=(term, candidates[nearest]),
                query_ids=tuple(query_ids),
                params={"term": term, "word": candidates[nearest], "right": article.title},
            )


def _duplicates(
    encoder: Encoder, confusions: Iterable[Confusion], articles: Mapping[str, Article]
) -> Iterator[Suggestion]:
    """Two articles that are confused and have titles of nearly the same meaning."""
    pairs: dict[tuple[str, ...], list[str]] = {}
    for each in confusions:
        pairs.setdefault(tuple(sorted((each.right, each.rival))), []).extend(each.query_ids)
    for pair, query_ids in pairs.items():
        titles = [articles[name].title for name in pair]
        first, second = encoder.encode([normalize(title) for title in titles])
        if np.dot(first, second) >= _DUPLICATE:
            yield Suggestion(
                remedy=Remedy.DUPLICATE,
                articles=pair,
                texts=(),
                query_ids=tuple(sorted(query_ids)),
                params={"first": titles[0], "second": titles[1]},
            )


def _read(knowledge_base: KnowledgeBase, text: str) -> Query:
    """A text as search understands it."""
    searcher = knowledge_base.searcher
    query, _ = searcher.candidates(text, allowed=searcher.allowed(), context=())
    return query
