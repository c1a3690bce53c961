"""Connections are kept, used again, given up in time, and never more than the relay was promised."""

import asyncio
import socket

import pytest

from couvert.delivery.transport import Refused, Taken, TryLater, Unreachable
from couvert.delivery.transports.smtp import Patience, pool
from tests.delivery.relays import BRIEF, Actor, Peer, Word, acted, hand_over, mail, scripted, transport_to


async def turns(count: int = 10) -> None:
    """Let everything happen that can happen without waiting."""
    for _ in range(count):
        await asyncio.sleep(0)


class Line(Actor):
    """Holds the mails it is given until the test lets them go."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.waiting = 0

    async def handle_DATA(self, *args: object) -> str:  # noqa: N802
        self.waiting += 1
        await self.gate.wait()
        return await super().handle_DATA(*args)  # type: ignore[arg-type]


# --- Used again -------------------------------------------------------------------------------------------------------


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

    async with scripted(relay(1), relay(2)) as port, transport_to(port, Patience(reply=0.05, farewell=0.05)) as transport:
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

    async with scripted(relay) as port, transport_to(port, Patience(idle=0.02)) as transport:
        await hand_over(transport)
        await asyncio.sleep(0.05)


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
        peers[0].writer.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
        assert isinstance(await hand_over(transport), Taken)
    assert len(peers) == 2


@pytest.mark.parametrize("words", [b"250 Ok\r\n", b"250 2.0.0 Ok: queued as 4XyZ\r\n" * 4, b"2"])
async def test_a_relay_that_speaks_unasked_is_never_believed(words):
    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        await peer.says(words)
        assert await peer.hears_nothing_more() == b""

    async with scripted(relay) as port, transport_to(port) as transport:
        channel = await transport.channel()
        await asyncio.sleep(0.02)
        outcome = await channel.hand_over(mail(), Word())
    assert isinstance(outcome, TryLater)


async def test_what_a_relay_adds_to_its_answer_ends_the_connection_and_not_the_mail():
    async def talkative(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        await peer.takes_mail(b"250 Ok\r\n250 And more\r\n")
        assert await peer.hears_nothing_more() == b""

    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        await peer.takes_mail()

    async with scripted(talkative, relay) as port, transport_to(port) as transport:
        assert await hand_over(transport) == Taken("Ok")
        assert await hand_over(transport) == Taken("4XyZ")


# --- Bounded ----------------------------------------------------------------------------------------------------------


async def test_there_are_never_more_connections_than_agreed():
    relay = Line()
    async with acted(relay) as port, transport_to(port, connections=3, patience=Patience()) as transport:
        mails = [asyncio.create_task(hand_over(transport)) for _ in range(10)]
        while relay.waiting < 3:
            await asyncio.sleep(0)
        await turns()
        assert (relay.sessions, relay.waiting) == (3, 3)
        relay.gate.set()
        assert await asyncio.gather(*mails) == [Taken("4XyZ")] * 10
    assert relay.sessions == 3


async def test_who_waits_for_a_connection_is_served_in_order():
    served: list[int] = []

    async def wait(number: int) -> None:
        channel = await transport.channel()
        served.append(number)
        channel.release()

    async with acted(Actor()) as port, transport_to(port, connections=1) as transport:
        channel = await transport.channel()
        waiting = [asyncio.create_task(wait(number)) for number in range(5)]
        await turns()
        channel.release()
        await asyncio.gather(*waiting)
    assert served == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("moment", [0, 1, 2, 3])
async def test_who_gives_up_waiting_costs_no_connection(moment):
    async with acted(Actor()) as port, transport_to(port, connections=1) as transport:
        channel = await transport.channel()
        waiting = [asyncio.create_task(transport.channel()) for _ in range(3)]
        await turns()
        channel.release()
        await turns(moment)  # The first may just have been woken.
        waiting[0].cancel()
        waiting[1].cancel()
        for task in waiting[:2]:
            try:
                (await task).release()
            except asyncio.CancelledError:
                continue
        async with asyncio.timeout(1):
            (await waiting[2]).release()
            assert isinstance(await hand_over(transport), Taken)


async def test_who_gives_up_while_connecting_costs_no_connection():
    async def silent(peer: Peer) -> None:
        assert await peer.hears_nothing_more() == b""

    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        await peer.takes_mail()

    async with scripted(silent, relay) as port, transport_to(port, connections=1) as transport:
        connecting = asyncio.create_task(transport.channel())
        await asyncio.sleep(0.02)
        connecting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await connecting
        async with asyncio.timeout(1):
            assert isinstance(await hand_over(transport), Taken)


async def test_a_hand_over_that_is_cancelled_ends_its_connection_and_frees_its_place():
    relay = Line()
    async with acted(relay) as port, transport_to(port, connections=1, patience=Patience()) as transport:
        cancelled = asyncio.create_task(hand_over(transport))
        while not relay.waiting:
            await asyncio.sleep(0)
        cancelled.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cancelled
        relay.gate.set()
        async with asyncio.timeout(1):
            assert isinstance(await hand_over(transport), Taken)
    assert relay.sessions == 2


async def test_a_relay_that_cannot_be_reached_costs_no_connection():
    async with transport_to(1, connections=1) as transport:
        for _ in range(3):
            with pytest.raises(Unreachable):
                await transport.channel()


# --- Closed -----------------------------------------------------------------------------------------------------------


async def test_closing_takes_leave_of_idle_connections():
    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        assert await peer.hears(b"\r\n") == b"QUIT\r\n"
        await peer.says(b"221 Bye\r\n")
        assert await peer.hears_nothing_more() == b""

    async with scripted(relay) as port, transport_to(port) as transport:
        channels = [await transport.channel() for _ in range(3)]
        for channel in channels:
            channel.release()


async def test_a_relay_that_ignores_quit_does_not_hold_up_closing():
    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        assert await peer.hears_nothing_more() == b"QUIT\r\n"

    async with scripted(relay) as port, transport_to(port, Patience(farewell=0.05)) as transport:
        (await transport.channel()).release()
        async with asyncio.timeout(0.5):
            await transport.close()


async def test_a_closed_transport_lets_what_is_begun_end_and_begins_nothing():
    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        await peer.takes_mail()
        assert await peer.hears(b"\r\n") == b"QUIT\r\n"

    async with scripted(relay) as port, transport_to(port) as transport:
        channel = await transport.channel()
        await transport.close()
        assert await channel.hand_over(mail(), Word()) == Taken("4XyZ")
        with pytest.raises(Unreachable, match="the transport is closed"):
            await transport.channel()


async def test_a_worker_that_stumbles_over_a_mail_costs_no_connection():
    class Broken(Word):
        def may_complete(self) -> bool:
            raise LookupError("no such lease")

    async with acted(Actor(["PIPELINING"])) as port, transport_to(port, BRIEF, connections=1) as transport:
        with pytest.raises(LookupError, match="no such lease"):
            await hand_over(transport, word=Broken())
        assert isinstance(await hand_over(transport), Taken)
        assert isinstance(await hand_over(transport, mail("refused@example.org")), Refused)
