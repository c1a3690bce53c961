"""Several processes send for one account, and together they keep its pace."""

import asyncio
import itertools
import time
from dataclasses import dataclass, field
from unittest.mock import Mock

import pytest

from couvert.commands.accept import AcceptMails
from couvert.commands.suppressions import Entry, Suppressions
from couvert.delivery.account import FixedAccount
from couvert.delivery.letters import Letters
from couvert.delivery.transport import Clearance, Held, Message, Outcome, Refused, Taken, Throttled, TryLater, Unknown
from couvert.domain.delivery import State
from couvert.domain.ids import IdSource
from couvert.domain.mail import AcceptMail, Recipient, Sender
from couvert.domain.pace import AccountLimits
from couvert.readmodels.audit import audit
from couvert.simulator.testing import simulated_ses_process
from couvert.wiring import now_ms, now_us
from couvert.workers.pace import Pacer
from tests.crash.courierhouse import Provider, accept, courier_of, until
from tests.crash.crew import Worker
from tests.crash.until import until as until_soon
from tests.delivery.ses.handing import KEYS
from tests.store.changes import new_key

pytestmark = pytest.mark.crash

RATE = 100
MAILS = 300
DELAYED = RATE // 4
"""So many may be met together by a provider that was itself kept waiting, on a busy machine, for a quarter of a second.
On a quiet one there are none, as `bench/run.py --only pace` shows.
"""


def most_in_a_second(times: list[float]) -> int:
    return max(sum(first <= at < first + 1 for at in times) for first in times)


@pytest.mark.slow
def test_two_processes_share_the_rate_of_a_relay(relay, start, ledger):
    for name in "ab":
        start("--bulk", str(MAILS // 2), "--name", name, transport=f"{relay.url}?rate={RATE}", max_in_flight=32)

    until_soon(lambda: len(relay.arrived) == MAILS, "all mails arrived")

    assert most_in_a_second(relay.times) <= RATE


@pytest.fixture
def ses(monkeypatch):
    """In a process of its own: what the tests do meanwhile is not to be seen in its times."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    with simulated_ses_process("--rate", str(RATE), "--burst", str(DELAYED)) as ses:
        yield ses


@pytest.fixture
def hire(start, ses):
    """`hire(4, 500)`: four processes, each of which brings 500 mails into the one queue."""
    names = map("worker{}.".format, itertools.count())
    settings = {"transport": "ses://us-east-1", "aws_endpoint_url": ses.url, "max_in_flight": 32}

    def hire(processes: int, mails: int) -> list[Worker]:
        return [start("--bulk", str(mails), "--name", next(names), **settings) for _ in range(processes)]

    return hire


@pytest.mark.slow
def test_four_processes_share_the_rate_of_ses_and_use_95_percent_of_it(hire, ses):
    hire(4, 20 * RATE)

    # Any two seconds will do: on a machine that is busy with other things slots are missed, and that is not the pace's.
    until_soon(lambda: most_in_two_seconds(ses.rates()) >= 2 * 0.95 * RATE, "95 % of the rate are used", 75)

    assert ses.rates()["asked"]["mostInAnySecond"] <= RATE + DELAYED


def most_in_two_seconds(rates) -> int:
    """Of whole seconds, one after the other."""
    counts = {each["second"]: each["recipients"] for each in rates["passed"]["seconds"]}
    return max((counts[second] + counts.get(second + 1, 0) for second in counts), default=0)


@pytest.mark.slow
def test_who_takes_the_place_of_a_killed_process_keeps_to_its_schedule(hire, ses, ledger):
    for _ in range(3):
        (worker,) = hire(1, RATE)
        worker.await_step("recorded", RATE // 2)
        worker.kill()

    hire(1, RATE)
    ledger.await_ends()

    assert ses.rates()["asked"]["mostInAnySecond"] <= RATE + DELAYED
    assert set(ses.copies().values()) == {1}


@pytest.mark.slow
def test_throttles_spend_no_attempts_and_the_rate_is_kept_again(hire, ses, ledger):
    hire(2, 2 * RATE)
    until_soon(lambda: ses.state()["mails"] > RATE // 2, "they are at work")
    ses.faults(rate=RATE / 2, burst=5)
    until_soon(lambda: ses.state()["mails"] == 4 * RATE, "all mails arrived", 60)
    ledger.await_ends()

    rates = ses.rates()
    throttled = rates["asked"]["total"] - rates["passed"]["total"]
    events = ledger.events()
    assert throttled > 0
    assert events["delivery.released.v1"] >= throttled
    assert events["delivery.deferred.v1"] == events["delivery.failed.v1"] == 0
    assert ledger.in_state(State.SENT) == ledger.emails() == ses.copies().keys()


@dataclass
class Moody(Provider):
    """Says what it is told to, in this order, and then takes everything."""

    says: list[Outcome] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    attempts: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    async def hand_over(self, message: Message, clearance: Clearance) -> Outcome:
        self.attempts.append(message.attempt)
        outcome = self.says.pop(0) if self.says else await super().hand_over(message, clearance)
        if isinstance(outcome, Taken):
            self.taken.append(message.recipient)
        else:
            self.release()
        return outcome


def pacer_of(store, rate: float, per_day: int | None = None) -> Pacer:
    return Pacer(store, FixedAccount("provider", AccountLimits(rate, per_day)), now_us)


@pytest.fixture
def quick(monkeypatch):
    """Pauses that a test can wait for."""
    monkeypatch.setattr("couvert.workers.gate.SHORTEST_SECONDS", 0.02)
    monkeypatch.setattr("couvert.domain.retry.HELD_MS", 20)
    monkeypatch.setattr("couvert.domain.retry.THROTTLED_MS", 20)
    monkeypatch.setattr("couvert.workers.pace.WAIT_SECONDS", 0.05)


async def test_while_the_provider_holds_one_delivery_at_a_time_is_tried_and_then_all_leave(store, quick, directory):
    moody = Moody([Held("400 SendingPausedException")] * 6)
    courier = courier_of(store, moody, hands=4)
    await accept(store, *(f"r{n}@example.com" for n in range(20)))
    courier.start()
    await until(lambda: len(moody.taken) == 20)
    await courier.stop()

    stored = [await store.delivery(each) for each in await store.latest_deliveries(20)]
    assert [each.delivery.deferrals for each in stored] == [0] * 20
    assert courier.trouble is None
    assert audit(directory).faults.count == 0


@dataclass
class Picky(Moody):
    """Takes nothing that goes to Bob, and holds everything then."""

    tried: list[str] = field(default_factory=list)

    async def hand_over(self, message: Message, clearance: Clearance) -> Outcome:
        self.tried.append(message.recipient)
        if message.recipient == "bob@example.com":
            self.says = [Held("400 MessageRejected: Email address is not verified.")]
        return await super().hand_over(message, clearance)


async def test_after_a_hold_the_next_that_is_tried_is_another_mail(store, quick):
    picky = Picky()
    courier = courier_of(store, picky)
    await accept(store, "bob@example.com")
    courier.start()
    await until(lambda: len(picky.tried) == 4 and courier.trouble)
    await asyncio.sleep(0.05)
    await accept(store, "alice@example.com")
    await until(lambda: len(picky.tried) > 4)
    await courier.stop()

    assert picky.tried[4] == "alice@example.com"


@dataclass
class Unverified(Moody):
    """Takes nothing that comes from the shop."""

    tried: list[str] = field(default_factory=list)

    async def hand_over(self, message: Message, clearance: Clearance) -> Outcome:
        if message.sender == "shop@example.com":
            self.tried.append(message.recipient)
            self.says = [Held("400 MessageRejected: Email address is not verified.", is_of_sender=True)]
        return await super().hand_over(message, clearance)


async def test_a_sender_that_is_not_taken_keeps_nobody_elses_mail_waiting(store, quick, directory):
    unverified = Unverified()
    courier = courier_of(store, unverified, hands=1)
    await accept(store, *(f"b{n}@example.com" for n in range(30)), sender="shop@example.com")
    of_the_shop = await store.latest_deliveries(30)
    await asyncio.sleep(0.01)  # ids tell the time
    await accept(store, *(f"r{n}@example.com" for n in range(30)))
    courier.start()
    told = [courier.expect(each) for each in of_the_shop]
    await until(lambda: len(unverified.taken) == 30)
    words = {settled.words for settled in await asyncio.gather(*told)}
    await courier.stop()

    assert len(unverified.tried) == 1
    assert words == {"400 MessageRejected: Email address is not verified."}
    assert courier.passage.senders.held == 1
    assert audit(directory).faults.count == 0


async def test_however_often_a_sender_is_tried_in_vain_others_wait_for_a_moment(store, quick, monkeypatch):
    for name in ("FIRST_SECONDS", "LONGEST_SECONDS", "TRIAL_SECONDS"):
        monkeypatch.setattr(f"couvert.workers.senders.{name}", 0.01)
    unverified = Unverified()
    courier = courier_of(store, unverified)
    await accept(store, "bob@example.com", sender="shop@example.com")
    courier.start()

    await until(lambda: len(unverified.tried) == 6)
    pause_seconds = courier.passage.gate.next_hold_seconds
    await courier.stop()

    assert pause_seconds <= 0.08


async def test_the_mail_of_a_sender_that_is_not_taken_takes_no_slots_of_the_others(store, quick):
    unverified = Unverified()
    courier = courier_of(store, unverified, pacer=pacer_of(store, 10))
    courier.passage.senders.hold("shop@example.com", "400 MessageRejected: Email address is not verified.")
    await accept(store, *(f"b{n}@example.com" for n in range(60)), sender="shop@example.com")
    await asyncio.sleep(0.01)  # ids tell the time
    await accept(store, *(f"r{n}@example.com" for n in range(5)))
    courier.start()
    await until(lambda: len(unverified.taken) == 5, 2.5)
    await courier.stop()

    assert unverified.tried == []


async def test_mail_to_those_who_are_suppressed_takes_no_slots_of_the_others(store, quick, ledger):
    moody = Moody()
    courier = courier_of(store, moody, pacer=pacer_of(store, 10))
    bounced = [f"b{n}@example.com" for n in range(60)]
    suppressions = Suppressions(store, IdSource(2, now_ms), now_ms)
    for email in bounced:
        await suppressions.add(Entry(email))
    await accept(store, *bounced)
    await asyncio.sleep(0.01)  # ids tell the time
    await accept(store, *(f"r{n}@example.com" for n in range(5)))
    courier.start()
    await until(lambda: len(moody.taken) == 5, 2.5)
    await courier.stop()

    assert ledger.in_state(State.SUPPRESSED) == set(bounced)


async def test_mail_that_cannot_be_built_takes_no_slots_of_the_others(store, quick, monkeypatch):
    moody = Moody()
    courier = courier_of(store, moody, pacer=pacer_of(store, 5))
    build = Letters.message

    async def message(letters, delivery, recipient):
        if recipient.email.startswith("b"):
            raise RuntimeError("as if it could not be built")
        return await build(letters, delivery, recipient)

    monkeypatch.setattr(Letters, "message", message)
    await accept(store, *(f"b{n}@example.com" for n in range(20)))
    await asyncio.sleep(0.01)  # ids tell the time
    await accept(store, *(f"r{n}@example.com" for n in range(3)))
    log = Mock()  # a traceback takes longer to print than a slot to come
    monkeypatch.setattr("couvert.workers.porter.log", log)
    courier.start()
    await until(lambda: len(moody.taken) == 3, 2.5)
    await courier.stop()

    assert log.exception.call_count == 20


async def test_mail_that_expires_while_its_sender_is_not_taken_ends_in_time(store, quick, ledger):
    unverified = Unverified()
    courier = courier_of(store, unverified)
    courier.passage.senders.hold("shop@example.com", "400 MessageRejected: Email address is not verified.")
    mail = AcceptMail(Sender("shop@example.com"), (Recipient("bob@example.com"),), "News", html="<p>News</p>")
    mail = mail._replace(expires_at=now_ms() + 300)
    await AcceptMails(store, IdSource(1, now_ms), now_ms).accept(mail, key=None)
    courier.start()
    await until(lambda: ledger.in_state(State.EXPIRED) == {"bob@example.com"}, 5)
    await courier.stop()

    assert unverified.tried == []


async def test_who_waits_for_a_mail_is_told_why_it_is_held(store, quick):
    moody = Moody([Held("400 SendingPausedException")] * 1000)
    courier = courier_of(store, moody)
    await accept(store, "alice@example.com")
    courier.start()
    await until(lambda: courier.trouble)
    told = await courier.expect(1)
    assert told.words == "400 SendingPausedException"
    assert courier.lease() is None
    await courier.stop()


async def test_a_throttled_attempt_is_none_and_slows_the_account_down(store, quick):
    moody = Moody([Throttled("429 TooManyRequestsException")])
    courier = courier_of(store, moody, pacer=pacer_of(store, 1_000))
    await accept(store, "alice@example.com")
    courier.start()
    await until(lambda: moody.taken)
    await courier.stop()

    (delivery_id,) = await store.latest_deliveries(1)
    stored = await store.delivery(delivery_id)
    paced = await store.pace("provider")
    assert (stored.delivery.attempt, stored.delivery.deferrals) == (2, 0)
    assert paced.pace.share == 0.8


async def test_where_nobodys_pace_is_kept_what_is_throttled_steps_back_for_itself(store, quick):
    moody = Moody([Throttled("450 4.7.1 Error: too much mail from 192.0.2.1")])
    courier = courier_of(store, moody)
    await accept(store, "alice@example.com")
    courier.start()
    await until(lambda: moody.attempts)
    await courier.stop()

    (delivery_id,) = await store.latest_deliveries(1)
    assert (await store.delivery(delivery_id)).delivery.deferrals == 1


async def test_that_the_provider_holds_is_remembered_until_it_takes_mail_again(store, quick):
    moody = Moody([Held("400 SendingPausedException")] * 3)
    courier = courier_of(store, moody, pacer=pacer_of(store, 1_000))
    await accept(store, "alice@example.com")
    courier.start()
    await until(lambda: courier.trouble)
    await until(lambda: len(moody.attempts) == 2)
    held = await store.pace("provider")
    await until(lambda: moody.taken)
    await courier.stop()
    resumed = await store.pace("provider")

    assert (held.held, resumed.held) == ("400 SendingPausedException", None)


@pytest.mark.parametrize("end", [Unknown("broke"), TryLater("broke before"), Refused("no address", was_asked=False)])
async def test_a_trial_that_the_provider_did_not_judge_ends_no_hold(store, quick, end):
    moody = Moody([Held("400 SendingPausedException"), end])
    courier = courier_of(store, moody, pacer=pacer_of(store, 1_000))
    await accept(store, "alice@example.com")
    courier.start()
    await until(lambda: len(moody.attempts) == 2)
    await until(lambda: not courier.leases_held)
    still = await store.pace("provider")
    assert still.held == "400 SendingPausedException"
    assert courier.passage.gate.is_held

    await accept(store, "bob@example.com")
    await until(lambda: "bob@example.com" in moody.taken)
    await courier.stop()
    resumed = await store.pace("provider")
    assert resumed.held is None


async def test_the_daily_quota_keeps_the_rest_in_the_queue(store, quick):
    moody = Moody()
    courier = courier_of(store, moody, pacer=pacer_of(store, 1_000, per_day=3))
    await accept(store, *(f"r{n}@example.com" for n in range(5)))
    courier.start()
    await until(lambda: courier.trouble and len(moody.taken) == 3)
    async with asyncio.timeout(2):
        await courier.stop()

    assert len(moody.taken) == 3
    assert courier.trouble == "the daily quota of provider is used up"
    stored = [await store.delivery(each) for each in await store.latest_deliveries(5)]
    assert sum(each.delivery.is_begun for each in stored) == 0


async def test_a_slot_that_passed_while_the_process_stood_still_is_missed(store):
    pacer = pacer_of(store, 10)
    (slot,) = await pacer.slots(1, 1)
    coming = asyncio.create_task(pacer.come(slot))
    await asyncio.sleep(0)

    time.sleep(slot.at - time.monotonic() + 0.04)  # noqa: ASYNC251 - this is what is tried
    has_come = await coming

    assert has_come
    assert time.monotonic() >= slot.at + 0.1


async def test_what_is_begun_and_missed_its_slot_gets_another_before_what_is_not(store):
    pacer = pacer_of(store, 100)
    (missed,) = await pacer.slots(1, 10)
    await asyncio.sleep(0.1)
    coming = asyncio.create_task(pacer.come(missed))

    given_out = 0
    while not coming.done() and given_out < 100:
        given_out += len(await pacer.slots(1, 10))

    assert coming.done()


async def test_a_slot_goes_to_what_is_most_urgent_when_it_comes(store):
    """Bulk that waits for its slots is passed by a mail that came after all of it."""
    moody = Moody()
    courier = courier_of(store, moody, hands=8, pacer=pacer_of(store, 20))
    everybody = tuple(Recipient(f"bulk{n}@example.com") for n in range(40))
    news = AcceptMail(Sender("shop@example.org"), everybody, "News", html="<p>News</p>")
    await AcceptMails(store, IdSource(1, now_ms), now_ms).accept(news, key=None)
    courier.start()
    await until(lambda: moody.taken)
    await accept(store, "alice@example.com")
    courier.wake()
    await until(lambda: "alice@example.com" in moody.taken)
    assert len(moody.taken) < 30
    await courier.stop()


async def test_a_posters_few_mails_do_not_wait_for_the_many_of_another(store):
    moody = Moody()
    courier = courier_of(store, moody, hands=8, pacer=pacer_of(store, 50))
    await post(store, b"many", [f"many{n}@example.com" for n in range(200)])
    courier.start()
    await until(lambda: moody.taken)
    few = [f"few{n}@example.com" for n in range(5)]
    await post(store, b"few", few)
    courier.wake()
    await until(lambda: set(few) <= set(moody.taken))
    assert len(moody.taken) < 60
    await courier.stop()


async def test_bulk_leaves_slowly_rather_than_never_while_others_fill_the_pace(store):
    moody = Moody()
    courier = courier_of(store, moody, hands=4, pacer=pacer_of(store, 100))
    await post(store, b"bulk", [f"bulk{n}@example.com" for n in range(20)])
    await accept(store, *(f"single{n}@example.com" for n in range(120)))
    courier.start()
    await until(lambda: len(moody.taken) >= 100)
    await courier.stop()
    assert 2 <= sum(each.startswith("bulk") for each in moody.taken[:100]) <= 6


async def post(store, secret: bytes, recipients: list[str]) -> None:
    """One bulk mail, by a key of its own."""
    ids = IdSource(1, now_ms)
    change = new_key(ids, secret)
    await store.commit(change)
    everybody = tuple(Recipient(email) for email in recipients)
    news = AcceptMail(Sender("shop@example.org"), everybody, "News", html="<p>News</p>")
    await AcceptMails(store, ids, now_ms).accept(news, key=change.keys[0])
