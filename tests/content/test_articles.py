"""The articles in `corpora/` are what they claim: sound, deep enough, told apart, connected."""

import re
import tomllib
from collections import Counter, defaultdict
from pathlib import Path

from kbsearch.analysis.filters import normalize
from kbsearch.article import Kind
from kbsearch.loaders.source import read_source

ROOT = Path(__file__).parent.parent.parent
HAN = re.compile(r"[\u4e00-\u9fff]")
SENTENCE = re.compile(r"[^。！？\n]{16,}")


def test_articles_have_no_problems(source):
    """`kbsearch validate` finds nothing, not even a warning."""
    assert [f"{found.location}: {found.text()}" for found in source.problems] == []


def test_there_are_enough_articles_of_each_kind(articles):
    """At least 150, and of each of the five kinds at least a tenth of that."""
    kinds = Counter(str(article.kind) for article in articles.values())
    assert kinds.total() >= 150
    assert {kind for kind, count in kinds.items() if count >= 15} == {str(kind) for kind in Kind}


def test_corpus_file_counts_right(industry, articles):
    """corpus.toml has the numbers of the files."""
    path = ROOT / "corpora" / industry / "corpus.toml"
    counts = tomllib.loads(path.read_text(encoding="utf-8"))["articles"]
    kinds = Counter(str(article.kind) for article in articles.values())
    assert counts == {"total": kinds.total(), **kinds}


def test_every_article_can_be_found_and_read(source):
    """Published, in a file of its own name, with a category, 3 to 6 questions and a real body."""
    for article, path in ((entry.article, entry.path) for entry in source.entries):
        assert article.status == "published", article.id
        assert 3 <= len(article.questions) <= 7, article.id
        assert len(HAN.findall(article.body)) >= 200, article.id
        assert article.category, article.id
        assert Path(path).stem == article.id


def test_scripts_are_internal(articles):
    """Wording for agents is not shown to customers."""
    public = [a.id for a in articles.values() if a.kind == "script" and a.visibility == "public"]
    assert public == []


def test_no_two_articles_ask_the_same(articles):
    """A title or similar question stands in one article only: it has one answer."""
    texts = Counter(normalize(text) for a in articles.values() for text in (a.title, *a.questions))
    assert [text for text, count in texts.items() if count > 1] == []


def test_no_sentence_stands_in_two_articles(articles):
    """Articles are written one by one, not filled into a form."""
    owners = defaultdict(set)
    for article in articles.values():
        for sentence in SENTENCE.findall(article.body):
            owners[sentence.strip(" -*#>0123456789.、|")].add(article.id)
    assert {s: ids for s, ids in owners.items() if len(ids) > 1 and len(s) >= 16} == {}


def test_links_connect_the_articles(articles):
    """From any article one comes to nearly all others, if links are followed both ways."""
    neighbours = defaultdict(set)
    for article in articles.values():
        for link in article.links:
            neighbours[article.id].add(link.id)
            neighbours[link.id].add(article.id)
    reached, waiting = set(), [next(iter(articles))]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += neighbours[name]
    assert len(reached) >= 0.98 * len(articles)


def test_faults_lead_on(articles):
    """From nearly every troubleshooting article a link leads to what comes next."""
    faults = [a for a in articles.values() if a.kind == "troubleshooting"]
    leading = [a for a in faults if {str(link.rel) for link in a.links} & {"next_step", "policy"}]
    assert len(leading) >= 0.9 * len(faults)


def test_six_hundred_articles():
    """The four knowledge bases together."""
    sources = (read_source([path.parent]) for path in (ROOT / "corpora").glob("*/corpus.toml"))
    assert sum(len(source.articles) for source in sources) >= 600
