"""Workers: several processes index what one would have indexed, to the byte."""

import pytest

from kbsearch.adaptation import Adaptation
from kbsearch.analysis.analyzer import Analyzer
from kbsearch.analysis.dictionaries import Dictionaries
from kbsearch.article import Article
from kbsearch.encoders.registry import load_encoder
from kbsearch.indexer import workers
from kbsearch.indexer.content import index_articles
from kbsearch.indexer.workers import index_many
from kbsearch.learning.adaptation import adapt
from kbsearch.settings import VectorSettings

ARTICLES = [
    Article(
        id=f"a{number:03d}",
        kind="faq",
        title=f"{product}{trouble}怎么办",
        questions=(f"我的{product}第 {number} 次{trouble}",),
        body="请关闭常亮显示。" if number % 3 else "",
        tags=(product,),
    )
    for number, (product, trouble) in enumerate(
        (p, t) for p in ("空调", "手表", "门锁", "宽带", "相机") for t in ("没电", "坏了", "反应慢")
    )
]


@pytest.fixture
def analyzer():
    """An analyzer with a word of its own, which the workers must know, too."""
    return Analyzer(Dictionaries(user_dict="常亮显示"))


@pytest.fixture
def encoder(character_settings):
    """A small static encoder."""
    return load_encoder(character_settings.vectors.model)


@pytest.fixture
def few_are_many(monkeypatch):
    """Two workers get four articles at a time."""
    monkeypatch.setattr(workers, "_LEAST_ARTICLES", 8)
    monkeypatch.setattr(workers, "_CHUNK", 4)
    monkeypatch.setattr("os.cpu_count", lambda: 2)


def nobody(stage, done, total):
    """Tells nobody."""


def saved(parts, folder, files_of):
    """The files that parts are written to."""
    folder.mkdir()
    parts.save(folder, VectorSettings())
    return files_of(folder)


@pytest.mark.parametrize("adapted", [False, True])
def test_many_workers_index_what_one_process_does(
    tmp_path, files_of, analyzer, encoder, few_are_many, adapted
):
    """Every file is the same, with the model as it came and with an adapted one."""
    if adapted:
        learned = adapt(encoder, ARTICLES)
        assert isinstance(learned, Adaptation)
        encoder = encoder.adapted(learned)
    reports = []
    many = index_many(ARTICLES, analyzer, encoder, lambda *report: reports.append(report))
    one = index_articles(ARTICLES, analyzer, encoder, nobody)
    assert reports == [("index", done, 4) for done in range(5)]
    files = saved(many, tmp_path / "many", files_of)
    assert files == saved(one, tmp_path / "one", files_of)
    assert "常亮显示" in files["terms.txt"].decode()


def test_few_articles_start_no_worker(analyzer, encoder, few_are_many, monkeypatch):
    """Seven articles are not worth a process."""
    monkeypatch.setattr(workers, "_run", pytest.fail)
    assert len(index_many(ARTICLES[:7], analyzer, encoder, nobody)) == 7


@pytest.mark.parametrize("when", ["at once", "while indexing"])
def test_a_worker_that_dies_says_why(analyzer, encoder, few_are_many, monkeypatch, when):
    """The error carries what the worker complained of; nothing hangs."""
    write_task = workers._write_task

    def spoiled(folder, *arguments):
        write_task(folder, *arguments)
        if when == "at once":
            (folder / "task.json").write_text("{}", encoding="utf-8")
        else:
            (folder / "2.jsonl").write_text('{"id": "broken"}', encoding="utf-8")

    monkeypatch.setattr(workers, "_write_task", spoiled)
    expected = "KeyError: 'dictionaries'" if when == "at once" else "ValidationError"
    with pytest.raises(RuntimeError, match=expected):
        index_many(ARTICLES, analyzer, encoder, nobody)


def test_what_a_worker_prints_disturbs_nobody(
    tmp_path, monkeypatch, analyzer, encoder, few_are_many
):
    """Neither a little on stdout nor more than a pipe holds on stderr."""
    noise = 'import sys; print("hello"); sys.stderr.write("x" * 200_000)'
    (tmp_path / "sitecustomize.py").write_text(noise, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    assert len(index_many(ARTICLES, analyzer, encoder, nobody)) == len(ARTICLES)


def test_workers_import_nothing_from_the_current_folder(
    tmp_path, monkeypatch, analyzer, encoder, few_are_many
):
    """A file of the user's that is called like a module is not run."""
    (tmp_path / "json.py").write_text('raise SystemError("not ours")', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert len(index_many(ARTICLES, analyzer, encoder, nobody)) == len(ARTICLES)
