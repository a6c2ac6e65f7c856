"""Tests of wrong use: typer's refusals in the reader's language."""

import re

import pytest

WRONG = [
    (["search"], "缺少参数 TEXT"),
    (["search", "空调"], "缺少选项 --index"),
    (["search", "空调", "--nonsense"], "没有选项 --nonsense"),
    (["search", "空调", "--contxt", "x"], "是否想写 --context"),
    (["nonsense"], "没有命令 nonsense"),
    (["serch"], "是否想写 'search'"),
    (["search", "a", "b", "--index", "x"], "多余的参数：b"),
    (["search", "--index"], "--index 需要一个值"),
    (["search", "a", "--explain=3"], "--explain 不带值"),
    (["search", "a", "--index", "x", "--top", "0"], "--top 的值不对：不应小于 1"),
    (["search", "a", "--index", "x", "--top", "二"], "--top 的值不对：应是整数"),
    (["convert", "q", "--to", "foo", "--out", "x"], "「foo」不在可选范围内：'jsonl'"),
]


@pytest.mark.parametrize(("arguments", "part"), WRONG)
def test_wrong_use_is_told_in_chinese(run, arguments, part):
    """Exit code 2, nothing on stdout, the error and no English sentence on stderr."""
    result = run(*arguments)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("错误：")
    assert part in result.err
    assert not re.search(r"Missing|No such|Invalid|should|Error", result.err)


@pytest.mark.parametrize("arguments", [arguments for arguments, _ in WRONG])
def test_wrong_use_is_told_in_english(run, arguments):
    """Without a Chinese character but those that were typed."""
    result = run(*arguments, "--lang", "en")
    assert result.code == 2
    assert result.err.startswith("Error: ")
    assert not re.search(r"[\u4e00-\u9fff]", result.err.replace("二", ""))


def test_where_help_is(run):
    """The command that was meant."""
    assert "kbsearch search --help" in run("search").err


def test_nothing_asked_for_gives_help(run):
    """All commands, and exit code 2."""
    result = run()
    assert result.code == 2
    assert "recommend" in result.out + result.err
