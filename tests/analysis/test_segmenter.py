"""Segmentation: rjieba and jieba are the same segmenter."""

import json
import lzma
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kbsearch.analysis.filters import normalize
from kbsearch.analysis.segmenter import PythonSegmenter, RustSegmenter, open_segmenter

ROOT = Path(__file__).parents[2]
ARTICLES = ROOT.parent / "shared" / "data" / "support_articles_zh.jsonl.xz"
CORPUS = ROOT / "corpora" / "smart_devices"
HAN = re.compile("[\u3005\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af]+")
# New words, known words made rare, known words made frequent, a word inside another.
USER_WORDS = {
    "腕伴": 2000,
    "清风": 5,
    "空调不制冷": 2000,
    "连不上": 1,
    "不上": 100_000,
    "的": 2000,
    "售后": 2000,
    "售后服务网点": 300,
    "续航": 2000,
}


@pytest.fixture(scope="module")
def plain():
    """Both segmenters as they come."""
    return RustSegmenter({}), PythonSegmenter({})


@pytest.fixture(scope="module")
def taught():
    """Both segmenters with the user words."""
    return RustSegmenter(USER_WORDS), PythonSegmenter(USER_WORDS)


def han_runs(text):
    """The distinct Han runs of a text, as the analyzer would hand them over."""
    return sorted(set(HAN.findall(normalize(text))))


def assert_same(segmenters, runs):
    """Both segmenters give the same words at the same places."""
    rust, python = segmenters
    assert runs
    different = [run for run in runs if list(rust.words(run)) != list(python.words(run))]
    assert different == []


@pytest.mark.parametrize("pair", ["plain", "taught"])
def test_same_on_the_corpus(pair, request):
    """On every Han run of corpora/smart_devices, with and without user words."""
    files = sorted(CORPUS.rglob("*.md"))
    runs = han_runs("\n".join(path.read_text(encoding="utf-8") for path in files))
    assert_same(request.getfixturevalue(pair), runs)


@pytest.mark.skipif(not ARTICLES.is_file(), reason=f"needs {ARTICLES}")
def test_same_on_real_articles(taught):
    """On every Han run of 2,742 real support articles, with user words."""
    with lzma.open(ARTICLES, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    assert_same(taught, han_runs("\n".join(f"{row['title']}\n{row['body']}" for row in rows)))


characters = st.characters(
    min_codepoint=0x3400, max_codepoint=0x9FFF, exclude_categories=["Cn"]
) | st.sampled_from("々〇的一不上空调手表\uf900\U00020000\U00030000")


@given(st.text(characters, min_size=1, max_size=12))
def test_same_on_arbitrary_characters(plain, text):
    """Also on rare characters, and on those of other planes."""
    assert_same(plain, [text])


words = st.sampled_from([*USER_WORDS, *"我的手表空调风吹出来不热服务网点", "四里", "和易", "差路"])


@settings(max_examples=300)
@given(st.lists(words, min_size=1, max_size=8).map("".join))
def test_same_around_user_words(taught, text):
    """Also where user words meet, overlap, and change the odds of the words around them."""
    assert_same(taught, [text])


def test_a_replaced_frequency_leaves_the_total():
    """A user word that the dictionary has already does not count twice in the total.

    「四」「里」 beats 「四里」 (22) while 19,090 × 77,054 / total > 22, that is, up to a total of
    66,861,857. The dictionary's is 60,101,964; 6,900,000 for the new word, and 2,000 instead of
    318,825 for 「的」, make 66,685,139. With both frequencies of 「的」 it would be 67,003,964.
    """
    words = {"的": 2000, "腕伴": 6_900_000}
    for segmenter in (RustSegmenter(words), PythonSegmenter(words)):
        assert [word for word, _, _ in segmenter.words("四里")] == ["四", "里"]


@pytest.mark.parametrize("frequency", [7, 2000])
def test_ties_fall_the_same_way(frequency):
    """哈哈哈 is 哈+哈哈 or 哈哈+哈 by the last bit of the total's logarithm; both agree."""
    segmenters = RustSegmenter({"腕伴": frequency}), PythonSegmenter({"腕伴": frequency})
    tripled = [character * 3 for character in "哈谢天慢常看等试刚轻偏仅渐屡往"]
    assert_same(segmenters, [*tripled, *(f"腕伴{run}手表" for run in tripled)])


@pytest.mark.parametrize("name", ["rust", "python"])
def test_search_mode_gives_parts_and_places(name, plain):
    """A long word comes after the words inside it, each with its place."""
    segmenter = plain[0] if name == "rust" else plain[1]
    run = "我在北京大学"
    found = list(segmenter.words(run))
    assert [word for word, _, _ in found] == ["我", "在", "北京", "大学", "北京大学"]
    assert all(run[start:end] == word for word, start, end in found)


@pytest.mark.parametrize("segmenter", [RustSegmenter, PythonSegmenter])
def test_user_words_stay_with_their_segmenter(segmenter):
    """A user word is kept whole, and only by the segmenter that was given it."""
    run = "腕伴连不上"
    taught = segmenter({"腕伴": 2000})
    plain = segmenter({})
    assert "腕伴" in [word for word, _, _ in taught.words(run)]
    assert "腕伴" not in [word for word, _, _ in plain.words(run)]


def test_jieba_writes_no_cache_and_logs_nothing(tmp_path, monkeypatch, caplog, capfd):
    """The cache file in the temp folder, which anybody may write, is not used."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    list(PythonSegmenter({"腕伴": 2000}).words("腕伴手表"))
    assert list(tmp_path.iterdir()) == []
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")


def test_jieba_stands_in_where_rjieba_is_missing(monkeypatch):
    """Without rjieba the analyzer runs on jieba."""
    assert isinstance(open_segmenter({}), RustSegmenter)
    monkeypatch.setattr("kbsearch.analysis.segmenter.find_spec", lambda name: None)
    assert isinstance(open_segmenter({}), PythonSegmenter)
