"""A mail is stopped, tried again or decided by hand: exactly the deliveries meant, and never one that is under way."""

import asyncio

import pytest

from couvert.commands import interventions as module
from couvert.commands.accept import MOST_RECIPIENTS
from couvert.commands.claims import Claim
from couvert.commands.interventions import Interventions
from couvert.commands.suppressions import Entry
from couvert.delivery.transport import Refused, Taken, TryLater, Unknown
from couvert.domain.delivery import State
from couvert.domain.delivery_events import Cancelled, Requeued, ResolvedAsSent
from couvert.domain.mail import Recipient
from couvert.domain.refusals import Conflict, NotFound, NothingToDecide, NothingToStop
from couvert.store.rows import StoredDelivery
from tests.commands.desk import BOB, CHARLIE, LEASE_MS, OWNER, mail
from tests.commands.people import caller, new_token
from tests.store.changes import NOW

DAY = 24 * 3_600_000
REFUSED, UNKNOWN = Refused("550 no such user"), Unknown("the connection broke")


@pytest.fixture
def interventions(store, clock):
    return Interventions(store, clock)


@pytest.fixture
def with_ends(desk, attempts, store, clock):
    """A mail whose deliveries ended as told; those not told of wait."""

    async def make(*outcomes, waiting=0, **changes):
        everybody = [Recipient(f"c{n}@example.org") for n in range(len(outcomes) + waiting)]
        accepted = await desk.accepted(mail(*everybody, **changes))
        now = clock.now
        taken = await store.take(owner=OWNER, now=now, until=now + LEASE_MS, limit=len(outcomes))
        for (stored, _), outcome in zip(taken, outcomes, strict=True):
            begun = await attempts.begin(stored)
            if outcome is not None:
                await attempts.record(begun, outcome)
        return accepted

    return make


def some(counts):
    return {state: count for state, count in counts.items() if count}


async def rows_of(store, accepted):
    return [await store.delivery(row.delivery.id) for row in accepted.deliveries]


async def states_of(store, accepted):
    return [row.delivery.state for row in await rows_of(store, accepted)]


# --- Cancel -----------------------------------------------------------------------------------------------------------


async def test_what_was_not_begun_is_stopped_and_the_rest_goes_on(interventions, with_ends, store):
    accepted = await with_ends(Taken("x"), REFUSED, None, TryLater("451 later"), waiting=2)

    done = await interventions.cancel(accepted.mail_id)

    assert some(done.counts) == {State.SENT: 1, State.FAILED: 1, State.QUEUED: 1, State.CANCELLED: 3}
    assert (done.changed, done.recipient_count) == (3, 6)
    assert done.position == await store.position()
    assert done.counts == dict.fromkeys(State, 0) | await store.states(
        first=accepted.mail_id + 1, last=accepted.mail_id + 6
    )


async def test_what_was_stopped_is_looked_at_by_nobody(interventions, desk, store):
    accepted = await desk.accepted(mail(BOB, CHARLIE))

    await interventions.cancel(accepted.mail_id)

    assert await store.next_wake() is None
    assert await desk.events(accepted.deliveries[0]) == [Cancelled()]


async def test_a_scheduled_mail_can_be_stopped(interventions, desk, store):
    accepted = await desk.accepted(mail(due_at=NOW + DAY))

    await interventions.cancel(accepted.mail_id)

    assert await store.next_wake() is None


async def test_a_worker_that_holds_a_stopped_delivery_does_not_begin_it(interventions, desk, attempts):
    leased = await desk.leased()

    await interventions.cancel(leased.delivery.mail_id)

    assert await attempts.begin(leased) is None


async def test_what_a_worker_begins_first_is_not_stopped(interventions, desk, attempts, store, monkeypatch):
    accepted = await desk.accepted(mail(BOB, CHARLIE, Recipient("d@example.org")))
    (first, *_) = await store.take(owner=OWNER, now=NOW, until=NOW + LEASE_MS, limit=3)
    commit = store.commit
    begun: list[StoredDelivery | None] = []

    async def after_a_worker(change):
        if not begun:
            begun.append(None)
            begun[0] = await attempts.begin(first.stored)
        return await commit(change)

    monkeypatch.setattr(store, "commit", after_a_worker)
    done = await interventions.cancel(accepted.mail_id)

    assert begun[0] is not None
    assert some(done.counts) == {State.QUEUED: 1, State.CANCELLED: 2}
    assert sorted(await states_of(store, accepted)) == [State.CANCELLED, State.CANCELLED, State.QUEUED]


async def test_workers_and_a_stop_at_the_same_time_leave_nothing_in_between(
    interventions, desk, attempts, store, monkeypatch
):
    monkeypatch.setattr(module, "PIECE", 7)
    accepted = await desk.accepted(mail(*[Recipient(f"c{n}@example.org") for n in range(60)]))
    taken = await store.take(owner=OWNER, now=NOW, until=NOW + LEASE_MS, limit=40)

    async def send(stored):
        await asyncio.sleep(0.0002 * (stored.delivery.id - accepted.mail_id))
        begun = await attempts.begin(stored)
        if begun is not None:
            await attempts.record(begun, Taken("x"))

    done, *_ = await asyncio.gather(interventions.cancel(accepted.mail_id), *[send(each.stored) for each in taken])

    counts = await store.states(first=accepted.mail_id + 1, last=accepted.mail_id + 60)
    assert counts.keys() == {State.SENT, State.CANCELLED}
    assert counts[State.CANCELLED] == done.changed
    assert sum(done.counts.values()) == 60


async def test_ten_thousand_are_stopped(interventions, desk, store):
    accepted = await desk.accepted(mail(*[Recipient(f"c{n}@example.org") for n in range(MOST_RECIPIENTS)]))

    done = await interventions.cancel(accepted.mail_id)

    assert done.changed == MOST_RECIPIENTS
    assert await store.states(first=accepted.mail_id + 1, last=accepted.mail_id + MOST_RECIPIENTS) == {
        State.CANCELLED: MOST_RECIPIENTS
    }


async def test_nothing_is_left_to_stop(interventions, with_ends, store):
    accepted = await with_ends(Taken("x"), None)
    before = await store.position()

    with pytest.raises(NothingToStop):
        await interventions.cancel(accepted.mail_id)

    assert await store.position() == before


@pytest.mark.parametrize("mail_id", [1, 1 << 62])
async def test_a_mail_that_is_not_there(interventions, mail_id):
    with pytest.raises(NotFound):
        await interventions.cancel(mail_id)
    with pytest.raises(NotFound):
        await interventions.retry(mail_id)


async def test_a_delivery_is_no_mail(interventions, desk):
    accepted = await desk.accepted()

    with pytest.raises(NotFound):
        await interventions.cancel(accepted.mail_id + 1)


async def test_the_key_is_kept_with_the_last_piece(interventions, desk, store, monkeypatch):
    monkeypatch.setattr(module, "PIECE", 2)
    accepted = await desk.accepted(mail(*[Recipient(f"c{n}@example.org") for n in range(5)]))

    done = await interventions.cancel(accepted.mail_id, claim=Claim(b"s", b"r", lambda done: b"%d" % done.changed))

    found = await store.idempotency(b"s")
    assert (found.answer, found.position, found.mail_id) == (b"5", done.position, accepted.mail_id)


async def test_a_stop_that_was_cut_short_is_finished_by_its_repeat(interventions, desk, store, monkeypatch):
    monkeypatch.setattr(module, "PIECE", 2)
    accepted = await desk.accepted(mail(*[Recipient(f"c{n}@example.org") for n in range(5)]))
    claim = Claim(b"s", b"r", lambda done: b"%d" % done.changed)
    commit = store.commit

    async def once_and_no_more(change):
        monkeypatch.setattr(store, "commit", None)
        return await commit(change)

    monkeypatch.setattr(store, "commit", once_and_no_more)
    with pytest.raises(TypeError):
        await interventions.cancel(accepted.mail_id, claim=claim)
    monkeypatch.setattr(store, "commit", commit)

    assert await store.idempotency(b"s") is None
    assert (await interventions.cancel(accepted.mail_id, claim=claim)).changed == 3
    assert await states_of(store, accepted) == [State.CANCELLED] * 5


async def test_a_key_that_is_taken_meanwhile_is_a_conflict(interventions, desk):
    first, second = await desk.accepted(), await desk.accepted()
    await interventions.cancel(first.mail_id, claim=Claim(b"s", b"r"))

    with pytest.raises(Conflict):
        await interventions.cancel(second.mail_id, claim=Claim(b"s", b"r"))


async def test_a_token_revoked_since_it_was_read_stops_nothing(interventions, desk, store, accounts, alice):
    accepted = await desk.accepted(mail(BOB, CHARLIE))
    token = await new_token(accounts, alice)
    by = await caller(accounts, token)
    await accounts.tokens.revoke(alice.id, token.token.token_id)

    with pytest.raises(Conflict):
        await interventions.cancel(accepted.mail_id, by=by)

    assert await states_of(store, accepted) == [State.QUEUED] * 2


# --- Retry ------------------------------------------------------------------------------------------------------------


async def test_only_what_failed_is_tried_again(interventions, with_ends, store, clock):
    accepted = await with_ends(Taken("x"), REFUSED, UNKNOWN, REFUSED, None)
    clock.now += 2 * DAY

    done = await interventions.retry(accepted.mail_id)

    assert some(done.counts) == {State.SENT: 1, State.QUEUED: 3, State.UNKNOWN: 1}
    assert done.changed == 2
    again = (await rows_of(store, accepted))[1]
    assert (again.wake_at, again.delivery.give_up_at) == (clock.now, clock.now + DAY)


async def test_what_is_tried_again_can_be_begun_and_sent(interventions, with_ends, desk, attempts, clock):
    accepted = await with_ends(REFUSED)
    clock.now += 2 * DAY
    await interventions.retry(accepted.mail_id)

    begun = await attempts.begin(await desk.taken())

    assert begun.delivery.attempt == 2
    assert (await attempts.record(begun, Taken("y"))).state is State.SENT


@pytest.mark.parametrize(
    ("unknown", "state", "event"),
    [("resend", State.QUEUED, Requeued(NOW, "operator", NOW + DAY)), ("sent", State.SENT, ResolvedAsSent(1))],
)
async def test_what_is_unknown_is_decided_as_told(interventions, with_ends, desk, unknown, state, event):
    accepted = await with_ends(UNKNOWN)

    done = await interventions.retry(accepted.mail_id, unknown=unknown)

    assert some(done.counts) == {state: 1}
    assert (await desk.events(accepted.deliveries[0]))[-1] == event


async def test_a_late_answer_does_not_undo_what_was_decided(interventions, with_ends, desk, attempts, store):
    accepted = await with_ends(None)
    row = await desk.row(accepted.mail_id + 1)
    await attempts.lose(row)
    await interventions.retry(accepted.mail_id, unknown="sent")

    await attempts.record(row, TryLater("451 later"))

    assert await states_of(store, accepted) == [State.SENT]
    assert await store.next_wake() is None


async def test_nothing_to_try_again_is_no_error_and_changes_nothing(interventions, with_ends, store):
    accepted = await with_ends(Taken("x"), UNKNOWN)
    before = await store.position()

    done = await interventions.retry(accepted.mail_id)

    assert (done.changed, done.position, await store.position()) == (0, before, before)


async def test_that_nothing_was_to_be_tried_again_is_kept_with_the_key(interventions, with_ends, store):
    accepted = await with_ends(Taken("x"))

    await interventions.retry(accepted.mail_id, claim=Claim(b"s", b"r", lambda done: b"%d" % done.changed))

    assert (await store.idempotency(b"s")).answer == b"0"


async def test_a_mail_that_has_expired_is_not_tried_again(interventions, with_ends, clock):
    accepted = await with_ends(REFUSED, UNKNOWN, expires_at=NOW + 10)
    clock.now += 10

    for unknown in (None, "resend"):
        with pytest.raises(NothingToDecide, match="expired"):
            await interventions.retry(accepted.mail_id, unknown=unknown)
    done = await interventions.retry(accepted.mail_id, unknown="sent")

    assert some(done.counts) == {State.FAILED: 1, State.SENT: 1}


async def test_what_was_stopped_stays_stopped(interventions, desk, store):
    accepted = await desk.accepted()
    await interventions.cancel(accepted.mail_id)

    await interventions.retry(accepted.mail_id, unknown="resend")

    assert await states_of(store, accepted) == [State.CANCELLED]


async def test_the_worker_hears_of_what_is_due(store, clock, with_ends):
    woken = []
    accepted = await with_ends(REFUSED)

    await Interventions(store, clock, lambda: woken.append(True)).retry(accepted.mail_id)

    assert woken == [True]


# --- Resolve ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("decision", "state"), [("resend", State.QUEUED), ("sent", State.SENT)])
async def test_one_delivery_is_decided(interventions, with_ends, store, decision, state):
    accepted = await with_ends(UNKNOWN, UNKNOWN)

    position = await interventions.resolve(accepted.mail_id + 2, decision)

    assert await states_of(store, accepted) == [State.UNKNOWN, state]
    assert position == await store.position()


async def test_what_is_known_is_not_decided(interventions, with_ends):
    accepted = await with_ends(Taken("x"))

    with pytest.raises(NothingToDecide, match="it is sent"):
        await interventions.resolve(accepted.mail_id + 1, "resend")
    with pytest.raises(NotFound):
        await interventions.resolve(accepted.mail_id + 9, "resend")


async def test_nothing_is_sent_again_after_its_expiry(interventions, with_ends, clock):
    accepted = await with_ends(UNKNOWN, expires_at=NOW + 10)
    clock.now += 10

    with pytest.raises(NothingToDecide, match="expired"):
        await interventions.resolve(accepted.mail_id + 1, "resend")


# --- Suppressed -------------------------------------------------------------------------------------------------------


async def test_what_was_suppressed_is_tried_again_only_if_asked(interventions, with_ends, suppressions, store):
    added = await suppressions.add(Entry("c1@example.org"))
    accepted = await with_ends(None, None)
    await suppressions.remove(added.suppression.id)
    assert await states_of(store, accepted) == [State.QUEUED, State.SUPPRESSED]

    assert (await interventions.retry(accepted.mail_id)).changed == 0
    done = await interventions.retry(accepted.mail_id, suppressed=True)

    assert (done.changed, some(done.counts)) == (1, {State.QUEUED: 2})


async def test_who_is_suppressed_still_is_stopped_again(interventions, with_ends, suppressions, store, attempts, clock):
    await suppressions.add(Entry("c0@example.org"))
    accepted = await with_ends(None)
    await interventions.retry(accepted.mail_id, suppressed=True)
    (taken,) = await store.take(owner=OWNER, now=clock.now, until=clock.now + LEASE_MS, limit=1)

    await attempts.begin(taken.stored)

    assert await states_of(store, accepted) == [State.SUPPRESSED]
