"""Tests of what is marked in titles and of how rankings are laid side by side."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from kbsearch.evaluation.report.misses import lay_out, pieces


@given(st.text(), st.lists(st.text(), max_size=3))
def test_pieces_make_up_the_title(title, queries):
    """Nothing of a title is lost, and matched pieces alternate with others."""
    found = pieces(title, queries)
    assert "".join(piece.text for piece in found) == title
    assert all(before.matched != after.matched for before, after in pairwise(found))


def test_pairs_are_marked_in_the_normal_form():
    """Traditional and full-width characters match; a single character and punctuation do not."""
    assert [p.text for p in pieces("WiFi连不上，手机", ["ＷＩＦＩ連不上，"]) if p.matched] == [
        "WiFi连不上"
    ]
    assert not any(piece.matched for piece in pieces("空调", ["空"]))


def test_rankings_stand_side_by_side(full):
    """Final, BM25, vectors, hybrid; the shorter ranking ends in None."""
    view = next(each for each in lay_out(full) if each.outcome.id == "m1")
    rows = [[place and place.article_id for place in row] for row in view.rows]
    assert rows == [
        ["book-repair", "book-repair", "other", "book-repair"],
        ["ac-not-cooling", "ac-not-cooling", None, "ac-not-cooling"],
    ]
    assert [place.wanted for place in view.rows[1] if place] == [True] * 3
