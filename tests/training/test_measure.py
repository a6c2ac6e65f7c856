"""Tests of the hit rates on held-out groups."""

import numpy as np
import pytest

from kbsearch.training.measure import _interval, hit_rates

QUESTIONS = ["甲", "乙", "丙", "丁", "戊"]


def _encoder(vector_of):
    """An encoder that looks vectors up; other texts have zeros."""
    return lambda texts: np.array([vector_of.get(text, [0, 0]) for text in texts], dtype=np.float32)


def test_five_questions_make_two_queries(make_group):
    """Three of five questions are kept, two are asked; an encoder that knows the group finds it."""
    groups = [make_group("a", "标题一", QUESTIONS), make_group("b", "标题二", ["一", "二", "三"])]
    known = {text: [1, 0] for text in ["标题一", *QUESTIONS]}
    assert hit_rates(_encoder(known), groups, seed=0)[:4] == (1.0, 1.0, 1.0, 2)


def test_an_encoder_that_knows_nothing_finds_by_order_alone(make_group):
    """With equal scores the first group wins: its two queries hit at 1, the second group's at 2."""
    groups = [
        make_group("a", "标题一", QUESTIONS),
        make_group("b", "标题二", [f"{question}甲" for question in QUESTIONS]),
    ]
    assert hit_rates(_encoder({}), groups, seed=0)[:4] == (0.5, 1.0, 1.0, 4)


def test_body_counts_half(make_group):
    """A body that fits fully (1 x 0.5) wins against a title that fits by 0.4, not by 0.6."""
    for title_fit, hit in {0.4: 1.0, 0.6: 0.0}.items():
        asking = make_group("a", "标题一", ["甲", "乙", "丙", "丁"], answer="正文")
        other = make_group("b", "标题二", ["一", "二", "三"])
        known = {"正文": [1, 0], "标题二": [title_fit, 0]}
        for question in asking.questions:
            # The article's own questions must not help: they are encoded together with its title.
            known[question] = [1, 0]

        def encode(texts, known=known):
            return _encoder({} if "标题一" in texts else known)(texts)

        assert hit_rates(encode, [asking, other], seed=0).hit1 == hit


def test_a_query_of_two_groups_is_answered_by_either(make_group):
    """A query that two groups ask is asked once, and a hit on the one ranked first counts."""
    shared = [make_group("a", "标题一", [*"甲乙丙同"]), make_group("b", "标题二", [*"同子丑寅"])]
    rates = [hit_rates(_encoder({}), shared, seed=seed) for seed in range(20)]
    asked_twice = [rate for rate in rates if rate.queries == 1]
    assert asked_twice
    assert all(rate.hit1 == 1.0 for rate in asked_twice)


def test_no_query_is_an_error(make_group):
    """Groups of three questions leave nothing to ask: better an error than a figure."""
    with pytest.raises(ValueError, match="more than 3 questions"):
        hit_rates(_encoder({}), [make_group("a", "标题", ["甲", "乙", "丙"])], seed=0)


def test_rates_read_as_percentages(make_group):
    """The text form is what the log and the model card show."""
    rates = hit_rates(_encoder({}), [make_group("a", "标题", QUESTIONS)], seed=0)
    assert str(rates) == (
        "hit@1/3/10 100.0 / 100.0 / 100.0 % of 2 queries, hit@1 within 100.0–100.0 %"
    )


def test_interval_is_that_of_whole_groups():
    """100 groups of 4 queries, half all right, half all wrong: 0.5 ± 1.96 sqrt(0.25 / 100)."""
    clusters = np.repeat(np.arange(100), 4)
    low, high = _interval(clusters < 50, clusters, np.random.default_rng(0))
    np.testing.assert_allclose([low, high], [0.5 - 0.098, 0.5 + 0.098], atol=0.015)
