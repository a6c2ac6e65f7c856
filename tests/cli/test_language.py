"""Tests of the language: Chinese unless asked for English, for every command and option."""

import re

import pytest
import typer

from kbsearch.cli import application
from kbsearch.cli.console import Console

HAN = re.compile(r"[\u4e00-\u9fff]")
CONTRACT = {
    *("validate", "build", "search", "recommend", "eval", "compare"),
    *("info", "verify", "snapshots", "rollback", "gc"),
}


def commands(lang):
    """Name → command, as built for a language."""
    return typer.main.get_command(application(Console(lang))).commands


COMMANDS = sorted(commands("zh"))


def test_commands_of_the_contract_are_there():
    """Editors' scripts call these by name."""
    assert set(COMMANDS) >= CONTRACT


@pytest.mark.parametrize("name", COMMANDS)
def test_command_and_its_options_have_help_in_both_languages(name):
    """In Chinese each text has Chinese in it, in English none has, but for examples of values."""
    chinese, english = commands("zh")[name], commands("en")[name]
    texts = [(chinese.help, english.help)]
    for ours, theirs in zip(chinese.params, english.params, strict=True):
        if "--help" not in ours.opts:
            texts.append((ours.help, theirs.help))
    for in_chinese, in_english in texts:
        assert HAN.search(in_chinese)
        assert in_english
        assert len(HAN.findall(in_english)) < 3


@pytest.mark.parametrize("name", COMMANDS)
def test_help_is_printed_in_the_language_asked_for(run, name):
    """`kbsearch COMMAND --help` shows it and exits with 0."""
    for options, lang in (([], "zh"), (["--lang", "en"], "en")):
        result = run(name, "--help", *options)
        assert result.code == 0
        assert commands(lang)[name].help in result.out


def test_overview_lists_every_command(run):
    """`kbsearch --help` names all commands with their help; alone it shows them, too."""
    for arguments in (["--help"], []):
        result = run(*arguments)
        shown = result.out + result.err
        for name, command in commands("zh").items():
            assert name in shown
            assert command.help in shown


ENGLISH = [
    ["--lang", "en", "search", "空调", "--index", "INDEX"],
    ["search", "--lang", "en", "空调", "--index", "INDEX"],
    ["search", "空调", "--lang=en", "--index", "INDEX"],
    ["search", "空调", "--index", "INDEX", "--lang", "en"],
]


@pytest.mark.parametrize("arguments", ENGLISH)
def test_lang_may_stand_anywhere(run, built, arguments):
    """Before the command, after it, between its options, with a blank or an equals sign."""
    result = run(*(built if part == "INDEX" else part for part in arguments))
    assert result.code == 0
    assert "score" in result.out
    assert "Decision" in result.out
    assert "得分" not in result.out


def test_chinese_is_the_default(run, built):
    """Without a word about language, results and errors are Chinese."""
    result = run("search", "空调", "--index", built)
    assert "得分" in result.out
    assert "判断" in result.out
    assert (
        run("search", "空调", "--index", built, "--lang", "zh").out.splitlines()[:-1]
        == (
            result.out.splitlines()[:-1]  # the last line has the time it took
        )
    )
    missing = run("search", "空调", "--index", "/no/such/folder")
    assert missing.err.startswith("错误：")


def test_errors_are_english_on_request(run):
    """The text of an error comes from the same catalogue."""
    result = run("search", "空调", "--index", "/no/such/folder", "--lang", "en")
    assert result.err.startswith("Error: nothing is published")


def test_environment_sets_the_default(run, built, monkeypatch):
    """KBSEARCH_LANG chooses English for good; `--lang` overrides it."""
    monkeypatch.setenv("KBSEARCH_LANG", "en")
    assert "score" in run("search", "空调", "--index", built).out
    assert "得分" in run("search", "空调", "--index", built, "--lang", "zh").out


@pytest.mark.parametrize("arguments", [["--lang", "fr", "info"], ["info", "--lang"], ["--lang="]])
def test_unknown_language_is_wrong_use(run, arguments):
    """Exit code 2, and the languages there are."""
    result = run(*arguments)
    assert (result.code, result.out) == (2, "")
    assert "zh" in result.err
    assert "en" in result.err


def test_problems_are_told_in_either_language(run, tmp_path):
    """The same fault, once with Chinese and once with English words around the same value."""
    path = tmp_path / "a.jsonl"
    path.write_text('{"id": "a", "kind": "fqa", "title": "title", "body": "body"}\n')
    chinese, english = run("validate", path), run("validate", path, "--lang", "en")
    assert (chinese.code, english.code) == (1, 1)
    for result in (chinese, english):
        assert "fqa" in result.out
    assert HAN.search(chinese.out)
    assert not HAN.search(english.out)


def test_json_does_not_depend_on_the_language(run, built):
    """Names and values are the same for programs, whatever people read."""
    documents = [
        run("info", "--index", built, "--json", "--lang", lang).document for lang in ("zh", "en")
    ]
    assert documents[0] == documents[1]


def test_version_is_that_of_the_package(run):
    """`kbsearch --version` prints it and nothing else."""
    from importlib.metadata import version

    result = run("--version")
    assert (result.code, result.out) == (0, version("kbsearch") + "\n")


@pytest.mark.parametrize("arguments", [["nonsense"], ["search", "--nonsense"], ["--nonsense"]])
def test_unknown_command_or_option_is_wrong_use(run, arguments):
    """Exit code 2, on stderr, without a traceback."""
    result = run(*arguments)
    assert (result.code, result.out) == (2, "")
    assert "nonsense" in result.err
