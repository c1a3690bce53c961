"""Restrictions: from where, as whom, and to how many a day."""

import pytest
from hypothesis import given, strategies as st

from couvert.domain.refusals import QuotaExceeded, RuleBroken, Unauthorized
from couvert.domain.restrictions import (
    DAY_MS,
    NONE,
    DailyUse,
    Restrictions,
    check_client,
    check_sender,
    daily_use,
    judge_use,
    parse_network,
)

MIDNIGHT = 20_833 * DAY_MS
SENDERS = Restrictions(senders=("shop@example.com", "example.org", "*.example.net"))
NETWORKS = Restrictions(networks=("192.0.2.0/24", "2001:db8::/32"))


@pytest.mark.parametrize("email", [
    "shop@example.com", "Shop@example.com", "anybody@example.org", "a@shop.example.net", "a@b.c.example.net",
])  # fmt: skip
def test_a_key_may_send_as(email):
    check_sender(SENDERS, email)


@pytest.mark.parametrize("email", [
    "support@example.com", "shop@mail.example.com", "a@shop.example.org", "a@example.net", "a@badexample.net",
    "a@example.org.evil.example", "example.org@evil.example", '"shop@example.com"@evil.example',
])  # fmt: skip
def test_a_key_may_not_send_as(email):
    with pytest.raises(RuleBroken, match=r"may send as shop@example\.com, example\.org"):
        check_sender(SENDERS, email)


@pytest.mark.parametrize("address", ["192.0.2.255", "::ffff:192.0.2.1", "2001:db8:ffff::1", "2001:DB8::%eth0"])
def test_a_key_may_be_used_from(address):
    check_client(NETWORKS, address)


@pytest.mark.parametrize("address", ["192.0.3.0", "::ffff:192.0.3.0", "2001:db9::", "::192.0.2.1", "unix", "", None])
def test_a_key_may_not_be_used_from(address):
    with pytest.raises(Unauthorized, match="Client address is not allowed"):
        check_client(NETWORKS, address)


@pytest.mark.parametrize("address", ["192.0.2.1", "unix", None])
def test_a_key_without_restrictions_may_send_as_anybody_from_anywhere(address):
    check_sender(NONE, "anybody@example.com")
    check_client(NONE, address)

    assert daily_use(NONE, 1, 1_000, MIDNIGHT) is None


@pytest.mark.parametrize(("text", "network"), [
    ("192.0.2.0/24", "192.0.2.0/24"),
    (" 192.0.2.7 ", "192.0.2.7/32"),
    ("192.0.2.0/255.255.255.0", "192.0.2.0/24"),
    ("2001:DB8:0::/32", "2001:db8::/32"),
    ("0.0.0.0/0", "0.0.0.0/0"),
])  # fmt: skip
def test_a_network_has_a_normal_form(text, network):
    assert parse_network(text) == network


@pytest.mark.parametrize("text", ["", "example.com", "192.0.2.0/33", "192.0.2.7/24", "192.0.2", "2001:db8::/129", "*"])
def test_no_network_is(text):
    assert parse_network(text) is None


def test_a_day_of_use_is_the_day_in_utc():
    limited = Restrictions(daily_quota=5)

    assert daily_use(limited, 7, 3, MIDNIGHT - 1) == DailyUse(7, 20_832, 3, 5)
    assert daily_use(limited, 7, 3, MIDNIGHT) == DailyUse(7, 20_833, 3, 5)


def test_a_quota_is_used_up_to_the_last_recipient():
    assert judge_use(DailyUse(7, 20_833, 2, 5), 3, MIDNIGHT) is None


def test_what_exceeds_a_quota_waits_for_midnight():
    exceeded = judge_use(DailyUse(7, 20_833, 2, 5), 4, MIDNIGHT + DAY_MS - 3_600_000 + 1)

    assert isinstance(exceeded, QuotaExceeded)
    assert exceeded.retry_after_seconds == 3_600
    assert "5 recipients a day" in exceeded.message
    assert "sent to 4 today, and this mail has 2" in exceeded.message


@given(st.lists(st.integers(1, 50), max_size=30), st.integers(1, 200))
def test_no_day_sees_more_than_its_quota(mails, quota):
    used = 0
    for recipients in mails:
        if judge_use(DailyUse(1, 20_833, recipients, quota), used, MIDNIGHT) is None:
            used += recipients

    assert used <= quota
