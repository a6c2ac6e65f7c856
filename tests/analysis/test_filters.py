"""Normalisation: one normal form, and the way back to the original."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbsearch.analysis.filters import normalize, normalize_with_offsets

# Characters that fold, combine, vanish, or lower differently by context.
TROUBLE = [
    *"aA9 \t\n\x00é①℃㎏ﬁ½İΣσς–—−·空调頭髮乾隆々〇ＡＺ９！～…　",
    *"\u00ad\u200b\u200d\ufe0f\ufeff\ud800\U000e0100",  # invisible, lone surrogate, variation
    *"\u0301\u0316\u0308\u302a\u3099\uff9e",  # marks
    *"ｶﾊかは\u1100\u1161\u11a8\u09c7\u09be",  # characters that take marks, and halves of syllables
]
texts = st.text() | st.text(st.characters(codec=None)) | st.text(st.sampled_from(TROUBLE))


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("我的手錶連不上ＷｉＦｉ", "我的手表连不上wifi"),
        ("空調顯示Ｅ４，怎麼辦？", "空调显示e4,怎么办?"),
        ("PPR—9087 和 PPR－9087", "ppr-9087 和 ppr-9087"),
        ("２０℃以下", "20°c以下"),
        ("容量５㎏", "容量5kg"),
        ("第①步", "第1步"),
        ("", ""),
    ],
)
def test_normal_form(written, normal):
    """Width, case, traditional characters, dashes and compatibility forms fold into one form."""
    assert normalize(written) == normal


def test_control_characters_become_spaces_and_invisible_ones_vanish():
    """Neither a tab nor a NUL joins two words, and a zero-width space does not part one."""
    assert normalize("空调\t不\x00制冷\r\n") == "空调 不 制冷  "
    assert normalize("手\u200b表\ufeff续\u00ad航") == "手表续航"


def test_lone_surrogate_becomes_a_space():
    """Half a character, which cannot be encoded, stands for nothing."""
    assert normalize("手表\ud83d坏了") == "手表 坏了"


def test_final_sigma_is_the_same_letter():
    """A letter's form does not hang on what follows it, so ΟΔΟΣ is how ΟΔΟΣΑ begins."""
    assert normalize("ΟΔΟΣ") == normalize("οδος") == normalize("ΟΔΟΣΑ")[:4]


@given(texts)
def test_both_ways_give_the_same_text(text):
    """Keeping track of places changes nothing about the normal form."""
    assert normalize_with_offsets(text).text == normalize(text)


@given(texts)
def test_every_character_has_a_place_in_the_original(text):
    """Places are as many as characters, never empty, inside the original, and in its order."""
    normal = normalize_with_offsets(text)
    assert len(normal.starts) == len(normal.ends) == len(normal.text)
    places = list(zip(normal.starts, normal.ends, strict=True))
    assert all(0 <= start < end <= len(text) for start, end in places)
    assert places == sorted(places)


@given(texts)
def test_each_place_folds_to_what_stands_there(text):
    """The original at a place, normalised alone, is the normal form that points to the place.

    Traditional characters are left out: OpenCC reads some of them by their neighbours (乾隆, 乾燥).
    """
    text = "".join(c for c in text if normalize(c) == c or not "\u3400" <= c <= "\u9fff")
    text = text.replace("乾", "")
    normal = normalize_with_offsets(text)
    pieces: dict[tuple[int, int], str] = {}
    for character, start, end in zip(normal.text, normal.starts, normal.ends, strict=True):
        pieces[start, end] = pieces.get((start, end), "") + character
    assert all(normalize(text[start:end]) == piece for (start, end), piece in pieces.items())


def test_every_character_of_the_basic_plane_keeps_its_neighbours_in_place():
    """No character between 中 and a moves either of them: what folds one to one really does."""
    for number in range(0x10000):
        text = f"中{chr(number)}a"
        normal = normalize_with_offsets(text)
        assert normal.text == normalize(text), hex(number)
        assert (normal.starts[0], normal.starts[-1], normal.ends[-1]) == (0, 2, 3), hex(number)


def test_one_character_may_become_several_and_several_one():
    """㎏ gives k and g, both from its place; e and its accent give é, from both their places."""
    assert normalize_with_offsets("5㎏") == ("5kg", [0, 1, 1], [1, 2, 2])
    assert normalize_with_offsets("cafe\u0301") == ("café", [0, 1, 2, 3], [1, 2, 3, 5])


def test_traditional_words_keep_their_places():
    """A place in the simplified form is the same place in the traditional original."""
    written = "智慧手錶連不上網路"
    normal = normalize_with_offsets(written)
    place = normal.text.index("手表")
    assert written[normal.starts[place] : normal.ends[place + 1]] == "手錶"
