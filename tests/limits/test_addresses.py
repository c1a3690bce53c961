"""Addresses: which of them are one client, and what becomes of those who guess."""

import pytest

from couvert.limits.addresses import FAILURES, Addresses, counted_as
from couvert.limits.port import Allowance


@pytest.fixture
def addresses(limits):
    return Addresses(limits)


@pytest.mark.parametrize(("address", "counted"), [
    ("192.0.2.1", "192.0.2.1"),
    ("::ffff:192.0.2.1", "192.0.2.1"),
    ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
    ("2001:DB8:1:2::", "2001:db8:1:2::/64"),
    ("fe80::1%eth0", "fe80::/64"),
    ("::1", "::/64"),
    ("testclient", "testclient"),
    ("", ""),
])  # fmt: skip
def test_an_address_is_counted_by_whom_it_belongs_to(address, counted):
    assert counted_as(address) == counted


async def test_after_twenty_failures_an_address_is_to_wait(addresses):
    for _ in range(20):
        assert not (await addresses.failures("192.0.2.1")).is_over
        await addresses.failed("192.0.2.1")

    standing = await addresses.failures("192.0.2.1")
    assert (standing.is_over, standing.retry_after_seconds) == (True, 60)


async def test_a_minute_later_it_may_try_again(addresses, clock):
    for _ in range(25):
        await addresses.failed("192.0.2.1")
    clock.now += FAILURES.period_seconds * 1000

    assert not (await addresses.failures("192.0.2.1")).is_over


async def test_guessing_from_all_addresses_of_a_network_is_guessing_from_one(addresses):
    for n in range(20):
        await addresses.failed(f"2001:db8::{n:x}")

    assert (await addresses.failures("2001:db8::ffff")).is_over
    assert not (await addresses.failures("2001:db8:0:1::ffff")).is_over


async def test_requests_and_failures_are_two_counts(addresses):
    await addresses.failed("192.0.2.1")

    assert (await addresses.count("192.0.2.1", Allowance(3, 10))).remaining == 2
