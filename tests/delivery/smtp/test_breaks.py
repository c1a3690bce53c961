"""A connection that breaks, goes silent or talks nonsense: the final dot decides whether a mail may be tried again."""

import pytest

from couvert.delivery.transport import Refused, Taken, TryLater, Unknown
from couvert.delivery.transports.smtp import Patience
from tests.delivery.smtp.handing import BRIEF
from tests.delivery.smtp.scripted import Peer, outcome_with


async def test_a_break_before_the_final_dot_is_tried_later():
    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        await peer.hears(b"DATA\r\n")
        await peer.says(b"250 Ok\r\n250 Ok\r\n")
        await peer.resets()

    outcome = await outcome_with(relay)
    assert isinstance(outcome, TryLater)
    assert outcome.reason.endswith("(before it answered DATA)")


async def test_a_refusal_heard_before_a_break_counts():
    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        await peer.hears(b"DATA\r\n")
        await peer.says(b"250 Ok\r\n550 5.1.1 Unknown\r\n")

    assert await outcome_with(relay) == Refused("550 5.1.1 Unknown (in answer to RCPT TO)")


@pytest.mark.parametrize("answer", [b"", b"2", b"250-2.0.0 Ok: queued as 4XyZ\r\n", b"250 Ok"])
async def test_a_break_after_the_final_dot_is_unknown(answer):
    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        await peer.takes_mail(answer)

    assert await outcome_with(relay) == Unknown("the relay closed the connection (after the whole message had left)")


async def test_an_answer_counts_even_if_the_connection_ends_with_it():
    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        await peer.takes_mail()
        await peer.resets()

    assert await outcome_with(relay) == Taken("4XyZ")


async def test_silence_before_the_final_dot_is_tried_later():
    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        await peer.hears(b"DATA\r\n")
        assert await peer.hears_nothing_more() == b""

    outcome = await outcome_with(relay, patience=BRIEF)
    assert outcome == TryLater("the relay took too long (before it answered MAIL FROM)")


@pytest.mark.parametrize(
    "answer", [b"hello\r\n", b"999 No\r\n" * 3, b"250_Ok\r\n", b"x" * 100_000, b"250-x\r\n" * 10_000]
)
async def test_nonsense_before_the_final_dot_is_tried_later(answer):
    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        await peer.hears(b"DATA\r\n")
        peer.writer.write(answer)
        assert await peer.hears_nothing_more() == b""

    assert isinstance(await outcome_with(relay, patience=Patience()), TryLater)


@pytest.mark.parametrize(
    "answer", [b"hello\r\n", b"354 Go on\r\n", b"150 Wait\r\n", b"x" * 100_000, b"250-x\r\n" * 10_000, b"\xff\x00\n"]
)
async def test_nonsense_after_the_final_dot_is_unknown(answer):
    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        await peer.takes_mail(answer)
        assert await peer.hears_nothing_more() == b""

    assert isinstance(await outcome_with(relay, patience=Patience()), Unknown)


@pytest.mark.parametrize("early", [b"250 2.0.0 Ok: queued as 4XyZ\r\n", b"550 No\r\n", b"2"])
async def test_an_answer_to_content_that_was_not_sent_is_no_answer(early):
    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        await peer.hears(b"DATA\r\n")
        await peer.says(b"250 Ok\r\n250 Ok\r\n354 Go ahead\r\n" + early)
        assert await peer.hears_nothing_more() == b""

    outcome = await outcome_with(relay)
    assert outcome == TryLater("the relay answered what was not asked yet (before the whole message had left)")
