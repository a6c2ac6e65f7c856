"""Links that lead nowhere."""

from datetime import date

from kbsearch.article import Article, Kind, Link, Relation
from kbsearch.loaders.links import check_links


def article(id, *targets):
    """An article with links to `targets`."""
    links = tuple(Link(rel=Relation.SEE_ALSO, id=target) for target in targets)
    return Article(id=id, kind=Kind.FAQ, title="标题", updated_at=date(2026, 3, 1), links=links)


def test_links_within_the_articles_and_to_known_ids_stay():
    """A link may lead to another given article or to a known id; then nothing is touched."""
    articles = (article("a", "b", "old"), article("b", "a"))
    checked = check_links(articles, {"old"})
    assert checked.articles == articles
    assert checked.problems == ()


def test_each_broken_link_is_reported_and_dropped():
    """A broken link is named by its place and cause, and only it leaves its article."""
    checked = check_links(
        [article("a", "x", "b", "a", "bad"), article("b")], (), invalid_ids={"bad"}
    )
    assert checked.articles == (article("a", "b"), article("b"))
    assert [(p.code, p.field, p.value, p.article_id) for p in checked.problems] == [
        ("dangling_link", "links[0].id", "x", "a"),
        ("link_to_itself", "links[2].id", "a", "a"),
        ("link_to_invalid", "links[3].id", "bad", "a"),
    ]


def test_nothing_gives_nothing():
    """No articles: no articles and no problems."""
    checked = check_links([], ())
    assert (checked.articles, checked.problems) == ((), ())
