"""Pinyin: the table is pypinyin's."""

from pypinyin import lazy_pinyin

from kbsearch.analysis.pinyin import syllables
from kbsearch.training.readings import _common


def test_every_common_character_is_read_as_pypinyin_reads_it():
    """All 6,763 characters of GB 2312, one by one."""
    characters = [*_common()]
    assert len(set(characters)) == len(characters) == 6763
    assert [*syllables("".join(characters))] == [lazy_pinyin(each)[0] for each in characters]


def test_text_is_read_character_by_character():
    """牌 and 排 are read the same; tones do not count, and ü is typed as v."""
    assert syllables("牌水") == syllables("排水") == ("pai", "shui")
    assert syllables("妈麻马骂旅") == ("ma", "ma", "ma", "ma", "lv")


def test_what_has_no_reading_stands_for_itself():
    """Letters, digits, marks and rare characters sound like nothing else."""
    assert syllables("a1，龘") == ("a", "1", "，", "龘")
    assert syllables("") == ()
