"""Connections are kept, used again, and given up before a relay's end of them surprises anybody."""

import asyncio
import socket

import pytest

from couvert.delivery.transport import Taken, TryLater
from couvert.delivery.transports.smtp import Patience, pool
from tests.delivery.smtp.acting import Actor, acted
from tests.delivery.smtp.handing import MESSAGE_ID, Word, hand_over, mail, transport_to
from tests.delivery.smtp.scripted import Peer, scripted


async def test_mails_one_after_another_share_one_connection():
    relay = Actor()
    async with acted(relay) as port, transport_to(port) as transport:
        for _ in range(5):
            assert isinstance(await hand_over(transport), Taken)
    assert (relay.sessions, len(relay.arrived)) == (1, 5)


async def test_the_connection_used_last_is_used_first():
    heard: list[int] = []

    def relay(number: int):
        async def script(peer: Peer) -> None:
            await peer.welcomes("PIPELINING")
            while await peer.reader.readline():
                heard.append(number)

        return script

    async with (
        scripted(relay(1), relay(2)) as port,
        transport_to(port, Patience(reply=0.05, farewell=0.05)) as transport,
    ):
        first, second = await transport.channel(), await transport.channel()
        first.release()
        second.release()
        await hand_over(transport)
    assert set(heard[:3]) == {2}


async def test_a_channel_given_back_unused_says_nothing():
    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        assert await peer.hears_nothing_more() == b"QUIT\r\n"

    async with scripted(relay) as port, transport_to(port) as transport:
        for _ in range(3):
            channel = await transport.channel()
            channel.release()
            channel.release()


async def test_a_channel_is_good_for_one_mail():
    async with acted(Actor()) as port, transport_to(port) as transport:
        channel = await transport.channel()
        await channel.hand_over(mail(), Word())
        with pytest.raises(RuntimeError, match="good for one message"):
            await channel.hand_over(mail(), Word())


async def test_a_connection_is_replaced_after_its_share_of_mails(monkeypatch):
    monkeypatch.setattr(pool, "MAX_TRANSACTIONS", 2)
    relay = Actor()
    async with acted(relay) as port, transport_to(port) as transport:
        for _ in range(5):
            assert isinstance(await hand_over(transport), Taken)
    assert relay.sessions == 3


async def test_a_connection_is_replaced_when_it_is_old(monkeypatch):
    monkeypatch.setattr(pool, "MAX_AGE", 0.0)
    relay = Actor()
    async with acted(relay) as port, transport_to(port) as transport:
        for _ in range(2):
            assert isinstance(await hand_over(transport), Taken)
    assert relay.sessions == 2


# --- Given up ---------------------------------------------------------------------------------------------------------


async def test_an_idle_connection_ends_with_a_word():
    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        await peer.takes_mail()
        assert await peer.hears(b"\r\n") == b"QUIT\r\n"
        await peer.says(b"221 Bye\r\n")
        assert await peer.hears_nothing_more() == b""
        ended.set()

    ended = asyncio.Event()
    async with scripted(relay) as port, transport_to(port, Patience(idle=0.02)) as transport:
        await hand_over(transport)
        async with asyncio.timeout(1):
            await ended.wait()


async def test_a_reserved_connection_does_not_end_for_being_idle():
    relay = Actor()
    async with acted(relay) as port, transport_to(port, Patience(idle=0.02)) as transport:
        assert isinstance(await hand_over(transport), Taken)
        channel = await transport.channel()
        await asyncio.sleep(0.05)
        assert isinstance(await channel.hand_over(mail(), Word()), Taken)
    assert relay.sessions == 1


@pytest.mark.parametrize("farewell", [b"421 4.4.2 Idle for too long\r\n", b"421 4.4.2", b""])
async def test_a_connection_the_relay_ended_while_idle_is_replaced_before_anything_is_begun(farewell):
    async def impatient(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        await peer.takes_mail()
        peer.writer.write(farewell)

    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        await peer.takes_mail()

    async with scripted(impatient, relay) as port, transport_to(port) as transport:
        assert isinstance(await hand_over(transport), Taken)
        await asyncio.sleep(0.02)
        assert isinstance(await hand_over(transport), Taken)


async def test_a_connection_that_ended_while_the_process_slept_is_noticed_when_it_wakes(monkeypatch):
    monkeypatch.setattr(pool, "QUIET", -1.0)
    peers = []

    async def relay(peer: Peer) -> None:
        peers.append(peer)
        await peer.welcomes("PIPELINING")
        await peer.takes_mail()
        await peer.hears_nothing_more()

    async with scripted(relay) as port, transport_to(port) as transport:
        assert isinstance(await hand_over(transport), Taken)
        end = peers[0].writer.get_extra_info("socket").fileno()
        with socket.fromfd(end, socket.AF_INET, socket.SOCK_STREAM) as unseen:
            unseen.shutdown(socket.SHUT_RDWR)
        assert isinstance(await hand_over(transport), Taken)
    assert len(peers) == 2


@pytest.mark.parametrize("words", [b"250 2.0.0 Ok: queued as 4XyZ\r\n" * 4, b"550 5.1.1 No such user\r\n", b"2"])
async def test_a_relay_that_speaks_unasked_is_never_believed(words):
    reserved = asyncio.Event()

    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        await reserved.wait()
        await peer.says(words)
        assert await peer.hears_nothing_more() == b""

    async with scripted(relay) as port, transport_to(port) as transport:
        channel = await transport.channel()
        reserved.set()
        await asyncio.sleep(0.02)
        outcome = await channel.hand_over(mail(), Word())
    assert outcome == TryLater("the relay spoke unasked (before it answered MAIL FROM)")


async def test_what_a_relay_adds_to_its_answer_ends_the_connection_and_not_the_mail():
    async def talkative(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        await peer.takes_mail(b"250 Ok\r\n250 And more\r\n")
        assert await peer.hears_nothing_more() == b""

    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        await peer.takes_mail()

    async with scripted(talkative, relay) as port, transport_to(port) as transport:
        assert await hand_over(transport) == Taken(MESSAGE_ID.strip("<>"))
        assert await hand_over(transport) == Taken("4XyZ")
