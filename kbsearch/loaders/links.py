"""Links between articles: which of them lead nowhere."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from kbsearch.article import Article
from kbsearch.errors import Problem


@dataclass(frozen=True, slots=True)
class LinkCheck:
    """What `check_links` found.

    Attributes:
        articles: The articles in the order given, without their broken links.
        problems: One error for each broken link, with `article_id` and field ``links[i].id``, but
            without a path: the caller knows where the articles came from.
    """

    articles: tuple[Article, ...]
    problems: tuple[Problem, ...]


def check_links(
    articles: Iterable[Article], known_ids: Collection[str], *, invalid_ids: Collection[str] = ()
) -> LinkCheck:
    """The articles without broken links, and a problem for each broken link.

    Args:
        articles: Articles to check; they may link to one another.
        known_ids: Ids that a link may lead to besides those of `articles`, such as what is in the
            index already.
        invalid_ids: Ids of articles that exist but were thrown out; a link to one of them is
            ``link_to_invalid``, not ``dangling_link``.
    """
    articles = tuple(articles)
    known = frozenset(known_ids) | {article.id for article in articles}
    checked: list[Article] = []
    problems: list[Problem] = []
    for article in articles:
        targets = {i: link.id for i, link in enumerate(article.links)}
        broken = broken_links(article.id, targets, known, invalid_ids)
        if broken:
            sound = tuple(link for i, link in enumerate(article.links) if i not in broken)
            checked.append(article.model_copy(update={"links": sound}))
        else:
            checked.append(article)
        problems += [
            Problem(code, "", None, f"links[{i}].id", targets[i], article_id=article.id)
            for i, code in broken.items()
        ]
    return LinkCheck(tuple(checked), tuple(problems))


def broken_links(
    article_id: str,
    targets: Mapping[int, str],
    known_ids: Collection[str],
    invalid_ids: Collection[str] = (),
) -> dict[int, str]:
    """Place of each broken link of one article, with its problem code.

    Args:
        article_id: The article that links.
        targets: Place of a link in `links` to the id that it leads to.
        known_ids: Ids that a link may lead to.
        invalid_ids: Ids of articles that exist but were thrown out.

    >>> broken_links("a", {0: "b", 1: "a", 2: "c", 3: "d"}, {"a", "b"}, {"c"})
    {1: 'link_to_itself', 2: 'link_to_invalid', 3: 'dangling_link'}
    """
    broken: dict[int, str] = {}
    for i, target in targets.items():
        if target == article_id:
            broken[i] = "link_to_itself"
        elif target not in known_ids:
            broken[i] = "link_to_invalid" if target in invalid_ids else "dangling_link"
    return broken
