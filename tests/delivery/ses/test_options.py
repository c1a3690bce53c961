"""The address of SES, and what is said of one that is wrong."""

import pytest

from couvert.delivery.transports.ses import SesOptions, ses_from_url


def test_a_region_is_enough():
    assert ses_from_url("ses://eu-central-1") == SesOptions(region="eu-central-1")


def test_everything_may_be_said():
    url = "ses://us-gov-west-1?configuration_set=news&tenant=shop-1&connections=8&timeout=5&idle=60"
    assert ses_from_url(url, "http://127.0.0.1:1") == SesOptions(
        region="us-gov-west-1",
        configuration_set="news",
        tenant="shop-1",
        connections=8,
        timeout_seconds=5.0,
        idle_seconds=60.0,
        endpoint="http://127.0.0.1:1",
    )


@pytest.mark.parametrize(
    ("url", "advice"),
    [
        ("ses://", "names a region"),
        ("ses://KEY:secret@eu-central-1", "credentials come from AWS's own settings"),
        ("ses://frankfurt", "names a region"),
        ("ses://eu-central-1/path", "names a region"),
        ("ses://eu-central-1?connections=0", "from 1 to 4096"),
        ("ses://eu-central-1?timeout=nan", "from 1 to 3600"),
        ("ses://eu-central-1?configuration_set=a b", "the name of a configuration set"),
        ("ses://eu-central-1?config=a", "but not config"),
        ("sesame://eu-central-1", "starts with ses://"),
    ],
)
def test_a_wrong_address_is_refused_with_what_to_write(url, advice):
    with pytest.raises(ValueError, match="the URL of Amazon SES") as refusal:
        ses_from_url(url)
    assert advice in str(refusal.value)
