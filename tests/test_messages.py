"""The catalogues of user-facing text."""

from string import Formatter

import pytest

from kbsearch.messages import LANGUAGES, catalogue, text


def placeholders(template):
    """Names of the placeholders of a text."""
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


def test_catalogues_have_equal_keys():
    """Every text exists in every language."""
    assert catalogue("zh").keys() == catalogue("en").keys()


@pytest.mark.parametrize("key", sorted(catalogue("en")))
def test_catalogues_have_equal_placeholders(key):
    """A text mentions the same values in every language."""
    assert placeholders(catalogue("zh")[key]) == placeholders(catalogue("en")[key])


@pytest.mark.parametrize("key", sorted(key for key in catalogue("en") if "problem." in key))
@pytest.mark.parametrize("lang", LANGUAGES)
def test_texts_of_problems_take_plain_text(key, lang):
    """Every value that a problem mentions is text, so its template must format text."""
    values = dict.fromkeys(placeholders(catalogue(lang)[key]), "值")
    filled = text(key, lang, values)
    assert filled.count("值") >= len(values)
