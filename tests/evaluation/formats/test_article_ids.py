"""Tests of ids of other tools as ids of articles."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbsearch.article import Article
from kbsearch.evaluation.formats.article_ids import PREFIX, foreign_id_of, slug_of

PLAIN = st.text("aZ0._-", min_size=1, max_size=10)
IDS = st.one_of(
    st.text(min_size=1, max_size=20), PLAIN, PLAIN.map(PREFIX.__add__), PLAIN.map(slug_of)
)


@given(IDS)
def test_mapping_is_reversible(name):
    """So that no two ids become one, even if an id looks like the mapping of another."""
    assert foreign_id_of(slug_of(name)) == name


@given(IDS)
def test_result_can_be_the_id_of_an_article(name):
    """Whatever is given."""
    assert Article(id=slug_of(name), kind="faq", title="x").id == slug_of(name)


def test_slugs_stay():
    """Nobody has to look up an id that is good as it is."""
    assert slug_of("doc-1.a_b") == "doc-1.a_b"


def test_length_is_the_limit():
    """93 bytes are 124 letters of base64, 128 with the prefix."""
    assert len(slug_of("中" * 31)) == 128
    for name in ("中" * 31 + "a", "", "\ud800"):
        with pytest.raises(ValueError, match=r"id|surrogates"):
            slug_of(name)
