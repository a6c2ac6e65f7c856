"""Codes, model numbers and English words: whole, split, and joined across one blank."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbsearch.analysis.codes import Token, code_tokens


def terms(text):
    """The terms alone."""
    return [token.term for token in code_tokens(text)]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("e4", ["e4"]),  # its parts are single characters and would match everything
        ("5g", ["5g"]),
        ("ppr-9087", ["ppr9087", "ppr", "9087"]),
        ("ppr9087", ["ppr9087", "ppr", "9087"]),
        ("wi-fi", ["wifi", "wi", "fi"]),
        ("2.4ghz", ["2.4ghz", "2.4", "ghz"]),
        ("s21+", ["s21+", "21"]),  # the plus tells two models apart
        ("usb3.0", ["usb3.0", "usb", "3.0"]),
        ("at&t", ["att", "at"]),
        ("wifi", ["wifi"]),
    ],
)
def test_code_is_kept_whole_and_split(code, expected):
    """A code gives its form without connectors, then its parts of two characters and more."""
    assert terms(code) == expected


@pytest.mark.parametrize(
    ("apart", "joined"),
    [
        ("wi-fi 6", "wifi6"),
        ("wifi 6", "wifi6"),
        ("ppr 9087", "ppr9087"),
        ("2.4 ghz", "2.4ghz"),
        ("5 g", "5g"),
        ("windows 11", "windows11"),
    ],
)
def test_word_and_number_are_joined_across_one_blank(apart, joined):
    """People write a blank inside a model name; the joined form spans both parts."""
    assert Token(joined, 0, len(apart)) in list(code_tokens(apart))


@pytest.mark.parametrize(
    "text",
    [
        "wifi  6",  # two blanks
        "wifi\n6",  # a line break
        "wifi 6e",  # no plain number
        "hello world",
        "11 12",
        "connector 11",  # nine letters: a word, not the name of a series
    ],
)
def test_other_neighbours_are_not_joined(text):
    """Only a short word and a number with a single blank between them belong together."""
    assert all(text[token.start : token.end].count(" ") == 0 for token in code_tokens(text))
    assert all("\n" not in text[token.start : token.end] for token in code_tokens(text))


def test_no_code_gives_no_terms():
    """Empty text and punctuation give nothing."""
    assert terms("") == terms("-- ++ ..") == []


@given(st.text("ab19 .-+/&'_", max_size=30))
def test_places_hold_the_term(text):
    """The text at a token's place, less connectors and blanks, is its term."""

    def bare(written):
        return "".join(c for c in written if c.isalnum())

    for token in code_tokens(text):
        assert bare(text[token.start : token.end]) == bare(token.term)


@given(st.text("ab19 .-+", max_size=30))
def test_every_letter_and_digit_is_covered(text):
    """No letter or digit of a code is lost."""
    covered = {place for token in code_tokens(text) for place in range(token.start, token.end)}
    assert {place for place, c in enumerate(text) if c.isalnum()} <= covered
