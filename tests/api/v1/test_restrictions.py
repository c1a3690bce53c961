"""A key that may not do everything: from where, as whom, how often, and to how many a day."""

import asyncio

import pytest

from couvert.commands.keys import Keys
from couvert.domain.allowance import Allowance
from couvert.domain.ids import IdSource
from couvert.domain.restrictions import Restrictions
from tests.api.v1.golden import assert_golden
from tests.api.v1.service import ORIGIN, THREE


@pytest.fixture
async def restricted(service):
    async def key(**restrictions):
        return await service.new_key(restrictions=Restrictions(**restrictions))

    return key


async def test_a_sender_that_the_key_names_may_send(service, restricted):
    key = await restricted(senders=("example.com",))

    assert (await service.post_mail(key)).status_code == 200


async def test_another_sender_is_a_broken_rule(service, restricted):
    key = await restricted(senders=("shop@example.com",))

    answer = await service.post_mail(key)

    assert answer.status_code == 400
    assert_golden("sender-not-allowed", answer)
    assert await service.store.latest_deliveries(1) == []


async def test_a_client_within_the_networks_may_send(service, restricted):
    service.peer = "192.0.2.7"
    key = await restricted(networks=("192.0.2.0/24",))

    assert (await service.post_mail(key)).status_code == 200


async def test_another_client_is_turned_away_before_its_body_is_read(service, restricted):
    service.peer = "192.0.3.7"
    key = await restricted(networks=("192.0.2.0/24",))

    answer = await service.post_mail(key, content=b"no JSON")

    assert_golden("unauthorized-client-not-allowed", answer)


async def test_a_request_too_many_is_told_when_to_come_again(service, restricted):
    key = await restricted(rate=Allowance(2, 60))
    for _ in range(2):
        assert (await service.post_mail(key)).status_code == 200

    answer = await service.post_mail(key, content=b"no JSON")
    service.clock.now += 60_000
    later = await service.post_mail(key)

    assert_golden("rate-limit", answer)
    assert later.status_code == 200


async def test_a_browser_can_read_that_it_asked_too_often(service, restricted):
    key = await restricted(rate=Allowance(1, 60))
    await service.post_mail(key)

    answer = await service.post_mail(key)

    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (429, ORIGIN)


async def test_another_key_is_not_limited_along(service, restricted, key):
    first = await restricted(rate=Allowance(1, 60))
    await service.post_mail(first)
    await service.post_mail(first)

    assert (await service.post_mail(key)).status_code == 200


async def test_a_day_has_a_quota_of_recipients(service, restricted):
    key = await restricted(daily_quota=4)
    assert (await service.post_mail(key, recipients=THREE)).status_code == 200

    answer = await service.post_mail(key, recipients=THREE)
    single = await service.post_mail(key)

    assert_golden("quota-exceeded", answer)
    assert single.status_code == 200


async def test_parallel_requests_do_not_pass_a_quota(service, restricted):
    key = await restricted(daily_quota=3)

    answers = await asyncio.gather(*(service.post_mail(key) for _ in range(10)))

    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [429] * 7
    assert len(service.courier.handed_over) == 3


async def test_a_repeat_with_its_idempotency_key_uses_no_quota_up(service, restricted):
    key = await restricted(daily_quota=1)

    answers = [await service.post_mail(key, headers={"idempotency-key": "one"}) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200] * 3
    assert len(service.courier.handed_over) == 1


async def test_a_mail_that_exceeds_a_quota_leaves_its_idempotency_key_unused(service, restricted):
    key = await restricted(daily_quota=1)
    await service.post_mail(key)
    refused = await service.post_mail(key, headers={"idempotency-key": "one"})
    service.clock.now += 86_400_000

    answer = await service.post_mail(key, headers={"idempotency-key": "one"})

    assert refused.status_code == 429
    assert answer.status_code == 200
    assert "idempotent-replayed" not in answer.headers


# --- Changed by another process, behind the back of what this one remembers -------------------------------------------


@pytest.fixture
def changed_elsewhere(service):
    """Replaces a key's restrictions as the command line would."""

    async def change(secret, **restrictions):
        other = Keys(service.store, IdSource(5, service.clock), service.clock)
        found = await other.find(secret)
        assert found is not None
        key = found.key
        await other.replace(
            key.key_id, name=key.name, expires_at=key.expires_at, restrictions=Restrictions(**restrictions)
        )

    return change


@pytest.mark.parametrize("before", [
    {"senders": ("shop@example.com",)}, {"networks": ("192.0.2.0/24",)}, {"rate": Allowance(1, 60)}, {"daily_quota": 1},
])  # fmt: skip
async def test_nobody_is_refused_for_what_was_lifted(service, restricted, changed_elsewhere, before):
    key = await restricted(**before)
    for _ in range(2):
        await service.post_mail(key)

    await changed_elsewhere(key)

    assert (await service.post_mail(key)).status_code == 200


@pytest.mark.parametrize(("after", "status"), [
    ({"senders": ("shop@example.com",)}, 400), ({"networks": ("192.0.2.0/24",)}, 401), ({"daily_quota": 2}, 429),
])  # fmt: skip
async def test_a_new_restriction_holds_at_once(service, restricted, changed_elsewhere, after, status):
    key = await restricted()
    await service.post_mail(key)

    await changed_elsewhere(key, **after)

    assert (await service.post_mail(key, recipients=THREE)).status_code == status
    assert len(service.courier.handed_over) == 1
