"""The file of readings is what its writer writes."""

from importlib import resources

from kbsearch.training.readings import table


def test_file_is_the_table():
    """Byte for byte, with the installed pypinyin."""
    file = resources.files("kbsearch").joinpath("analysis", "pinyin.txt")
    assert file.read_bytes() == table().encode()


def test_table_is_sorted_and_holds_each_character_once():
    """A line is a syllable and the characters read so."""
    lines = [line.split(" ") for line in table().splitlines()]
    syllables = [syllable for syllable, _ in lines]
    characters = "".join(characters for _, characters in lines)
    assert syllables == sorted(set(syllables))
    assert len(characters) == len(set(characters)) == 6763
