"""Tests of what is known of the customer, and of the filters that follow from it."""

import pytest

from kbsearch.recommendation.customer import CustomerContext


@pytest.mark.parametrize("context", [None, {}, CustomerContext()])
def test_everything_may_be_unknown(context):
    """Nothing known gives no conditions."""
    assert CustomerContext.parse(context).filters() == {}


def test_segment_region_and_channel_become_filters():
    """Products do not: an article about another product may still be the answer."""
    context = CustomerContext.parse(
        {"segment": "new", "region": "华东", "channel": "app", "products": ["清风 Q3"]}
    )
    assert context.filters() == {"audience": "new", "regions": "华东", "channels": ["app"]}
    assert context.products == ("清风 Q3",)


@pytest.mark.parametrize(
    ("context", "named"), [({"segment": "vip"}, "segment"), ({"name": "李雷"}, "name")]
)
def test_unknown_segment_or_field_is_refused(context, named):
    """A ValueError names it; personal data that nobody asked for is not taken."""
    with pytest.raises(ValueError, match=named):
        CustomerContext.parse(context)


@pytest.mark.parametrize(
    ("channel", "names"), [("web", ["online", "web"]), ("phone", ["hotline", "phone"])]
)
def test_channel_goes_by_either_name(channel, names):
    """Services say web and phone where editors say online and hotline."""
    assert CustomerContext(channel=channel).filters() == {"channels": names}


def test_day_of_the_context_is_that_of_the_filters():
    """A recommendation for another day shows what holds on it."""
    context = CustomerContext.parse({"date": "2026-12-11"})
    assert context.filters() == {"valid_on": context.day}
