"""What every transport promises. A new one writes its stage, adds it to `STAGES`, and passes these unchanged."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest

from couvert.delivery.transport import Refused, Taken, Throttled, Transport, TryLater, Unknown, Withheld
from couvert.delivery.transports.sandbox import SandboxTransport
from tests.delivery.ses import acting as ses_acting, handing as ses_handing
from tests.delivery.shelf import Shelf
from tests.delivery.smtp.acting import Actor, acted
from tests.delivery.smtp.handing import PATIENT, Word, hand_over, mail, transport_to

TAKEN, REFUSED, LATER, UNKNOWN = (f"{role}@sandbox.test" for role in ("charlie", "refused", "throttled", "timeout"))
SECONDS = 0.7
"""How long an answer is waited for: often in vain, and on a busy machine."""
SMTP_PATIENCE = replace(PATIENT, reply=SECONDS, verdict=SECONDS)


@dataclass
class Stage:
    """A transport, and behind it a provider that does what the recipient's address says."""

    transport: Transport
    arrived: Callable[[], list[str]]
    """Whose mail the provider has got and taken."""
    channels: int | None
    """How many it gives out at once; None if it does not count them."""
    later: type[TryLater | Throttled] = TryLater
    """What it says if it is to take no more for now."""


@asynccontextmanager
async def smtp() -> AsyncIterator[Stage]:
    relay = Actor(["PIPELINING"])
    async with acted(relay) as port, transport_to(port, SMTP_PATIENCE, connections=2) as transport:
        yield Stage(transport, lambda: [envelope.rcpt_tos[0] for envelope in relay.arrived], channels=2)


@asynccontextmanager
async def sandbox() -> AsyncIterator[Stage]:
    shelf = Shelf()
    transport = SandboxTransport(shelf)
    yield Stage(transport, lambda: [message.recipient for message in shelf.kept], channels=None)
    await transport.close()


@asynccontextmanager
async def ses() -> AsyncIterator[Stage]:
    actor = ses_acting.Actor()
    async with (
        ses_acting.acted(actor) as url,
        ses_handing.transport_to(url, connections=2, timeout_seconds=SECONDS) as transport,
    ):
        yield Stage(transport, lambda: actor.arrived, channels=2, later=Throttled)


STAGES = [smtp, sandbox, ses]


@pytest.fixture(params=STAGES, ids=lambda stage: stage.__name__)
async def stage(request) -> AsyncIterator[Stage]:
    async with request.param() as stage:
        yield stage


async def test_a_mail_the_provider_took_has_the_providers_id(stage):
    outcome = await hand_over(stage.transport, mail(TAKEN))
    assert isinstance(outcome, Taken)
    assert outcome.provider_id
    assert stage.arrived() == [TAKEN]


@pytest.mark.parametrize(("recipient", "outcome"), [(REFUSED, Refused), (LATER, TryLater), (UNKNOWN, Unknown)])
async def test_whatever_else_becomes_of_a_mail_is_told_with_its_reason(stage, recipient, outcome):
    told = await hand_over(stage.transport, mail(recipient))
    assert type(told) is (stage.later if outcome is TryLater else outcome)
    assert not isinstance(told, Taken)
    assert told.reason
    assert stage.arrived() == []


@pytest.mark.parametrize("word", [Word(begin=0), Word(complete=0)], ids=["the first byte", "the content"])
async def test_nothing_arrives_without_clearance_for(stage, word):
    assert isinstance(await hand_over(stage.transport, mail(TAKEN), word), Withheld)
    assert stage.arrived() == []
    assert isinstance(await hand_over(stage.transport, mail(TAKEN)), Taken)


async def test_clearance_for_one_mail_is_enough_for_one_mail(stage):
    assert isinstance(await hand_over(stage.transport, mail(TAKEN), Word(begin=1)), Taken)


@pytest.mark.parametrize("content", [b"\r\n", b".\r\n", b"a line\r\n" * 25_000])
async def test_a_mail_may_be_small_or_large(stage, content):
    assert isinstance(await hand_over(stage.transport, mail(TAKEN, content)), Taken)


@pytest.mark.parametrize("recipient", [TAKEN, REFUSED, LATER, UNKNOWN])
async def test_a_channel_is_free_again_after_every_outcome(stage, recipient):
    async with asyncio.timeout(20):
        for _ in range((stage.channels or 1) + 1):
            await hand_over(stage.transport, mail(recipient))
        assert isinstance(await hand_over(stage.transport, mail(TAKEN)), Taken)


async def test_a_channel_given_back_unused_is_free_again(stage):
    async with asyncio.timeout(20):
        for _ in range((stage.channels or 1) + 1):
            (await stage.transport.channel()).release()
        assert isinstance(await hand_over(stage.transport, mail(TAKEN)), Taken)
    assert stage.arrived() == [TAKEN]


async def test_who_asks_for_one_channel_too_many_waits_for_the_next_that_is_free(stage):
    if stage.channels is None:
        pytest.skip("gives out any number of channels")
    channels = [await stage.transport.channel() for _ in range(stage.channels)]
    waiting = asyncio.create_task(stage.transport.channel())
    await asyncio.sleep(0.01)
    assert not waiting.done()
    channels.pop().release()
    async with asyncio.timeout(1):
        channels.append(await waiting)
    for channel in channels:
        channel.release()


async def test_mails_side_by_side_do_not_mix(stage):
    recipients = [TAKEN, REFUSED, LATER] * 5
    outcomes = await asyncio.gather(*(hand_over(stage.transport, mail(recipient)) for recipient in recipients))
    assert [type(outcome) for outcome in outcomes] == [Taken, Refused, stage.later] * 5
    assert stage.arrived() == [TAKEN] * 5


async def test_closing_lets_a_mail_in_hand_go(stage):
    channel = await stage.transport.channel()
    await stage.transport.close()
    assert isinstance(await channel.hand_over(mail(TAKEN), Word()), Taken)
    await stage.transport.close()
