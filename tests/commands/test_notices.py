"""A provider's notices: in any order and any number, they leave the same state, and each is in the timeline."""

import asyncio

import pytest
from hypothesis import given, settings, strategies as st

from couvert.commands.accept import AcceptMails
from couvert.commands.attempts import Attempts
from couvert.commands.consequences import Consequences
from couvert.commands.notices import Notices
from couvert.delivery.transport import Taken
from couvert.domain.delivery import State
from couvert.domain.delivery_events import Bounced, Complained, Delivered
from couvert.domain.ids import IdSource
from couvert.domain.refusals import NotFound, Unavailable
from couvert.store.sqlite.store import SqliteStore
from tests.commands.desk import LEASE_MS, Desk
from tests.commands.unreliable import UnreliableStore
from tests.store.changes import Clock

NOTICES = [Delivered(1), Bounced(1, "hard"), Bounced(1, "soft"), Complained(1)]
ORDER = [State.SENT, State.DELIVERED, State.BOUNCED, State.COMPLAINED]
LEADS_TO = {Delivered: State.DELIVERED, Bounced: State.BOUNCED, Complained: State.COMPLAINED}
many_notices = st.lists(st.sampled_from(NOTICES), min_size=1, max_size=6)


@pytest.fixture
async def sent(attempts, desk):
    begun = await attempts.begin(await desk.leased())
    await attempts.record(begun, Taken("ses-1"))
    return await desk.row(begun.delivery.id)


@pytest.mark.parametrize("notice", NOTICES, ids=str)
async def test_a_notice_is_an_event_and_a_state(notices, desk, sent, store, notice):
    position = await notices.record(sent.delivery.id, notice, "smtp; 250 2.0.0 ok")

    row = await desk.row(sent.delivery.id)
    *_, noted = await store.timeline(sent.delivery.mail_id, 1)
    assert row.delivery.state is LEADS_TO[type(notice)]
    assert row.wake_at is None
    assert (noted.logged.event, noted.note) == (notice, "smtp; 250 2.0.0 ok")
    assert position == await store.position() >= noted.logged.position


@settings(max_examples=min(100, settings().max_examples))  # each opens a store
@given(many_notices.flatmap(lambda once: st.tuples(st.just(once), st.permutations(once + once[:2]))))
def test_notices_in_any_order_and_doubled_leave_the_state_of_the_furthest(tmp_path_factory, both):
    once, as_they_came = both

    async def run() -> State:
        clock = Clock()
        store = UnreliableStore(SqliteStore(tmp_path_factory.mktemp("notices"), clock))
        desk = Desk(store, clock, AcceptMails(store, IdSource(1, clock), clock))
        notices = Notices(store, clock, Consequences(store, IdSource(4, clock), 3))
        attempts = Attempts(store, clock, "hold", LEASE_MS)
        begun = await attempts.begin(await desk.leased())
        assert begun is not None
        record = attempts.record(begun, Taken("ses-1"))
        await asyncio.gather(record, *(notices.record(begun.delivery.id, notice) for notice in as_they_came))
        state = (await desk.row(begun.delivery.id)).delivery.state
        assert sum(event in NOTICES for event in await desk.events(begun)) == len(as_they_came)
        await store.close()
        return state

    assert asyncio.run(run()) is max((LEADS_TO[type(notice)] for notice in once), key=ORDER.index)


async def test_a_notice_may_come_before_the_outcome_of_its_attempt(attempts, notices, desk):
    begun = await attempts.begin(await desk.leased())

    await notices.record(begun.delivery.id, Delivered(1))

    row = await desk.row(begun.delivery.id)
    assert (row.delivery.state, row.delivery.is_begun) == (State.DELIVERED, True)
    assert (row.wake_at, row.owner) == (begun.wake_at, begun.owner)


async def test_a_notice_decides_an_unknown(attempts, notices, desk, clock):
    begun = await attempts.begin(await desk.leased())
    clock.now += LEASE_MS
    await attempts.lose(await desk.taken())

    await notices.record(begun.delivery.id, Delivered(1))

    assert (await desk.row(begun.delivery.id)).delivery.state is State.DELIVERED


async def test_a_notice_about_the_lost_attempt_stops_its_being_sent_again(resending, notices, desk, clock, store):
    begun = await resending.begin(await desk.leased())
    clock.now += LEASE_MS
    await resending.lose(await desk.taken())

    await notices.record(begun.delivery.id, Delivered(1))

    assert await store.next_wake() is None


@pytest.mark.parametrize("attempt", [0, 2])
async def test_a_notice_about_an_attempt_that_was_never_begun_is_not_believed(notices, sent, store, attempt):
    before = await store.position()

    with pytest.raises(NotFound):
        await notices.record(sent.delivery.id, Delivered(attempt))

    assert await store.position() == before


async def test_a_notice_about_nobody_is_not_believed(notices):
    with pytest.raises(NotFound):
        await notices.record(1, Delivered(1))


@pytest.mark.parametrize("end", ["refused", "lost", "kept unseen"])
async def test_who_brought_the_notice_hears_that_it_has_to_be_brought_again(notices, sent, store, end):
    store.ends = [end]

    with pytest.raises(Unavailable):
        await notices.record(sent.delivery.id, Delivered(1))
