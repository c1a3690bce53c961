"""Notices on the shelf: kept once, found when they are to be read, and counted."""

import pytest

from couvert.delivery.transport import Taken
from couvert.domain.delivery_events import Sent
from couvert.domain.refusals import Conflict
from couvert.store.changes import Change
from couvert.store.log import Record
from couvert.store.notices import Handed, NoticeReading, NoticeTotal, RawNotice, Result, Source
from tests.store.changes import NOW, SECOND, accepted, mail


def notice(n: int, *, at: int = NOW, source: Source = Source.SNS) -> RawNotice:
    return RawNotice(source, at, bytes([n]) * 32, b"body %d" % n)


async def test_a_notice_is_kept_once_by_what_it_says(store):
    await store.commit(Change(at=NOW, notices=[notice(1), notice(1)]))
    await store.commit(Change(at=NOW, notices=[notice(1, at=NOW + 5), notice(2)]))

    assert [(kept.body, kept.received_at) for kept in await store.notices(frozenset(Result), 9)] == [
        (b"body 2", NOW),
        (b"body 1", NOW),
    ]
    assert (await store.notice_by_digest(bytes([2]) * 32)).body == b"body 2"


async def test_what_is_due_is_found_in_the_order_it_came_and_not_once_it_is_read(store):
    await store.commit(Change(at=NOW, notices=[notice(n) for n in (1, 2, 3)]))
    first, second, third = await store.due_notices(NOW, 9)

    waits = NoticeReading(second.id, Result.WAITING, "early", NOW + SECOND)
    await store.commit(Change(at=NOW, readings=[NoticeReading(first.id, Result.READ), waits]))

    assert await store.due_notices(NOW, 9) == [third]
    assert [due.id for due in await store.due_notices(NOW + SECOND, 9)] == [third.id, second.id]


async def test_of_two_who_read_a_notice_one_keeps_what_came_of_it(store):
    await store.commit(Change(at=NOW, notices=[notice(1)]))
    await store.commit(Change(at=NOW, readings=[NoticeReading(1, Result.READ)]))

    with pytest.raises(Conflict):
        await store.commit(Change(at=NOW, readings=[NoticeReading(1, Result.FAILED)]))

    assert (await store.notice(1)).result is Result.READ


async def test_what_is_to_be_read_again_is_as_if_it_had_just_come(store):
    await store.commit(Change(at=NOW, notices=[notice(1)]))
    (fresh,) = await store.due_notices(NOW, 9)
    await store.commit(Change(at=NOW, readings=[NoticeReading(1, Result.FAILED, "a bug")]))

    await store.commit(Change(at=NOW, read_again=[1]))

    assert await store.due_notices(NOW, 9) == [fresh]


async def test_they_are_counted_by_source_and_result(store):
    await store.commit(Change(at=NOW, notices=[notice(1), notice(2, at=NOW + 5), notice(3, source=Source.SQS)]))
    assert await store.oldest_unread_notice() == NOW
    await store.commit(Change(at=NOW, readings=[NoticeReading(1, Result.READ), NoticeReading(3, Result.UNKNOWN)]))

    assert set(await store.notice_totals()) == {
        NoticeTotal(Source.SNS, Result.READ, 1, NOW),
        NoticeTotal(Source.SNS, Result.UNREAD, 1, NOW + 5),
        NoticeTotal(Source.SQS, Result.UNKNOWN, 1, NOW),
    }
    assert await store.oldest_unread_notice() == NOW + 5


async def test_where_there_are_none_nothing_is_counted(store):
    assert await store.notice_totals() == []
    assert await store.oldest_unread_notice() is None


async def test_the_providers_id_leads_to_the_attempt(store, ids):
    row = await accepted(store, mail(ids))
    sent = Sent(2, Taken("0102018f-1").provider_id)
    await store.commit(Change(at=NOW, records=[Record(row.delivery.mail_id, 1, sent)]))

    assert await store.handed_over_as("0102018f-1") == [Handed(row.delivery.id, 2)]
    assert await store.handed_over_as("0102018f-2") == []
