"""Paths to files, bytes to text."""

import os

import pytest

from kbsearch.loaders import files
from kbsearch.loaders.draft import SourceFile
from kbsearch.loaders.files import find_files, read_text
from kbsearch.loaders.source import read_source

MD = "---\nid: a\nkind: faq\ntitle: 标题\n---\n正文"


def test_folder_gives_its_files_sorted_without_hidden_ones_and_readme(write, tmp_path):
    """Subfolders are searched; hidden files and folders, lock files, README.md, others are not."""
    wanted = ["b.md", "sub/a.JSONL", "sub/deep/c.html"]
    for name in [*wanted, ".x.md", ".git/y.md", "~$t.xlsx", "README.md", "sub/readme.md", "p.png"]:
        write(name, "")
    found, problems = find_files([tmp_path], {".md", ".jsonl", ".html", ".xlsx"})
    assert [file.path.relative_to(tmp_path).as_posix() for file in found] == wanted
    assert problems == []


def test_named_readme_is_read(read, found):
    """README.md is skipped in folders only: a file that is named is meant."""
    source = read("README.md", MD)
    assert [article.id for article in source.articles] == ["a"]


def test_file_reached_twice_is_read_once(write, tmp_path):
    """A folder and a file in it, however spelt, give the file once: no false duplicate ids."""
    path = write("sub/a.md", MD)
    source = read_source([tmp_path, path, tmp_path / "sub" / ".." / "sub" / "a.md"])
    assert len(source.entries) == 1
    assert source.problems == ()


def test_bad_paths_are_problems(write, tmp_path, names, found):
    """A missing path, an unknown suffix and an empty folder are each named; the rest is read."""
    write("empty/notes.txt", "x")
    write("a.md", MD)
    source = read_source(
        [tmp_path / name for name in ("nowhere", "empty", "empty/notes.txt", "a.md", "nul\0.md")]
    )
    assert sorted(names(source)) == [
        ("empty", "empty_folder"),
        ("notes.txt", "unknown_suffix"),
        ("nowhere", "path_not_found"),
        ("nul\0.md", "path_not_found"),
    ]
    assert [article.id for article in source.articles] == ["a"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_pipe_is_no_file(tmp_path):
    """A named pipe, from which reading would never return, is not read."""
    os.mkfifo(tmp_path / "a.md")
    assert [p.code for p in read_source([tmp_path]).problems] == ["empty_folder"]
    assert [p.code for p in read_source([tmp_path / "a.md"]).problems] == ["path_not_found"]


def test_single_path_is_a_wrong_argument(tmp_path):
    """A lone path instead of a list is a ValueError: a string would be read letter by letter."""
    with pytest.raises(ValueError, match="list of paths"):
        read_source("folder")
    with pytest.raises(ValueError, match="list of paths"):
        read_source(tmp_path)


def test_byte_order_mark_and_line_ends_are_accepted(write):
    r"""A BOM is dropped, and \r\n and \r become \n."""
    path = write("a.md", b"\xef\xbb\xbfa\r\nb\rc\n")
    assert read_text(SourceFile(path, "a.md")) == "a\nb\nc\n"


@pytest.mark.parametrize(
    ("content", "code", "line", "byte"),
    [
        ("a\nb\n标题".encode("gb18030"), "wrong_encoding_gb18030", 3, "0xB1"),  # 标 is B1 EA
        ("标题".encode("utf-16"), "wrong_encoding_utf16", 1, "0xFF"),
        (b"ok\n\x89PNG\r\n\x1a\n\x00\x00", "wrong_encoding", 2, "0x89"),
        ("标题".encode()[:-1], "wrong_encoding", 1, "0xE9"),  # 题 is E9 A2 98, cut short
    ],
)
def test_wrong_encoding_names_line_and_byte(read, found, content, code, line, byte):
    """A file that is no UTF-8 is not used; line, byte and a likely encoding are named."""
    source = read("a.csv", content)
    assert found(source) == [(line, code, "")]
    assert source.problems[0].value == byte
    assert byte in source.problems[0].text("zh")


def test_too_large_file_is_not_read(read, found, monkeypatch):
    """A file beyond the limit is refused by its size, before it is read."""
    monkeypatch.setattr(files, "MAX_BYTES", 10)
    assert found(read("a.md", MD)) == [(None, "file_too_large", "")]


def test_unreadable_file_is_a_problem(write, found, monkeypatch):
    """An error of the operating system becomes a problem with its reason."""
    path = write("a.md", MD)

    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "read_bytes", refuse)
    source = read_source([path])
    assert found(source) == [(None, "unreadable", "")]
    assert "Permission denied" in source.problems[0].text("en")
