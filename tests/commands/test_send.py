"""Sending while somebody waits: accepted first, handed to the courier, and an answer in time whatever happens."""

import asyncio

import pytest

from couvert.commands.accept import Lease
from couvert.commands.claims import Claim
from couvert.commands.send import SendMail
from couvert.commands.settled import Settled
from couvert.delivery.transport import Refused, Taken
from couvert.domain.delivery import State
from couvert.domain.delivery_events import Begun
from couvert.domain.refusals import RuleBroken, Unavailable
from tests.commands.desk import BOB, CHARLIE, LEASE_MS, OTHER, OWNER, mail
from tests.store.changes import NOW


class Courier:
    """Notes what it is asked, and tells what the test tells it."""

    def __init__(self) -> None:
        self.is_free = True
        self.handed_in: list[int] = []
        self.was_handed_in = asyncio.Event()
        self.woken = 0
        self.hand: Hand | None = None
        self.waiting: dict[int, asyncio.Future[Settled]] = {}
        self.outcome: State | None = State.SENT
        """Told as soon as a delivery is handed in; None for a courier who says nothing."""

    async def ready(self) -> "Hand | None":
        return self.hand

    def lease(self) -> Lease | None:
        return Lease(OWNER, NOW + LEASE_MS) if self.is_free else None

    def hand_in(self, accepted, recipient) -> None:
        self.handed_in.append(accepted.mail_id)
        self.was_handed_in.set()
        if self.outcome is not None:
            delivery_id = accepted.mail_id + 1
            self.waiting[delivery_id].set_result(Settled(delivery_id, self.outcome, NOW, "ses-1"))

    def expect(self, delivery_id):
        assert delivery_id not in self.waiting
        self.waiting[delivery_id] = asyncio.get_running_loop().create_future()
        return self.waiting[delivery_id]

    def forget(self, delivery_id, outcome) -> None:
        assert self.waiting.pop(delivery_id) is outcome

    def wake(self) -> None:
        self.woken += 1


class Hand:
    """Reserved for one mail; notes what becomes of it."""

    def __init__(self, courier: Courier) -> None:
        self.courier = courier
        self.lease = Lease(OWNER, NOW + LEASE_MS, begins=True)
        self.became: list[str] = []

    def take(self, accepted, recipient) -> None:
        self.became.append("taken")
        self.courier.hand_in(accepted, recipient)

    def put_back(self) -> None:
        self.became.append("put back")

    def put_back_in_doubt(self, accepted) -> None:
        self.became.append(f"in doubt about {len(accepted.deliveries)}")


@pytest.fixture
def hand(courier: Courier) -> Hand:
    courier.hand = Hand(courier)
    return courier.hand


@pytest.fixture
def courier() -> Courier:
    return Courier()


@pytest.fixture
def sends(mails, store, courier) -> SendMail:
    return SendMail(mails, store, courier, patience_seconds=0.05)


async def test_a_mail_is_committed_before_it_is_handed_in_and_its_outcome_is_the_answer(sends, courier, store):
    sending = await sends.send(mail(), key=None)

    assert sending.settled == Settled(sending.accepted.mail_id + 1, State.SENT, NOW, "ses-1")
    assert courier.handed_in == [sending.accepted.mail_id]
    assert sending.accepted.position == 1


async def test_a_mail_handed_in_is_held_by_the_courier(sends, store, courier):
    await sends.send(mail(), key=None)

    assert await store.take(owner=OTHER, now=NOW, until=NOW + 1, limit=1) == []


async def test_while_all_hands_are_full_the_mail_waits_in_the_queue(sends, courier, store):
    courier.is_free = False

    sending = await sends.send(mail(), key=None)

    assert (courier.handed_in, courier.woken) == ([], 1)
    assert sending.settled.state is State.QUEUED
    assert len(await store.take(owner=OTHER, now=NOW, until=NOW + 1, limit=1)) == 1


async def test_an_outcome_that_does_not_come_in_time_is_queued(sends, courier):
    courier.outcome = None

    sending = await sends.send(mail(), key=None)

    assert sending.settled == Settled(sending.accepted.mail_id + 1, State.QUEUED, NOW)


@pytest.mark.parametrize("outcome", [State.SENT, None], ids=["answered", "not answered"])
async def test_nobody_is_waited_for_any_more(sends, courier, outcome):
    courier.outcome = outcome

    await sends.send(mail(), key=None)

    assert courier.waiting == {}


async def test_somebody_who_goes_away_is_not_waited_for_and_the_mail_goes_on(sends, courier, store):
    courier.outcome = None
    sending = asyncio.create_task(sends.send(mail(), key=None))
    await courier.was_handed_in.wait()

    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)

    assert courier.waiting == {}
    assert await store.position() == 1


@pytest.mark.parametrize("trouble", [RuleBroken, Unavailable])
async def test_what_is_not_accepted_is_not_handed_in(sends, courier, store, trouble):
    store.ends = ["lost"]
    subject = "{{nope}}" if trouble is RuleBroken else "Hello"

    with pytest.raises(trouble):
        await sends.send(mail(subject=subject), key=None)

    assert (courier.handed_in, courier.woken, courier.waiting) == ([], 0, {})


async def test_a_mail_for_a_hand_that_is_ready_is_accepted_as_begun(sends, hand, desk):
    sending = await sends.send(mail(BOB), key=None)

    row = await desk.row(sending.accepted.mail_id + 1)
    assert await desk.events(row) == [Begun(1)]
    assert (row.delivery.attempt, row.delivery.is_begun, row.owner, row.wake_at) == (1, True, OWNER, NOW + LEASE_MS)
    assert hand.became == ["taken"]
    assert sending.settled.state is State.SENT


async def test_a_begun_mail_is_left_to_its_hand_until_the_lease_runs_out(sends, hand, store):
    await sends.send(mail(BOB), key=None)

    assert await store.take(owner=OTHER, now=NOW + LEASE_MS - 1, until=NOW + 2 * LEASE_MS, limit=10) == []
    (taken,) = await store.take(owner=OTHER, now=NOW + LEASE_MS, until=NOW + 2 * LEASE_MS, limit=10)
    assert taken.stored.delivery.is_begun


@pytest.mark.parametrize("trouble", [RuleBroken, Unavailable])
async def test_a_hand_is_put_back_if_nothing_was_accepted(sends, hand, store, trouble):
    store.ends = ["refused"]
    subject = "{{nope}}" if trouble is RuleBroken else "Hello"

    with pytest.raises(trouble):
        await sends.send(mail(subject=subject), key=None)
    assert hand.became == ["put back"]


@pytest.mark.parametrize("end", ["lost", "kept unseen"])
async def test_what_was_accepted_unseen_is_to_be_taken_back(sends, hand, store, end):
    store.ends = [end]

    with pytest.raises(Unavailable) as raised:
        await sends.send(mail(BOB), key=None)
    assert raised.value.may_be_kept
    assert hand.became == ["in doubt about 1"]


async def test_what_is_not_due_is_left_to_the_queue(sends, hand, desk, courier):
    sending = await sends.send(mail(BOB, due_at=NOW + 60_000), key=None)

    row = await desk.row(sending.accepted.mail_id + 1)
    assert (row.delivery.is_begun, row.owner, row.wake_at) == (False, 0, NOW + 60_000)
    assert (hand.became, courier.woken) == (["put back"], 1)


async def test_a_mail_to_many_is_queued_and_the_courier_woken(sends, courier, store):
    accepted = await sends.queue(mail(BOB, CHARLIE), key=None, claim=Claim(b"scope", b"body"))

    assert courier.woken == 1
    assert len(await store.take(owner=OWNER, now=NOW, until=NOW + 1, limit=9)) == len(accepted.deliveries) == 2
    assert (await store.idempotency(b"scope")).mail_id == accepted.mail_id


# --- Asked again ------------------------------------------------------------------------------------------------------


async def test_an_outcome_that_is_known_is_told_at_once(sends, attempts, desk):
    begun = await attempts.begin(await desk.leased())
    await attempts.record(begun, Refused("550 no"))

    settled = await sends.outcome(begun.delivery.id)

    assert (settled.state, settled.words) == (State.FAILED, "550 no")


async def test_an_outcome_that_comes_while_it_is_waited_for_is_told(sends, courier, attempts, desk):
    begun = await attempts.begin(await desk.leased())
    asking = asyncio.create_task(sends.outcome(begun.delivery.id))
    await asyncio.sleep(0)

    told = await attempts.record(begun, Taken("ses-1"))
    courier.waiting[begun.delivery.id].set_result(told)

    assert await asking == told


async def test_an_outcome_that_does_not_come_is_queued(sends, desk, courier):
    row = await desk.leased()

    assert (await sends.outcome(row.delivery.id)).state is State.QUEUED
    assert courier.waiting == {}


async def test_of_what_does_not_exist_there_is_no_outcome(sends, courier):
    assert await sends.outcome(1) is None
    assert courier.waiting == {}
