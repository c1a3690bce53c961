"""The courier when something goes wrong around it: it goes on, and it is never in two minds about a delivery."""

import asyncio
import sqlite3

import pytest

from couvert.commands.accept import AcceptMails
from couvert.commands.send import SendMail
from couvert.commands.settled import settled
from couvert.domain.delivery import State
from couvert.domain.ids import IdSource
from couvert.domain.mail import AcceptMail, Recipient, Sender
from couvert.domain.refusals import Unavailable
from couvert.readmodels.audit import audit
from couvert.store.sqlite.store import FILE, SqliteStore
from couvert.wiring import now_ms
from couvert.workers import courier as courier_module
from couvert.workers.leases import Leases
from tests.crash.courierhouse import Meddled, Provider, accept, courier_of, until

pytestmark = pytest.mark.crash

ALICE, BOB, CHARLIE = "alice@example.com", "bob@example.com", "charlie@example.com"


# --- Stopping ---------------------------------------------------------------------------------------------------------


async def test_what_was_being_taken_when_it_is_told_to_stop_is_given_back(store, provider, ledger):
    is_taken, may_return = asyncio.Event(), asyncio.Event()

    async def take(real, **asked):
        taken = await real(**asked)
        is_taken.set()
        await may_return.wait()
        return taken

    await accept(store, ALICE, BOB)
    courier = courier_of(Meddled(store, take=take), provider)
    courier.start()
    await is_taken.wait()
    stopping = asyncio.create_task(courier.stop())
    await asyncio.sleep(0.05)
    may_return.set()
    await stopping

    assert ledger.leased() == set()
    assert provider.handed == []


async def test_told_to_stop_it_begins_nothing_that_still_waits_for_a_channel(store, ledger):
    provider = Provider(channels=1)
    provider.lets_go.clear()
    await accept(store, ALICE, BOB, CHARLIE)
    courier = courier_of(store, provider)
    courier.start()
    await until(lambda: provider.handed)

    stopping = asyncio.create_task(courier.stop())
    await asyncio.sleep(0.05)
    provider.lets_go.set()
    await stopping

    assert ledger.in_state(State.SENT) == {ALICE}
    assert ledger.in_state(State.QUEUED) == {BOB, CHARLIE}
    assert ledger.story(BOB) == []
    assert ledger.leased() == set()


async def test_told_to_stop_it_does_not_wait_for_ever_for_room_to_record_an_outcome(
    store, provider, ledger, monkeypatch
):
    monkeypatch.setattr(courier_module, "STOP_SECONDS", 0.3)

    async def commit(real, change):
        if provider.handed:
            raise Unavailable("The disk is full.")
        return await real(change)

    await accept(store, ALICE)
    courier = courier_of(Meddled(store, commit=commit), provider)
    courier.start()
    await until(lambda: provider.handed)

    async with asyncio.timeout(2):
        await courier.stop()

    assert ledger.begun() == {ALICE}
    assert ledger.story(ALICE) == ["begun"]


async def test_at_rest_it_holds_nothing_and_it_goes_on_when_it_is_started_again(store, provider, ledger):
    courier = courier_of(store, provider, hands=1)
    await accept(store, ALICE, BOB)
    provider.lets_go.clear()
    courier.start()
    await until(lambda: provider.handed)

    resting = asyncio.create_task(courier.rest(10))
    await asyncio.sleep(0.05)
    provider.lets_go.set()
    await resting

    assert (ledger.in_state(State.SENT), ledger.leased(), courier.leases_held) == ({ALICE}, set(), 0)
    assert provider.rests == 1
    courier.start()
    await until(lambda: ledger.in_state(State.SENT) == {ALICE, BOB})
    await courier.stop()


async def test_what_has_not_ended_when_it_has_to_rest_is_left_in_doubt_and_not_held(store, provider, ledger):
    courier = courier_of(store, provider, hands=1, lease_seconds=1)
    await accept(store, ALICE, BOB)
    provider.lets_go.clear()
    courier.start()
    await until(lambda: provider.handed)

    await courier.rest(0.05)

    assert (ledger.begun(), courier.leases_held, courier.is_at_work) == ({ALICE}, 0, False)
    assert [ledger.email(held) for held in ledger.leased()] == [ALICE]
    assert courier._intake._room == courier._intake.in_hand
    provider.lets_go.set()
    courier.start()
    await until(lambda: ledger.in_state(State.SENT) == {BOB} and ledger.in_state(State.UNKNOWN) == {ALICE})
    await courier.stop()
    assert provider.handed == [ALICE, BOB]


async def test_started_for_its_doors_alone_it_leaves_the_queue_alone(store, provider, ledger):
    courier = courier_of(store, provider)
    await accept(store, ALICE)
    courier.start(takes_due=False)

    await asyncio.sleep(0.4)

    assert provider.handed == []
    await courier.stop()


async def test_started_again_it_finds_out_at_once_whether_the_provider_is_back(store, provider, ledger):
    """The gate would open in its own time, which may be longer than it is started for."""
    provider.unreachable = True
    await accept(store, ALICE)
    courier = courier_of(store, provider)
    courier.start()
    await until(lambda: courier.trouble)
    await courier.rest(1)

    provider.unreachable = False
    courier.start()

    assert courier.trouble is None
    await until(lambda: ledger.in_state(State.SENT) == {ALICE})
    await courier.stop()


async def test_told_to_stop_it_takes_nothing_more_while_requests_still_end(store, provider, ledger):
    courier = courier_of(store, provider)
    courier.start()
    courier.begin_nothing_more()

    await accept(store, ALICE)
    courier.wake()
    await asyncio.sleep(0.4)

    assert ledger.in_state(State.QUEUED) == {ALICE}
    assert provider.handed == []
    await courier.stop()


async def test_a_request_that_ends_after_the_stop_learns_at_once_that_its_mail_waits(store, provider, ledger):
    courier = courier_of(store, provider)
    send = SendMail(AcceptMails(store, IdSource(1, now_ms), now_ms), store, courier, patience_seconds=30)
    mail = AcceptMail(Sender("shop@example.org"), (Recipient(ALICE),), "News", html="<p>News</p>")
    courier.begin_nothing_more()

    async with asyncio.timeout(2):
        sending = await send.send(mail, key=None)

    assert sending.settled.state is State.QUEUED
    assert ledger.in_state(State.QUEUED) == {ALICE}
    await courier.stop()


# --- Surprises --------------------------------------------------------------------------------------------------------


async def test_a_surprise_while_taking_ends_nothing(store, provider, ledger):
    surprises = [LookupError("a row that should be there is not")]

    async def take(real, **asked):
        if surprises:
            raise surprises.pop()
        return await real(**asked)

    await accept(store, ALICE)
    courier = courier_of(Meddled(store, take=take), provider)
    courier.start()

    await until(lambda: ledger.in_state(State.SENT) == {ALICE})
    await courier.stop()


async def test_a_mail_whose_recipient_was_erased_fails_and_holds_up_nobody(store, directory, provider, ledger):
    await accept(store, ALICE, BOB)
    with sqlite3.connect(directory / FILE) as database:
        (erased,) = database.execute("delete from recipient where email = ? returning delivery_id", [ALICE]).fetchone()
    database.close()
    courier = courier_of(store, provider)
    courier.start()

    await until(lambda: ledger.in_state(State.SENT) == {BOB})
    await courier.stop()

    failed = await settled(store, erased)
    assert failed is not None
    assert (failed.state, failed.words) == (State.FAILED, "the recipient was erased before the mail was sent")
    assert provider.handed == [BOB]
    [missing] = audit(directory).faults.first
    assert "is not in the vault" in missing


async def test_a_surprise_while_renewing_ends_nothing():
    renewed = asyncio.Event()
    surprises = [LookupError("who would have thought")]

    class Queue:
        async def renew(self, **_: object) -> None:
            if surprises:
                raise surprises.pop()
            renewed.set()

    leases = Leases(Queue(), owner=7, seconds=0.1, now_ms=now_ms)  # type: ignore[arg-type]
    leases.hold(1, since=0)
    renewing = asyncio.create_task(leases.keep_renewing())

    async with asyncio.timeout(5):
        await renewed.wait()
    renewing.cancel()


async def test_a_surprise_in_the_transport_costs_no_hand_and_no_mail(store, provider, ledger):
    surprises = [ValueError("a host name that is none")] * 3
    reach = provider.channel

    async def channel():
        if surprises:
            raise surprises.pop()
        return await reach()

    provider.channel = channel
    await accept(store, ALICE, BOB, CHARLIE)
    courier = courier_of(store, provider, hands=2, lease_seconds=0.3)
    courier.start()

    await until(lambda: ledger.in_state(State.SENT) == {ALICE, BOB, CHARLIE})
    await courier.stop()


async def test_a_single_hand_that_is_busy_leaves_the_queue_alone(store, provider):
    asked_for = []

    async def take(real, **asked):
        asked_for.append(asked["limit"])
        return await real(**asked)

    provider.lets_go.clear()
    await accept(store, ALICE, BOB, CHARLIE)
    courier = courier_of(Meddled(store, take=take), provider, hands=1)
    courier.start()
    await asyncio.sleep(0.5)
    while_busy = list(asked_for)
    provider.lets_go.set()
    await until(lambda: len(provider.handed) == 3)
    await courier.stop()

    assert while_busy == [2]


async def test_who_asked_in_vain_is_forgotten(store, provider):
    async def delivery(real, delivery_id):
        raise Unavailable("The database cannot be read.")

    courier = courier_of(store, provider)
    mails = AcceptMails(store, IdSource(1, now_ms), now_ms)
    send = SendMail(mails, Meddled(store, delivery=delivery), courier, patience_seconds=1)

    with pytest.raises(Unavailable):
        await send.outcome(1)

    assert courier._awaited._waiting == {}


# --- Clocks -----------------------------------------------------------------------------------------------------------


async def test_a_clock_that_is_set_an_hour_ahead_leaves_no_hand_over_in_doubt(directory, provider, ledger):
    offset_ms = 0

    def wall_clock():
        return now_ms() + offset_ms

    store = SqliteStore(directory, wall_clock)
    provider.lets_go.clear()
    await accept(store, ALICE, BOB)
    courier = courier_of(store, provider, now_ms=wall_clock)
    courier.start()
    await until(lambda: len(provider.handed) == 2)

    offset_ms = 3_600_000
    await until(lambda: len(ledger.leased()) == 2)
    await asyncio.sleep(0.5)
    provider.lets_go.set()
    await until(lambda: ledger.in_state(State.SENT) == {ALICE, BOB})
    await courier.stop()
    await store.close()

    assert ledger.story(ALICE) == ["begun", "sent"]
    assert sorted(provider.handed) == [ALICE, BOB]


# --- A provider that is away ------------------------------------------------------------------------------------------


async def test_a_provider_that_goes_away_spends_no_attempt_and_interrupts_no_hand_over(store, provider, ledger):
    provider.lets_go.clear()
    await accept(store, ALICE)
    courier = courier_of(store, provider)
    courier.start()
    await until(lambda: provider.handed)
    provider.unreachable = True
    await accept(store, BOB)
    courier.wake()
    await until(lambda: courier.lease() is None)

    provider.lets_go.set()
    await until(lambda: ledger.in_state(State.SENT) == {ALICE})
    provider.unreachable = False
    await until(lambda: ledger.in_state(State.SENT) == {ALICE, BOB})
    await courier.stop()

    assert ledger.story(BOB) == ["begun", "sent"]


async def test_a_mail_that_expires_while_the_provider_is_away_is_expired_in_time(store, provider, ledger):
    provider.unreachable = True
    mail = AcceptMail(
        Sender("shop@example.org"), (Recipient(ALICE),), "News", html="<p>News</p>", expires_at=now_ms() + 300
    )
    await AcceptMails(store, IdSource(1, now_ms), now_ms).accept(mail, key=None)
    courier = courier_of(store, provider)
    courier.start()
    await until(lambda: courier.trouble)

    await until(lambda: ledger.in_state(State.EXPIRED) == {ALICE}, seconds=3)

    assert courier.trouble is not None
    assert ledger.story(ALICE) == ["expired"]
    await courier.stop()


async def test_large_messages_wait_for_each_other_and_all_leave(store, ledger):
    provider = Provider()
    provider.lets_go.clear()
    await accept(store, ALICE, BOB, CHARLIE)
    courier = courier_of(store, provider, most_bytes=1)
    courier.start()
    await until(lambda: provider.handed)
    await asyncio.sleep(0.3)
    at_once = len(provider.handed)

    provider.lets_go.set()
    await until(lambda: ledger.in_state(State.SENT) == {ALICE, BOB, CHARLIE})
    await courier.stop()

    assert at_once == 1
    assert courier.load.carried == 0


# --- Leases -----------------------------------------------------------------------------------------------------------


async def test_a_renewal_shortens_no_lease(store):
    await accept(store, ALICE)
    now = now_ms()
    [taken] = await store.take(owner=7, now=now, until=now + 30_000, limit=1)

    await store.renew(owner=7, deliveries=[taken.stored.delivery.id], until=now + 10_000)

    stored = await store.delivery(taken.stored.delivery.id)
    assert stored.wake_at == now + 30_000


# --- Accepted as begun ------------------------------------------------------------------------------------------------


def sending(store, courier) -> SendMail:
    return SendMail(AcceptMails(store, IdSource(1, now_ms), now_ms), store, courier, 5)


def to(email: str) -> AcceptMail:
    return AcceptMail(Sender("shop@example.org"), (Recipient(email),), "News", html="<p>News</p>")


async def test_a_mail_that_a_hand_is_ready_for_is_begun_with_its_acceptance(store, provider, ledger):
    commits = []

    async def commit(real, change):
        commits.append([type(record.event).__name__ for record in change.records])
        return await real(change)

    meddled = Meddled(store, commit=commit)
    courier = courier_of(meddled, provider)
    courier.start()

    sent = await sending(meddled, courier).send(to(ALICE), key=None)
    await courier.stop()

    assert sent.settled.state is State.SENT
    assert commits == [["MailAccepted", "Begun"], ["Sent"]]
    assert (provider.handed, ledger.leased()) == ([ALICE], set())


async def test_a_begun_mail_that_cannot_be_read_for_now_is_taken_back_and_sent_later(
    store, provider, ledger, monkeypatch
):
    reads = []

    async def content(real, mail_id):
        reads.append(mail_id)
        if len(reads) == 1:
            raise Unavailable("The disk does not answer.")
        return await real(mail_id)

    courier = courier_of(Meddled(store, content=content), provider)
    monkeypatch.setattr(courier._letters, "remember", lambda *_: None)
    courier.start()

    await sending(store, courier).send(to(ALICE), key=None)
    await until(lambda: provider.handed)
    await courier.stop()

    assert ledger.story(ALICE) == ["begun", "released", "begun", "sent"]
    assert provider.handed == [ALICE]
