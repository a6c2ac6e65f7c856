"""The article store: articles by row, and joining that equals storing anew."""

from hypothesis import given
from hypothesis import strategies as st

from kbsearch.article import Article
from kbsearch.index.article_store import ArticleStore

contents = st.dictionaries(
    st.sampled_from(["a", "B", "c-1", "c.2", "d_3", "e"]),
    st.sampled_from(["空调不制冷", "手表没电", "Wi-Fi 6\n第二行", "\u2028\x85 分行符", "😀"]),
)


def store_of(pairs):
    """A store of articles with the given id and title."""
    return ArticleStore.of(Article(id=name, kind="faq", title=title) for name, title in pairs)


@given(contents)
def test_store_gives_back_what_it_was_given(tmp_path_factory, content):
    """Saved and loaded, every article is the same at its row, with its content hash."""
    articles = [Article(id=name, kind="faq", title=t) for name, t in sorted(content.items())]
    folder = tmp_path_factory.mktemp("store")
    ArticleStore.of(articles).save(folder)
    store = ArticleStore.load(folder)
    assert list(store.articles()) == articles
    assert store.ids == tuple(article.id for article in articles)
    hashes = [store.content_hash(row) for row in range(len(articles))]
    assert hashes == [article.content_hash() for article in articles]
    assert [store.row(article.id) for article in articles] == list(range(len(articles)))


def test_every_field_survives(articles, tmp_path):
    """Links, attachments, dates and lists come back as they were."""
    ordered = sorted(articles, key=lambda article: article.id)
    ArticleStore.of(ordered).save(tmp_path)
    assert list(ArticleStore.load(tmp_path).articles()) == ordered


def test_unknown_article_has_no_row():
    """An id that is not in the store has no row."""
    assert store_of([("a", "空调")]).row("b") is None


@given(contents, contents)
def test_joining_equals_storing_anew(tmp_path_factory, merge_plan, files_of, before, after):
    """After any adds, changes and deletes: the store of all articles, byte for byte."""
    old, new = sorted(before.items()), sorted(after.items())
    kept, added, places = merge_plan(old, new)
    joined = ArticleStore.joined([store_of(old), store_of(added)], [kept, places])
    fresh = store_of(new)
    assert (joined.ids, list(joined.articles())) == (fresh.ids, list(fresh.articles()))
    folder = tmp_path_factory.mktemp("joined")
    for name, store in (("joined", joined), ("fresh", fresh)):
        (folder / name).mkdir()
        store.save(folder / name)
    assert files_of(folder / "joined") == files_of(folder / "fresh")
