"""Threads that search while another one updates: no error, and never half of an update."""

import threading

import pytest

from kbsearch import KnowledgeBase, Settings
from kbsearch.article import Article
from kbsearch.indexer import new_content
from kbsearch.settings import VectorSettings

_UPDATES = 12
_PAIR = ("pair-1", "pair-2")


def pair(version: int) -> list[Article]:
    """Two articles that are always updated together, and say so in their titles."""
    titles = ("净水器滤芯多久换一次", "净水器滤芯换了还漏水")
    return [
        Article(id=name, kind="faq", title=f"{title}（第 {version} 版）", version=version)
        for name, title in zip(_PAIR, titles, strict=True)
    ]


def others(count: int) -> list[Article]:
    """Articles that stay as they are."""
    return [
        Article(id=f"other-{n:03}", kind="faq", title=f"{n} 号灯带怎么调亮度", body="长按开关。")
        for n in range(count)
    ]


@pytest.fixture
def index_dir(tmp_path, monkeypatch):
    """An index whose updates go into a second segment."""
    monkeypatch.setattr(new_content, "_LARGE", 10)
    monkeypatch.setattr(new_content, "_MOST_RECENT", 0.5)
    settings = Settings(vectors=VectorSettings(adapt=False))
    KnowledgeBase.build([*others(30), *pair(1)], tmp_path, settings=settings)
    return tmp_path


@pytest.mark.parametrize("texts", [1, 40])
def test_no_search_sees_half_of_an_update(index_dir, texts):
    """Two threads search while a third updates a pair: both are always of one version."""
    ours = KnowledgeBase.open(index_dir)
    seen: set[tuple[str, frozenset[str]]] = set()
    failures: list[BaseException] = []
    stop = threading.Event()

    def search() -> None:
        try:
            while not stop.is_set():
                responses = ours.search_many(["净水器滤芯"] * texts, top_k=2)
                assert len({response.snapshot_id for response in responses}) == 1
                for response in responses:
                    assert {hit.article_id for hit in response.hits} == set(_PAIR)
                    versions = frozenset(hit.title.partition("（")[2] for hit in response.hits)
                    seen.add((response.snapshot_id, versions))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=search) for _ in range(2)]
    for thread in threads:
        thread.start()
    published = {ours.snapshot_id: frozenset({"第 1 版）"})}
    for version in range(2, _UPDATES):
        ours.update(pair(version))
        published[ours.snapshot_id] = frozenset({f"第 {version} 版）"})
    stop.set()
    for thread in threads:
        thread.join()
    assert not failures
    assert len(seen) > 1
    assert seen <= set(published.items())
    assert ours.info().contents.segments == ("main", "recent")


def test_an_open_snapshot_answers_as_a_whole(index_dir):
    """What one thread holds open stays at its version while another updates and collects."""
    reader, writer = KnowledgeBase.open(index_dir), KnowledgeBase.open(index_dir)
    before = reader.snapshot_id
    failures: list[BaseException] = []
    stop = threading.Event()

    def search() -> None:
        try:
            while not stop.is_set():
                response = reader.search("净水器滤芯", top_k=2)
                assert response.snapshot_id == before
                assert {reader.article(name).version for name in _PAIR} == {1}
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=search) for _ in range(2)]
    for thread in threads:
        thread.start()
    for version in range(2, 5):
        writer.update(pair(version))
    stop.set()
    for thread in threads:
        thread.join()
    assert not failures
    assert reader.reload()
    assert {reader.article(name).version for name in _PAIR} == {4}
