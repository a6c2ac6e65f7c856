"""Tests of BEIR folders."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbsearch.article import Article
from kbsearch.evaluation.formats import beir
from kbsearch.evaluation.formats.article_ids import slug_of

CORPUS = (
    '{"_id": "4983", "title": "White matter", "text": "Alterations.", "metadata": {}}\n'
    '{"_id": "文档 1", "title": "", "text": "空调不凉怎么办？先看模式。"}\n'
    '{"_id": 7, "text": "' + "长" * 70 + '"}\n'
)
QUERIES = '{"_id": "0", "text": "空调", "metadata": {}}\n{"_id": "train", "text": "不在本集"}\n'
QRELS = "query-id\tcorpus-id\tscore\n0\t文档 1\t1\n0\t4983\t0\n"


@pytest.fixture
def folder(tmp_path):
    """A folder as BEIR has it: three documents, one judged query, one of another split."""
    (tmp_path / "qrels").mkdir()
    for name, content in (
        ("corpus.jsonl", CORPUS),
        ("queries.jsonl", QUERIES),
        ("qrels/test.tsv", QRELS),
    ):
        (tmp_path / name).write_text(content, encoding="utf-8")
    return tmp_path


def test_queries_of_the_split_are_read(folder):
    """Not those of other splits; the article's id is mapped as in the corpus."""
    (query,) = beir.read_query_set(folder).queries
    assert (query.id, query.text, query.relevant) == ("0", "空调", {slug_of("文档 1"): 1})


def test_articles_are_read(folder):
    """The title, or the first sentence, at most 60 characters; the text is the body."""
    found = [(article.id, article.title, article.body) for article in beir.read_articles(folder)]
    assert found == [
        ("4983", "White matter", "Alterations."),
        (slug_of("文档 1"), "空调不凉怎么办？", "空调不凉怎么办？先看模式。"),
        ("7", "长" * 60, "长" * 70),
    ]


def test_corpus_is_streamed(folder):
    """The first article comes before the last line is looked at."""
    with (folder / "corpus.jsonl").open("a", encoding="utf-8") as file:
        file.write("{broken")
    assert next(beir.read_articles(folder)).id == "4983"


def test_split_is_test_or_the_only_one_or_named(folder, problems):
    """Several without test.tsv are not guessed at."""
    qrels = folder / "qrels"
    (qrels / "test.tsv").rename(qrels / "dev.tsv")
    assert len(beir.read_query_set(folder).queries) == 1
    (qrels / "train.tsv").write_text("query-id\tcorpus-id\tscore\ntrain\t7\t1\n", encoding="utf-8")
    assert problems(beir.read_query_set, folder) == [("beir_splits", None, "dev.tsv train.tsv")]
    assert beir.read_query_set(qrels / "train.tsv").queries[0].id == "train"


@given(data=st.data())
def test_folder_comes_back(data, query_sets, tmp_path_factory):
    """Ids, texts and grades survive, with articles of any id."""
    query_set = data.draw(query_sets)
    root = tmp_path_factory.mktemp("beir")
    names = sorted({slug_of(name) for query in query_set.queries for name in query.relevant})
    articles = [Article(id=name, kind="faq", title=name, body="正文。") for name in names]
    queries = [
        query.model_copy(update={"relevant": {slug_of(a): g for a, g in query.relevant.items()}})
        for query in query_set.queries
    ]
    beir.write(type(query_set).of("x", queries), articles, root)
    assert list(beir.read_query_set(root).queries) == queries
    assert list(beir.read_articles(root)) == articles
    written = [
        json.loads(line)["_id"] for line in (root / "corpus.jsonl").read_text("utf-8").splitlines()
    ]
    assert set(written) == {name for query in query_set.queries for name in query.relevant}


def test_queries_to_decline_are_written_without_judgments(full_set, articles, tmp_path):
    """They are in queries.jsonl; similar questions are in the text."""
    beir.write(full_set, articles, tmp_path)
    queries = (tmp_path / "queries.jsonl").read_text("utf-8")
    assert '{"_id": "3", "text": "股票"}' in queries
    qrels = (tmp_path / "qrels" / "test.tsv").read_text("utf-8")
    assert qrels == "query-id\tcorpus-id\tscore\n1\tac\t2\n1\trepair\t1\n2\twatch\t3\n"
    first = json.loads((tmp_path / "corpus.jsonl").read_text("utf-8").split("\n")[0])
    assert first["text"].startswith("空调吹出来的风不凉\n")


@pytest.mark.parametrize(
    ("name", "line", "expected"),
    [
        ("queries.jsonl", '{"_id": "0"', "evaluation_json"),
        ("queries.jsonl", '{"_id": "0"}', "beir_line"),
        ("queries.jsonl", "[]", "beir_line"),
        ("corpus.jsonl", '{"_id": "a", "text": 3}', "beir_line"),
        ("corpus.jsonl", '{"_id": "a", "title": " ", "text": ""}', "beir_article"),
        ("corpus.jsonl", '{"_id": "", "text": "x"}', "beir_id"),
        ("qrels/test.tsv", "0\ta", "beir_qrels_form"),
        ("qrels/test.tsv", "0\ta\tx", "grade_form"),
        ("qrels/test.tsv", "0\t" + "x" * 200 + "\t1", "beir_id"),
    ],
)
def test_bad_line_is_named(folder, problems, name, line, expected):
    """The file and the line, whichever of the three it is."""
    path = folder / name
    lines = path.read_text("utf-8").split("\n")[:-1]
    path.write_text("\n".join([*lines, line]), encoding="utf-8")
    read = beir.read_articles if name == "corpus.jsonl" else beir.read_query_set
    found = problems(lambda _: read(folder), path)
    assert [each[:2] for each in found] == [(expected, len(lines) + 1)]


def test_parquet_is_refused_by_name(tmp_path, problems):
    """With what to do; and what is missing otherwise."""
    assert problems(beir.read_query_set, tmp_path) == [
        ("beir_file_missing", None, "qrels/test.tsv")
    ]
    (tmp_path / "corpus.parquet").touch()
    assert problems(beir.read_query_set, tmp_path) == [("beir_parquet", None, "corpus.parquet")]
