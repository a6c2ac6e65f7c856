"""Tests of the readers of the dictionary and of the parallel text."""

from pathlib import Path

import pytest

from kbsearch.training.sources import (
    CEDICT_FILE,
    PARALLEL_FILE,
    Translation,
    parse_cedict,
    parse_parallel,
    read_cedict,
    read_parallel,
)

DATA = Path(__file__).parents[3] / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the training data is not here")


def test_entries_of_one_word_are_joined():
    """Two entries of a word give one gloss, without repetition, four meanings at most."""
    lines = [
        "# comment",
        "行 行 [hang2] /row/line/trade/",
        "行 行 [xing2] /to walk/line/to go/",
    ]
    assert parse_cedict(lines) == {"行": "row; line; trade; to walk"}


def test_glosses_lose_what_is_no_meaning():
    """Measure words, references, surnames, pinyin and remarks are no meaning."""
    lines = [
        "錶 表 [biao3] /wrist watch (abbr.)/CL:塊|块[kuai4]/",
        "劉 刘 [Liu2] /surname Liu/",
        "裏 里 [li3] /variant of 裡|里[li3]/inside (of 某處|某处)/",
        "㐄 㐄 [kua4] /component in Chinese characters, mirror image of 夂[zhi3]/",
    ]
    assert parse_cedict(lines) == {
        "表": "wrist watch",
        "里": "inside",
        "㐄": "component in Chinese characters, mirror image of",
    }


def test_dictionary_words_are_normalised():
    """Words come in the normal form of texts: 3Ｃ is 3c."""
    assert parse_cedict(["3Ｃ 3Ｃ [san1 C] /electronics/"]) == {"3c": "electronics"}


def test_parallel_text_is_cleaned():
    """Format fields go, doubled quotes become one, Chinese is normalised, repeats are dropped."""
    lines = [
        "source\ten\tzh",
        'LuCI\tRemove the ""SD card"" %1$s now\t取出 ""SD 卡"" %1$s',
        'LuCI\tRemove the ""SD card"" now\t取出 ""SD 卡""',
        "x\t{{count}} hits\t{{count}} 筆結果",
    ]
    assert parse_parallel(lines) == [
        Translation('Remove the "SD card" now', '取出 "sd 卡"'),
        Translation("hits", "笔结果"),
    ]


def test_pairs_without_a_translation_are_left_out():
    """A pair whose Chinese is not Chinese, an empty one, and a paragraph teach nothing."""
    rows = ["x\tWi-Fi\tWi-Fi", "x\t%1$s\t好的", f"x\t{'long ' * 60}\t很长"]
    assert parse_parallel(["source\ten\tzh", *rows]) == []


@needs_data
def test_the_real_files_are_read():
    """Most entries of both files are used, and known ones come out as expected."""
    glosses = read_cedict(DATA / CEDICT_FILE)
    assert len(glosses) > 100_000
    assert glosses["空调"] == "air conditioning; air conditioner"
    pairs = read_parallel(DATA / PARALLEL_FILE)
    assert len(pairs) > 90_000
    assert Translation("User Font", "用户字体") in pairs
