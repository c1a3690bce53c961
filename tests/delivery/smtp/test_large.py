"""A mail larger than a connection holds leaves in parts, and the lease is looked at before each of them."""

import asyncio

from couvert.delivery.transport import Refused, TryLater, Withheld
from tests.delivery.smtp.handing import BRIEF, Word, mail
from tests.delivery.smtp.scripted import Peer, outcome_with

LARGE = b"Subject: large\r\n\r\n" + (b"x" * 998 + b"\r\n") * 16_000
"""16 MB: more than a kernel buffers for a relay that does not read."""


async def test_a_large_mail_that_stops_on_its_way_is_tried_later():
    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        await peer.takes_envelope()
        await asyncio.sleep(0.4)  # and does not read

    outcome = await outcome_with(relay, mail(content=LARGE), patience=BRIEF)
    assert outcome == TryLater("the relay took too long (before the whole message had left)")


async def test_a_large_mail_that_is_cut_on_its_way_is_tried_later():
    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        await peer.takes_envelope()
        await peer.reader.readexactly(1_000_000)
        await peer.resets()

    outcome = await outcome_with(relay, mail(content=LARGE))
    assert isinstance(outcome, TryLater)
    assert outcome.reason.endswith("(before the whole message had left)")


async def test_a_large_mail_that_is_refused_on_its_way_is_refused():
    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        await peer.takes_envelope()
        await peer.reader.readexactly(1_000_000)
        await peer.says(b"552 5.3.4 Too large\r\n")
        await peer.hears_nothing_more()

    outcome = await outcome_with(relay, mail(content=LARGE))
    assert outcome == Refused("552 5.3.4 Too large (in answer to a part of the content)")


async def test_a_large_mail_whose_lease_is_lost_on_its_way_never_gets_its_final_dot():
    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        await peer.takes_envelope()
        left = await peer.hears_nothing_more()
        assert LARGE.startswith(left)
        assert len(left) < len(LARGE)

    assert isinstance(await outcome_with(relay, mail(content=LARGE), Word(complete=8)), Withheld)


async def test_a_lease_lost_at_the_last_moment_withholds_the_final_dot_alone():
    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        await peer.takes_envelope()
        assert not (await peer.hears_nothing_more()).endswith(b"\r\n.\r\n")

    content = LARGE[:100_000]
    assert isinstance(await outcome_with(relay, mail(content=content), Word(complete=2)), Withheld)
