"""The word lists of an editor: what they say, and what is wrong with them."""

import pytest

from kbsearch.analysis.dictionaries import (
    DEFAULT_FREQUENCY,
    NAMES,
    PINS,
    STOP_WORDS,
    SYNONYMS,
    USER_DICT,
    Dictionaries,
    default_stop_words,
)
from kbsearch.errors import DictionaryError


@pytest.fixture
def write(tmp_path):
    """Writes a dictionary file and gives its path."""

    def write(name, text, encoding="utf-8"):
        path = tmp_path / name
        path.write_text(text, encoding=encoding)
        return path

    return write


def test_user_words_take_the_form_of_jieba():
    """A word, an optional frequency, an optional tag; comments and empty lines say nothing."""
    dictionaries = Dictionaries(user_dict="# 产品\n腕伴 3000 nz\n\n清风 5\n  常亮显示  \n")
    assert dictionaries.user_words == {"腕伴": 3000, "清风": 5, "常亮显示": DEFAULT_FREQUENCY}


def test_words_are_normalised():
    """Entries meet the text in its normal form: simplified, half-width, lower case."""
    dictionaries = Dictionaries(
        user_dict="腕錶 10", stop_words="請問\nＴＨＥ", synonyms="手錶,ＷＡＴＣＨ"
    )
    assert dictionaries.user_words == {"腕表": 10}
    assert dictionaries.stop_set == {"请问", "the"}
    assert dictionaries.synonym_map == {"手表": ("watch",), "watch": ("手表",)}


def test_comma_joins_words_that_mean_the_same():
    """Every word of a group leads to every other, whichever comma is used."""
    synonyms = Dictionaries(synonyms="手表,腕表，智能表").synonym_map
    assert synonyms == {
        "手表": ("腕表", "智能表"),
        "腕表": ("手表", "智能表"),
        "智能表": ("手表", "腕表"),
    }


def test_arrow_leads_one_way():
    """「掉电 => 耗电,费电」 puts 掉电 also as 耗电 and 费电, and neither of them as 掉电."""
    assert Dictionaries(synonyms="掉电 => 耗电, 费电").synonym_map == {"掉电": ("耗电", "费电")}


def test_lines_about_one_word_add_up():
    """A word may stand in several lines; what it leads to is said once."""
    synonyms = Dictionaries(synonyms="耗电,费电\n耗电 => 掉电,费电").synonym_map
    assert synonyms["耗电"] == ("费电", "掉电")
    assert synonyms["费电"] == ("耗电",)


def test_built_in_stop_words_keep_negations():
    """的 and 怎么办 say nothing about a problem; 不, 没 and 无法 turn its meaning and stay."""
    stop_set = Dictionaries().stop_set
    assert {"的", "怎么办", "请问", "the"} <= stop_set
    assert not {"不", "没", "没有", "无法", "不能"} & stop_set


def test_own_stop_words_replace_the_built_in_list(write):
    """A stop-word file is the whole list."""
    path = write(STOP_WORDS, "# 只有一个\n请问\n")
    assert Dictionaries.read({STOP_WORDS: [path]}).stop_set == {"请问"}


def test_nothing_given_is_the_default():
    """Without files there are the built-in stop words and nothing else."""
    dictionaries = Dictionaries.read({})
    assert dictionaries == Dictionaries()
    assert dictionaries.texts == {
        USER_DICT: "",
        STOP_WORDS: default_stop_words(),
        SYNONYMS: "",
        PINS: "",
    }


def test_files_of_one_name_are_joined(tmp_path, write):
    """Two source folders may each bring a dictionary; a missing line end does not join lines."""
    (tmp_path / "more").mkdir()
    paths = [write(USER_DICT, "腕伴"), write("more/" + USER_DICT, "清风 7")]
    words = Dictionaries.read({USER_DICT: paths}).user_words
    assert words == {"腕伴": DEFAULT_FREQUENCY, "清风": 7}


def test_byte_order_mark_is_no_part_of_a_word(write):
    """Windows editors begin a file with one."""
    path = write(USER_DICT, "腕伴 7\n", encoding="utf-8-sig")
    assert Dictionaries.read({USER_DICT: [path]}).user_words == {"腕伴": 7}


def test_windows_line_ends_change_nothing(tmp_path):
    """The same list saved on Windows has the same hash, so nothing is analysed again."""
    unix, windows = tmp_path / "unix.txt", tmp_path / "windows.txt"
    unix.write_bytes("腕伴 7\n清风\n".encode())
    windows.write_bytes("腕伴 7\r\n清风\r\n".encode())
    first, second = (Dictionaries.read({USER_DICT: [path]}) for path in (unix, windows))
    assert first.hashes == second.hashes


@pytest.mark.parametrize(
    ("name", "text", "code", "lines"),
    [
        (USER_DICT, "腕伴 很多\n清风 0\n好 -3\n可以 1 n x\n腕表 3", "user_word_form", [1, 2, 3, 4]),
        (
            SYNONYMS,
            "# 一\n手表\n掉电 =>\n=> 耗电\n甲 => 乙 => 丙\n甲,乙",
            "synonym_form",
            [2, 3, 4, 5],
        ),
    ],
)
def test_every_bad_line_is_named(write, name, text, code, lines):
    """One error lists all lines that cannot be read, each with file and line."""
    path = write(name, text)
    with pytest.raises(DictionaryError) as caught:
        Dictionaries.read({name: [path]})
    problems = caught.value.problems
    assert [(p.code, p.path, p.line) for p in problems] == [(code, str(path), n) for n in lines]
    assert all(problem.location in str(caught.value) for problem in problems)


def test_bad_text_is_refused_without_a_file():
    """Text given in Python is held to the same form."""
    with pytest.raises(DictionaryError, match=r"synonyms\.txt:1"):
        Dictionaries(synonyms="手表")


def test_missing_file_and_wrong_encoding_are_named_together(tmp_path, write):
    """A file that cannot be read is a problem of its own, and does not hide the next one."""
    gbk = write(SYNONYMS, "手表,腕表", encoding="gb18030")
    missing = tmp_path / USER_DICT
    with pytest.raises(DictionaryError) as caught:
        Dictionaries.read({USER_DICT: [missing], SYNONYMS: [gbk]})
    found = [(problem.code, problem.path) for problem in caught.value.problems]
    assert found == [
        ("dictionary_unreadable", str(missing)),
        ("dictionary_unreadable", str(gbk)),
    ]


def test_hash_follows_the_text():
    """Each list has its own hash, which changes with its text and with nothing else."""
    before, after = Dictionaries(), Dictionaries(synonyms="手表,腕表")
    assert set(before.hashes) == set(NAMES)
    changed = {name for name in NAMES if before.hashes[name] != after.hashes[name]}
    assert changed == {SYNONYMS}
