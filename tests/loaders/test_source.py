"""A whole source."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kbsearch.loaders.source import READERS, read_source

PAGE = "<title>标题</title><body>正文</body>"
CSV = "id,kind,title,body\nd,faq,标题,正文\n"


def test_all_formats_of_a_folder_give_one_sorted_source(write, tmp_path, jsonl):
    """Files of every format are read together; entries are sorted by id, each with its place."""
    write("z/a.jsonl", jsonl({"id": "c"}, {"id": "a"}))
    write("y.md", "---\nid: b\nkind: faq\ntitle: 标题\n---\n正文")
    write("x.csv", CSV)
    write("e.html", PAGE)
    source = read_source([tmp_path])
    assert source.problems == ()
    places = [(e.article.id, Path(e.path).name, e.line) for e in source.entries]
    assert places == [
        ("a", "a.jsonl", 2),
        ("b", "y.md", None),
        ("c", "a.jsonl", 1),
        ("d", "x.csv", 2),
        ("e", "e.html", None),
    ]
    assert [article.id for article in source.articles] == ["a", "b", "c", "d", "e"]


def test_second_use_of_an_id_is_the_error(write, tmp_path, found, jsonl):
    """Of two articles with one id, in one file or two, the first is used and named."""
    write("a.jsonl", jsonl({"id": "x"}, {"id": "x"}))
    write("b.jsonl", jsonl({"id": "y"}, {"id": "x"}))
    source = read_source([tmp_path / "b.jsonl", tmp_path / "a.jsonl"])  # order does not matter
    assert found(source) == [(2, "duplicate_id", "id"), (2, "duplicate_id", "id")]
    assert [Path(problem.path).name for problem in source.problems] == ["a.jsonl", "b.jsonl"]
    assert all(p.params["first"] == f"{tmp_path}/a.jsonl:1" for p in source.problems)
    assert [article.id for article in source.articles] == ["x", "y"]


def test_articles_without_an_id_are_no_duplicates(read, found, jsonl):
    """Two articles that both lack an id lack an id; that is all."""
    lines = jsonl({"id": ""}, {"id": ""}, {"id": 5}, {"id": 5})
    codes = [code for _, code, _ in found(read("a.jsonl", lines))]
    assert codes == ["bad_id", "bad_id", "not_text", "not_text"]


def test_broken_links_cost_the_link_and_not_the_article(read, found, jsonl):
    """Dangling links, links to itself and to thrown-out articles are errors; the article stays."""

    def links(*ids):
        return [{"rel": "see_also", "id": id} for id in ids]

    lines = jsonl(
        {"id": "a", "links": links("nowhere", "b", "a", "c", "d")},
        {"id": "b", "links": links("a")},
        {"id": "c", "kind": "qa", "links": links("b", "nowhere", "c")},
        {"id": "d"},
        {"id": "d"},
    )
    source = read("a.jsonl", lines)
    assert found(source) == [
        (1, "dangling_link", "links[0].id"),
        (1, "link_to_itself", "links[2].id"),
        (1, "link_to_invalid", "links[3].id"),
        (3, "bad_enum", "kind"),
        (3, "dangling_link", "links[1].id"),
        (3, "link_to_itself", "links[2].id"),
        (5, "duplicate_id", "id"),
    ]
    assert len(source.errors) == 7
    articles = {article.id: [link.id for link in article.links] for article in source.articles}
    assert articles == {"a": ["b", "d"], "b": ["a"], "d": []}


def test_attachments_are_looked_for_beside_the_article(write, tmp_path, found, jsonl):
    """A path is relative to the article's own file, upwards too; a folder is no attachment."""
    write("pics/a.png", b"")

    def attachment(path):
        return {"attachments": [{"type": "image", "path": path}]}

    write("sub/a.jsonl", jsonl(attachment("../pics/a.png"), attachment("pics/a.png")))
    write(
        "b.jsonl", jsonl({**attachment("pics/a.png"), "id": "b"}, {**attachment("pics"), "id": "c"})
    )
    source = read_source([tmp_path])
    assert found(source) == [
        (2, "attachment_missing", "attachments[0].path"),
        (2, "attachment_missing", "attachments[0].path"),
    ]
    assert [article.id for article in source.articles] == ["a1", "b"]


def test_files_without_articles_are_warnings(write, tmp_path, names):
    """An empty file of lines or rows does not stop a build, but is named."""
    write("a.jsonl", "\n\n")
    write("b.csv", "id,kind,title\n")
    source = read_source([tmp_path])
    assert names(source) == [("a.jsonl", "no_articles"), ("b.csv", "no_articles")]
    assert source.errors == ()


def test_no_paths_give_an_empty_source():
    """Nothing to read: no entries and no problems."""
    source = read_source([])
    assert (source.entries, source.problems, source.articles, source.errors) == ((), (), (), ())


def test_reading_twice_gives_the_same(write, tmp_path, jsonl):
    """The same files give equal sources: nothing depends on the order of a folder."""
    for name in ("c", "a", "b"):
        write(f"{name}.jsonl", jsonl({"id": name}, {"id": "same"}, {"kind": "?"}))
    assert read_source([tmp_path]) == read_source([tmp_path])


@pytest.mark.parametrize("suffix", sorted(READERS))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary() | st.text().map(lambda text: text.encode("utf-8", "replace")))
def test_arbitrary_bytes_never_raise(tmp_path, suffix, content):
    """Whatever a file of any format holds, reading gives articles or problems that print."""
    path = tmp_path / f"a{suffix}"
    path.write_bytes(content)
    source = read_source([path])
    assert source.entries or source.problems
    for problem in source.problems:
        assert problem.text("zh").isprintable() or "　" in problem.text("zh")
        problem.text("en").encode()
