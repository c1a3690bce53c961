"""What is measured of the provider, of its notices and of webhooks, over a real run of all of them."""

import asyncio
import time

from couvert.domain.pace import AccountLimits
from couvert.store.changes import Change
from couvert.store.notices import Source
from tests.delivery.webhooks.receiver import says
from tests.metrics.abroad import until
from tests.metrics.test_metrics import Samples, of, read


def number(samples: Samples, name: str) -> float:
    found = of(samples, name)
    assert found is not None
    return found


async def test_a_mail_is_measured_from_its_slot_to_its_notice_and_its_webhook(away):
    await away.send("john@example.com", "jane@example.com")
    await until(lambda: away.parts.read_notices.readings.results["sqs", "read"] >= 4)

    samples = await read(away.parts)

    assert number(samples, "couvert_pace_wait_seconds_count") >= 1, "several slots of a beat are waited for at once"
    assert 190 < number(samples, "couvert_pace_recipients_per_second") < 200
    assert of(samples, "couvert_pace_quota_left") is None, "this account has no quota"
    assert of(samples, "couvert_attempts_total", transport="ses", outcome="taken") == 2
    assert of(samples, "couvert_notices_read_total", source="sqs", result="read") == 4
    assert of(samples, "couvert_notice_lag_seconds_count") == of(samples, "couvert_notice_read_seconds_count") == 4
    assert of(samples, "couvert_unread_notices") == of(samples, "couvert_oldest_unread_notice_seconds") == 0
    assert number(samples, "couvert_last_notice_timestamp_seconds") > 1_700_000_000


async def test_a_provider_that_takes_nothing_is_seen_in_every_process(away):
    assert of(await read(away.parts), "couvert_transport_held", transport="ses") == 0
    away.ses.faults(paused=True)
    await away.send("john@example.com")
    await until(lambda: away.parts.courier.passage.gate.is_held)

    assert of(await read(away.parts), "couvert_transport_held", transport="ses") == 1
    assert of(await read(away.parts), "couvert_attempts_total", transport="ses", outcome="held") != 0

    away.ses.faults()
    await until(lambda: not away.parts.courier.passage.gate.is_held)
    await until(away.ses.copies)


async def test_a_quota_that_is_used_up_is_a_provider_that_takes_nothing(away):
    parts = away.parts
    assert parts.account is not None
    for sent, is_held in ((5, 1), (0, 0)):
        await parts.store.learn_pace(await parts.account.name(), AccountLimits(200, 5, sent), time.time_ns() // 1_000)
        assert of(await read(parts), "couvert_transport_held", transport="ses") == is_held


async def test_what_waits_in_our_own_line_for_the_next_day_is_due_all_the_same(away):
    parts = away.parts
    assert parts.account is not None
    away.ses.faults(daily_quota=0)
    await parts.store.learn_pace(await parts.account.name(), AccountLimits(200, 0, 0), time.time_ns() // 1_000)
    await away.send("john@example.com")
    await until(lambda: parts.courier.leases_held)
    await asyncio.sleep(0.3)

    leased_until = await parts.store.next_wake()
    assert leased_until is not None
    assert leased_until > time.time() * 1_000
    assert number(await read(parts), "couvert_oldest_due_seconds") > 0.2


async def test_where_no_notice_ever_came_the_last_is_from_1970(parts):
    assert of(await read(parts), "couvert_last_notice_timestamp_seconds") == 0, "an alert needs something to compare"


async def test_notices_that_wait_are_counted_and_replays_say_nothing_of_time(parts):
    await parts.take_notices.keep(Source.FILE, [b"{}", b"[]"])
    assert of(await read(parts), "couvert_unread_notices") == 2

    await parts.read_notices.read_due()
    [first, _] = await parts.store.due_notices(1 << 60, 9) or await parts.store.notices(frozenset({"unreadable"}), 9)
    await parts.store.commit(Change(at=first.received_at + 3_600_000, read_again=[first.id]))
    await parts.read_notices.read(await parts.store.notice(first.id))

    samples = await read(parts)
    assert of(samples, "couvert_unread_notices") == 0
    assert of(samples, "couvert_notices_read_total", source="file", result="unreadable") == 3
    assert of(samples, "couvert_notice_read_seconds_count") == 2
    assert of(samples, "couvert_notice_lag_seconds_count") == 0


async def test_what_webhooks_wait_for_is_counted_until_somebody_takes_it(away):
    away.receiver.otherwise = says(503)
    await away.send("john@example.com")
    await until(lambda: away.receiver.requests)
    away.parts.metrics._refresh.__self__._counted_at = float("-inf")

    samples = await read(away.parts)

    assert number(samples, "couvert_webhook_messages_waiting") >= 1
    assert number(samples, "couvert_webhook_position") > 0
    assert of(samples, "couvert_webhook_messages_dropped") == 0
