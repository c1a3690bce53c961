"""Suppressions: caused by notices, entered by hand, obeyed in the very commit that would begin an attempt."""

import asyncio
import sqlite3
from contextlib import closing

import pytest

from couvert.commands.accept import Lease
from couvert.commands.suppressions import Entry
from couvert.delivery.transport import Taken
from couvert.domain.delivery import State
from couvert.domain.delivery_events import Begun, Bounced, Complained, Delivered, Suppressed
from couvert.domain.ids import encode
from couvert.domain.refusals import AlreadySuppressed, Conflict, NotFound, RuleBroken
from couvert.domain.suppression import mark_of
from couvert.store.changes import Change
from couvert.store.sqlite.store import FILE
from tests.commands.desk import BOB, CHARLIE, LEASE_MS, OWNER, mail
from tests.store.changes import NOW, SECOND


@pytest.fixture
def bounce(attempts, desk, notices):
    """Charlie is sent a mail, and this is heard of it."""

    async def bouncing(*events):
        begun = await attempts.begin(await desk.leased())
        await attempts.record(begun, Taken("ses-1"))
        for event in events:
            await notices.record(begun.delivery.id, event)
        return begun.delivery

    return bouncing


@pytest.mark.parametrize(("event", "reason"), [(Bounced(1, "hard"), "hard_bounce"), (Complained(1), "complaint")])
async def test_a_hard_bounce_or_a_complaint_suppresses_in_the_same_change(
    bounce, notices, store, suppressions, event, reason
):
    delivery = await bounce()
    commits = store.commits

    await notices.record(delivery.id, event)

    found = await suppressions.find(CHARLIE.email)
    assert store.commits == commits + 1
    assert (found.reason, found.delivery, found.expires_at, found.address) == (reason, delivery.id, None, CHARLIE.email)


async def test_a_bounce_for_its_content_suppresses_nobody(bounce, suppressions):
    await bounce(Bounced(1, "rejected"))

    assert await suppressions.find(CHARLIE.email) is None


async def test_the_third_soft_bounce_in_a_row_suppresses(bounce, suppressions):
    await bounce(Bounced(1, "soft"), Bounced(1, "soft"))
    await bounce(Bounced(1, "soft"))
    assert await suppressions.find(CHARLIE.email) is None

    third = await bounce(Bounced(1, "soft"))

    found = await suppressions.find(CHARLIE.email)
    assert (found.reason, found.delivery) == ("soft_bounces", third.id)


async def test_a_delivered_mail_between_soft_bounces_ends_the_row(bounce, store, suppressions):
    for event in (Bounced(1, "soft"), Bounced(1, "soft"), Delivered(1), Bounced(1, "soft"), Bounced(1, "soft")):
        await bounce(event)

    assert await suppressions.find(CHARLIE.email) is None
    assert await store.soft_bounces(mark_of(CHARLIE.email)) == 2


async def test_soft_bounces_that_are_heard_of_at_once_are_all_counted(attempts, desk, notices, store, suppressions):
    rows = []
    for _ in range(3):
        begun = await attempts.begin(await desk.leased())
        await attempts.record(begun, Taken("ses-1"))
        rows.append(begun)

    await asyncio.gather(*(notices.record(row.delivery.id, Bounced(1, "soft")) for row in rows))

    assert (await suppressions.find(CHARLIE.email)).reason == "soft_bounces"
    assert not await store.has_soft_bounces()


async def test_two_complaints_at_once_make_one_suppression(attempts, desk, notices, store, suppressions):
    rows = []
    for _ in range(2):
        begun = await attempts.begin(await desk.leased())
        await attempts.record(begun, Taken("ses-1"))
        rows.append(begun)

    await asyncio.gather(*(notices.record(row.delivery.id, Complained(1)) for row in rows))

    assert (await suppressions.find(CHARLIE.email)).reason == "complaint"
    assert [(await desk.row(row.delivery.id)).delivery.state for row in rows] == [State.COMPLAINED] * 2


async def test_a_notice_said_twice_does_not_bring_back_what_was_removed(bounce, notices, suppressions):
    delivery = await bounce(Bounced(1, "hard"))
    await suppressions.remove((await suppressions.find(CHARLIE.email)).id)

    await notices.record(delivery.id, Bounced(1, "hard"))

    assert await suppressions.find(CHARLIE.email) is None


# --- Obeyed -----------------------------------------------------------------------------------------------------------


async def test_nothing_is_begun_to_a_suppressed_address_and_its_timeline_says_why(attempts, desk, suppressions, store):
    stored = await desk.leased()
    added = await suppressions.add(Entry("CHARLIE@example.org", "complaint"))

    row = await attempts.begin(stored)

    assert (row.delivery.state, row.delivery.attempt, row.wake_at) == (State.SUPPRESSED, 0, None)
    assert row == await desk.row(stored.delivery.id)
    *_, noted = await store.timeline(row.delivery.mail_id, 1)
    assert noted.logged.event == Suppressed(added.suppression.id, "complaint")
    assert noted.note == f"the recipient is suppressed: complaint, {encode('sup', added.suppression.id)}"


async def test_others_are_begun_in_the_same_commit(attempts, desk, suppressions, store, clock):
    await suppressions.add(Entry(BOB.email))
    await desk.accepted(mail(BOB, CHARLIE))
    taken = await store.take(owner=OWNER, now=clock.now, until=clock.now + LEASE_MS, limit=2)

    rows = await asyncio.gather(*(attempts.begin(each.stored) for each in taken))

    assert [row.delivery.state for row in rows] == [State.SUPPRESSED, State.QUEUED]
    assert await desk.events(rows[1]) == [Begun(1)]


async def test_who_is_suppressed_in_the_same_commit_gets_nothing(attempts, desk, suppressions):
    """Whichever of the two comes first in it, the log tells it in that order."""
    stored = await desk.leased()

    added, row = await asyncio.gather(suppressions.add(Entry(CHARLIE.email)), attempts.begin(stored))

    assert await desk.events(row) == [Suppressed(added.suppression.id, "manual")]


async def test_a_suppression_that_was_removed_stops_nobody(attempts, desk, suppressions):
    await suppressions.remove((await suppressions.add(Entry(CHARLIE.email))).suppression.id)

    assert (await attempts.begin(await desk.leased())).delivery.is_begun


async def test_a_suppression_ends_by_itself(attempts, desk, suppressions, clock):
    await suppressions.add(Entry(CHARLIE.email, expires_at=NOW + SECOND))
    assert (await attempts.begin(await desk.leased())).delivery.state is State.SUPPRESSED
    clock.now += SECOND

    assert (await attempts.begin(await desk.leased())).delivery.is_begun


async def test_a_mail_accepted_as_begun_is_accepted_as_suppressed(desk, mails, suppressions, store):
    added = await suppressions.add(Entry(CHARLIE.email))

    accepted = await mails.accept(mail(), key=None, lease=Lease(OWNER, NOW + LEASE_MS, begins=True))

    (row,) = accepted.deliveries
    assert row == await desk.row(row.delivery.id)
    assert (row.delivery.state, row.delivery.attempt, row.wake_at) == (State.SUPPRESSED, 0, None)
    assert await desk.events(row) == [Suppressed(added.suppression.id, "manual")]
    assert accepted.position == await store.position()


async def test_nobody_is_suppressed_who_was_erased(attempts, desk, suppressions, tmp_path):
    stored = await desk.leased()
    await suppressions.add(Entry(CHARLIE.email))
    with closing(sqlite3.connect(tmp_path / FILE)) as file:
        file.execute("delete from recipient")
        file.commit()

    assert (await attempts.begin(stored)).delivery.is_begun


# --- By hand ----------------------------------------------------------------------------------------------------------


async def test_an_address_has_one_suppression(suppressions):
    added = await suppressions.add(Entry(CHARLIE.email))

    with pytest.raises(AlreadySuppressed, match=encode("sup", added.suppression.id)):
        await suppressions.add(Entry("Charlie@example.org"))


async def test_of_many_who_enter_an_address_at_once_one_does(suppressions):
    ends = await asyncio.gather(*(suppressions.add(Entry(CHARLIE.email)) for _ in range(9)), return_exceptions=True)

    assert sum(isinstance(end, AlreadySuppressed) for end in ends) == 8


async def test_one_whose_end_has_passed_gives_way(suppressions, clock, store):
    first = await suppressions.add(Entry(CHARLIE.email, expires_at=NOW + SECOND))
    clock.now += SECOND

    second = await suppressions.add(Entry(CHARLIE.email))

    assert (await suppressions.find(CHARLIE.email)).id == second.suppression.id
    assert not (await store.suppression(first.suppression.id)).suppression.is_active


async def test_a_bounce_takes_over_one_that_would_end(bounce, notices, suppressions):
    delivery = await bounce()
    added = await suppressions.add(Entry(CHARLIE.email, expires_at=NOW + SECOND))

    await notices.record(delivery.id, Bounced(1, "hard"))

    found = await suppressions.find(CHARLIE.email)
    assert (found.id, found.reason, found.delivery, found.expires_at) == (
        added.suppression.id, "hard_bounce", delivery.id, None,
    )  # fmt: skip


async def test_a_bounce_follows_one_that_has_ended_unrecorded(bounce, notices, suppressions, clock):
    delivery = await bounce()
    added = await suppressions.add(Entry(CHARLIE.email, expires_at=NOW + SECOND))
    clock.now += SECOND

    await notices.record(delivery.id, Bounced(1, "hard"))

    found = await suppressions.find(CHARLIE.email)
    assert found.id != added.suppression.id
    assert (found.reason, found.delivery) == ("hard_bounce", delivery.id)


async def test_a_removed_one_leaves_no_address(suppressions, tmp_path):
    added = await suppressions.add(Entry("only.here@example.org"))
    await suppressions.remove(added.suppression.id)

    with closing(sqlite3.connect(tmp_path / FILE)) as file:
        dump = "\n".join(file.iterdump())

    assert "only.here" not in dump
    assert mark_of("only.here@example.org").hex().upper() not in dump


async def test_no_event_has_an_address(suppressions, tmp_path):
    await suppressions.add(Entry("only.here@example.org"))

    with closing(sqlite3.connect(tmp_path / FILE)) as file:
        assert not file.execute("select 1 from event where payload like '%only.here%'").fetchall()


async def test_what_has_ended_cannot_be_changed_or_removed(suppressions, clock):
    added = await suppressions.add(Entry(CHARLIE.email, expires_at=NOW + SECOND))
    clock.now += SECOND

    with pytest.raises(NotFound):
        await suppressions.remove(added.suppression.id)
    with pytest.raises(NotFound):
        await suppressions.replace(added.suppression.id, reason=None, expires_at=None)
    with pytest.raises(NotFound):
        await suppressions.remove(1)


async def test_a_replacement_that_changes_nothing_is_no_event(suppressions, store):
    added = await suppressions.add(Entry(CHARLIE.email))
    before = store.commits

    changed = await suppressions.replace(added.suppression.id, reason="manual", expires_at=None)

    assert (changed.suppression, changed.position) == (added.suppression, added.position)
    assert store.commits == before


async def test_ends_are_recorded_once(suppressions, clock, store):
    added = await suppressions.add(Entry(CHARLIE.email, expires_at=NOW + SECOND))
    await suppressions.add(Entry(BOB.email))
    assert await suppressions.record_ends() == 0
    clock.now += SECOND

    assert [await suppressions.record_ends(), await suppressions.record_ends()] == [1, 0]
    assert not (await store.suppression(added.suppression.id)).suppression.is_active


async def test_a_list_is_entered_as_a_whole_and_again_without_a_change(suppressions, store):
    await suppressions.add(Entry(CHARLIE.email))
    entries = [Entry(CHARLIE.email, "complaint"), *(Entry(f"{n}@example.net") for n in range(1_500))]

    first = await suppressions.import_(entries)
    again = await suppressions.import_(entries)

    assert first[:3] == (1_500, 1, 0)
    assert again[:3] == (0, 0, 1_501)
    assert again.position == first.position == await store.position()
    assert (await suppressions.find(CHARLIE.email)).reason == "complaint"


async def test_none_is_entered_in_the_past(suppressions, store):
    with pytest.raises(RuleBroken):
        await suppressions.add(Entry(CHARLIE.email, expires_at=NOW))

    assert await store.position() == 0


async def test_a_change_of_an_old_revision_is_refused(suppressions, store):
    added = await suppressions.add(Entry(CHARLIE.email))
    stored = await store.suppression(added.suppression.id)
    await suppressions.replace(added.suppression.id, reason="complaint", expires_at=None)

    with pytest.raises(Conflict):
        await store.commit(Change(at=NOW, suppressions=[stored._replace(revision=stored.revision + 1)]))
