"""A commit: all of it or nothing, in one order, there for good and for everybody at once."""

import asyncio

from couvert.store.changes import Change
from couvert.store.rows import SandboxMail
from tests.store.changes import HTML, NOW, accepted, content_of, delivery_of, mail, stored


async def test_a_new_store_is_empty(store):
    assert await store.position() == 0
    assert await store.next_wake() is None
    assert await store.keys() == []
    assert await store.last_event_at() is None


async def test_what_was_committed_is_there_with_the_next_read(store, ids):
    change = mail(ids, html=HTML)

    position = await store.commit(change)

    delivery = delivery_of(change)
    assert position == await store.position() == 1
    assert (await stored(store, delivery.id)).delivery == delivery
    assert await store.recipient(delivery.id) == change.new_recipients[0].recipient
    assert await store.content(delivery.mail_id) == content_of(change)
    assert await store.body(content_of(change).html) == HTML


async def test_what_is_not_there_is_none(store):
    assert await store.delivery(1) is None
    assert await store.recipient(1) is None
    assert await store.content(1) is None
    assert await store.body(b"unknown") is None
    assert await store.key(b"unknown") is None
    assert await store.idempotency(b"unknown") is None
    assert await store.timeline(1, 1) == []


async def test_what_was_committed_is_there_after_a_restart(opener, ids, clock):
    change = mail(ids, recipients=3, html=HTML)
    store = opener()
    await store.commit(change)
    before = await stored(store, delivery_of(change).id), await store.timeline(content_of(change).mail_id, 1)
    await store.close()

    again = opener()

    assert await again.position() == 1
    assert (await stored(again, delivery_of(change).id), await again.timeline(content_of(change).mail_id, 1)) == before
    assert await again.commit(mail(ids)) == 2
    await again.close()


async def test_positions_have_no_gap_and_no_order_but_that_of_the_log(store, ids):
    changes = [mail(ids) for _ in range(1_000)]
    seen: list[tuple[int, int]] = []

    async def reader() -> None:
        while not seen or seen[-1][0] < len(changes):
            position = await store.position()
            states = await store.states(first=0, last=1 << 62)
            seen.append((position, sum(states.values())))
            await asyncio.sleep(0)

    reading = asyncio.create_task(reader())
    positions = await asyncio.gather(*map(store.commit, changes))
    await reading

    assert sorted(positions) == list(range(1, 1_001))
    assert all(mails >= position for position, mails in seen), "a position was seen before what it stands for"
    timelines = [await store.timeline(content_of(change).mail_id, 1) for change in changes]
    assert [timeline[0].logged.position for timeline in timelines] == positions


async def test_the_events_of_a_change_stand_side_by_side(store, ids):
    long = mail(ids)
    long.records = [long.records[0]._replace(part=part) for part in (0, 1, 1, 1)]
    others = [mail(ids) for _ in range(50)]

    last, *_ = await asyncio.gather(*map(store.commit, [long, *others]))

    timeline = await store.timeline(content_of(long).mail_id, 1)
    assert [noted.logged.position for noted in timeline] == list(range(last - 3, last + 1))


async def test_a_change_without_events_answers_the_last_position_and_tells_nobody(store, ids):
    row = await accepted(store, mail(ids))
    heard: list[int] = []
    store.on_commit(heard.append)

    position = await store.commit(Change(at=NOW, sandbox_mail=SandboxMail(row.delivery.id, 1, NOW, b"From: ...")))

    assert position == 1
    assert heard == []


async def test_listeners_hear_the_last_position_of_each_sync(store, ids):
    heard: list[int] = []
    store.on_commit(heard.append)

    positions = await asyncio.gather(*(store.commit(mail(ids)) for _ in range(100)))

    assert heard == sorted(heard)
    assert heard[-1] == max(positions)


async def test_a_listener_is_called_once_the_commit_is_there_to_be_read(store, ids):
    seen: list[tuple[int, asyncio.Task[int]]] = []
    store.on_commit(lambda position: seen.append((position, asyncio.create_task(store.position()))))

    await store.commit(mail(ids))

    ((position, read),) = seen
    assert await read == position


async def test_a_listener_that_stumbles_stops_nobody(store, ids):
    loop, heard = asyncio.get_running_loop(), asyncio.Event()
    loop.set_exception_handler(lambda *_: heard.set())

    def stumble(_position):
        raise RuntimeError

    store.on_commit(stumble)

    async with asyncio.timeout(30):
        positions = await asyncio.gather(*(store.commit(mail(ids)) for _ in range(1_200)))

    assert sorted(positions) == list(range(1, 1_201))
    assert heard.is_set()
