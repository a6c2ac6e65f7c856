"""Tests of errors and problems: the tree as it is drawn, and text in both languages."""

import ast
import inspect
import pickle
import re
import string
from pathlib import Path

import pytest

import kbsearch
from kbsearch import errors, messages
from kbsearch.errors import KBSearchError, Problem, Severity, SnapshotCorruptError, SourceError

ROOT = Path(kbsearch.__file__).parent
CLASSES = {
    name: found
    for name, found in vars(errors).items()
    if inspect.isclass(found) and issubclass(found, KBSearchError) and not name.startswith("_")
}


def raised():
    """(class, key) of every error, and ("Problem", code) of every problem, made in the package."""
    found = set()
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            is_one = name in {*CLASSES, "Problem", "problem", "_problem", "warning", "_invalid"}
            key = node.args[0]
            if is_one and isinstance(key, ast.Constant) and isinstance(key.value, str):
                found.add(("Problem" if name not in CLASSES else name, key.value))
    return found


def test_tree_is_the_one_drawn():
    """The docstring draws every class, each one level below its base."""
    drawn, path = {}, [None]
    for line in errors.__doc__.splitlines():
        if match := re.match(r"    ([ │├└─]*)([A-Z]\w+Error)\b", line):
            depth = len(match[1]) // 4
            path[depth + 1 :] = [match[2]]
            drawn[match[2]] = path[depth]
    bases = {
        name: next((b.__name__ for b in found.__mro__[1:] if b.__name__ in CLASSES), None)
        for name, found in CLASSES.items()
    }
    assert drawn == bases


@pytest.mark.parametrize("name", CLASSES)
def test_error_class_is_used_and_has_text(name):
    """Each class, or one below it, is raised somewhere; its keys have text in both languages."""
    below = {each for each, found in CLASSES.items() if issubclass(found, CLASSES[name])}
    keys = {key for each, key in raised() if each in below}
    assert keys
    for lang in messages.LANGUAGES:
        assert {f"error.{key}" for key in keys} <= set(messages.catalogue(lang))


def test_every_problem_has_text_in_both_languages():
    """Each code that is written in the package stands in both catalogues."""
    codes = {code for name, code in raised() if name == "Problem"}
    assert len(codes) > 20
    for lang in messages.LANGUAGES:
        assert {f"problem.{code}" for code in codes} <= set(messages.catalogue(lang))


@pytest.mark.parametrize("lang", messages.LANGUAGES)
@pytest.mark.parametrize("section", ["error", "problem"])
def test_text_names_what_failed(lang, section):
    """Filled with values, each text holds every one of them: file, value, reason."""
    for key, template in messages.catalogue(lang).items():
        if key.startswith(f"{section}."):
            names = {name for _, name, _, _ in string.Formatter().parse(template) if name}
            text = messages.text(key, lang, {name: f"<{name}>" for name in names})
            assert all(f"<{name}>" in text for name in names), key


def test_chinese_texts_are_chinese_and_english_ones_are_not():
    """A text that was never translated would be found out; names and examples are let through."""
    for key, text in messages.catalogue("zh").items():
        if key.startswith(("error.", "problem.")):
            assert re.search(r"[\u4e00-\u9fff]", text), key
    for key, text in messages.catalogue("en").items():
        if key.startswith(("error.", "problem.")):
            assert len(re.findall(r"[\u4e00-\u9fff]", text)) < len(text) / 4, key


def test_error_speaks_english_by_itself_and_chinese_on_request():
    """`str` is for logs of developers, `text` for what the CLI prints."""
    error = SnapshotCorruptError("file_missing", {"file": "terms.txt", "snapshot": "000001-ab"})
    assert str(error) == error.text("en")
    assert "terms.txt" in error.text("zh")
    assert error.text("zh") != error.text("en")
    assert (error.key, error.params["file"]) == ("file_missing", "terms.txt")


def test_source_error_lists_every_problem():
    """Its text counts the problems and has one line for each, with its place."""
    problems = [
        Problem("missing_field", "a.md", 3, "title"),
        Problem("bad_date", "b.jsonl", None, "valid_from", "明天"),
    ]
    error = SourceError("source_invalid", problems)
    assert error.problems == tuple(problems)
    for lang in messages.LANGUAGES:
        first, *lines = error.text(lang).split("\n")
        assert "2" in first
        assert [line.partition(": ")[0] for line in lines] == ["a.md:3", "b.jsonl"]
        assert "明天" in lines[1]


def test_problem_says_where_it_is():
    """File and line, or the file where the whole of it is meant; an error if not said."""
    assert Problem("empty_body", "a.md", 7).location == "a.md:7"
    assert Problem("empty_body", "a.md").location == "a.md"
    assert Problem("empty_body", "a.md").severity is Severity.ERROR


@pytest.mark.parametrize(("length", "kept"), [(80, 80), (81, 80), (100_000, 80)])
def test_long_value_is_shortened(length, kept):
    """At most 80 characters of a value are kept; a cut is marked."""
    value = Problem("bad_id", "a.md", value="长" * length).value
    assert len(value) == kept
    assert value.endswith("…") == (length > 80)


def test_values_with_braces_are_shown_as_they_are():
    """What an editor wrote is no placeholder."""
    problem = Problem("bad_id", "a.md", value="{value} {0} {", field="id")
    assert "{value} {0} {" in problem.text("zh")
    assert "{value} {0} {" in problem.text("en")


def test_unknown_key_is_a_fault_of_the_program():
    """An error without text must not be made."""
    with pytest.raises(KeyError):
        KBSearchError("no_such_key")


@pytest.mark.parametrize("name", CLASSES)
def test_every_error_is_one_of_ours(name):
    """`except KBSearchError` catches them all; wrong filters and settings are arguments, too."""
    assert issubclass(CLASSES[name], KBSearchError)
    assert issubclass(CLASSES[name], ValueError) == (name in {"FilterError", "SettingsError"})


def test_errors_survive_a_process_pool():
    """Pickled and read back, as between worker processes, an error keeps its text."""
    plain = SnapshotCorruptError("file_altered", {"file": "x", "snapshot": "y"})
    listed = SourceError("source_invalid", [Problem("empty_body", "a.md")])
    for error in (plain, listed):
        assert pickle.loads(pickle.dumps(error)).text("zh") == error.text("zh")
