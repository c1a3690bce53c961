"""What goes over the wire, byte for byte."""

import asyncio

import pytest

from couvert.delivery.transport import Refused, Taken
from tests.delivery.smtp.handing import CONTENT, MESSAGE_ID, Word, mail, transport_to
from tests.delivery.smtp.scripted import Peer, outcome_with, scripted

ENVELOPE = b"MAIL FROM:<shop@example.com>\r\nRCPT TO:<charlie@example.org>\r\nDATA\r\n"


async def test_sender_recipient_and_data_leave_together_and_the_content_in_one_write():
    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        assert await peer.takes_envelope() == ENVELOPE
        assert await peer.hears(b"\r\n.\r\n") == CONTENT + b".\r\n"
        await peer.says(b"250 2.0.0 Ok: queued as 4XyZ\r\n")

    assert await outcome_with(relay) == Taken("4XyZ")


async def test_clearance_is_asked_for_at_the_last_moment_and_no_sooner():
    word = Word(begin=1, complete=1)

    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        await peer.hears(b"DATA\r\n")
        assert (word.begin, word.complete) == (0, 1)
        await peer.says(b"250 Ok\r\n250 Ok\r\n354 Go ahead\r\n")
        await peer.hears(b"\r\n.\r\n")
        assert (word.begin, word.complete) == (0, 0)
        await peer.says(b"250 Ok\r\n")

    async with scripted(relay) as port, transport_to(port) as transport:
        channel = await transport.channel()
        await asyncio.sleep(0.01)
        assert (word.begin, word.complete) == (1, 1)
        assert isinstance(await channel.hand_over(mail(), word), Taken)


async def test_without_pipelining_each_line_waits_for_its_answer():
    async def relay(peer: Peer) -> None:
        await peer.welcomes()
        for line, answer in zip(ENVELOPE.splitlines(keepends=True), [b"250 Ok", b"251 Ok", b"354 Go"], strict=True):
            assert await peer.hears(b"\r\n") == line
            await peer.says(answer + b"\r\n")
        await peer.hears(b"\r\n.\r\n")
        await peer.says(b"250 Ok\r\n")

    assert await outcome_with(relay) == Taken(MESSAGE_ID.strip("<>"))


async def test_size_is_announced_where_the_relay_wants_to_know_it():
    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING", "SIZE 10240000")
        assert (await peer.takes_envelope()).startswith(b"MAIL FROM:<shop@example.com> SIZE=%d\r\n" % len(CONTENT))
        await peer.hears(b"\r\n.\r\n")
        await peer.says(b"250 Ok\r\n")

    assert isinstance(await outcome_with(relay), Taken)


async def test_a_mail_without_a_sender_says_so():
    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        assert (await peer.takes_envelope()).startswith(b"MAIL FROM:<>\r\n")

    await outcome_with(relay, mail(sender=""))


@pytest.mark.parametrize(
    "message",
    [mail("žofie@example.org"), mail(sender="žofie@example.org"), mail(content="Subject: č\r\n".encode())],
    ids=["recipient", "sender", "content"],
)
async def test_what_a_relay_of_seven_bits_cannot_take_is_refused_before_a_word_is_said(message):
    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        assert await peer.hears_nothing_more() == b"QUIT\r\n"

    assert isinstance(await outcome_with(relay, message), Refused)


async def test_replies_may_come_byte_by_byte_and_over_many_lines():
    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        await peer.hears(b"DATA\r\n")
        for byte in b"250-2.1.0 Sender\r\n250 ok\r\n250-\r\n250-2.1.5 Recipient\r\n250 ok\r\n354-Go\r\n354\r\n":
            await peer.says(bytes([byte]))
        await peer.hears(b"\r\n.\r\n")
        await peer.says(b"250-2.0.0 Ok: queued as 4XyZ\r\n25")
        await peer.says(b"0 bye\r\n")

    assert await outcome_with(relay) == Taken("4XyZ")
