"""A relay that allows fewer connections than agreed is waited for; one that is not there is found out once, for all."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from couvert.delivery.transport import Outcome, Taken, Unreachable
from couvert.delivery.transports.smtp import SmtpTransport, slots
from tests.delivery.smtp.handing import hand_over, transport_to
from tests.delivery.smtp.scripted import Peer


class Strict:
    """A relay with so many connections at once; who comes next is told to come again."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.open = 0
        self.peak = 0
        self.turned_away = 0
        self.seconds = 0.0
        """How long it thinks about a mail."""

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(reader, writer)
        try:
            if self.open >= self.most:
                self.turned_away += 1
                await peer.says(b"421 4.7.0 relay.test Error: too many connections\r\n")
                return
            self.open += 1
            self.peak = max(self.peak, self.open)
            try:
                await self._serve(peer)
            finally:
                self.open -= 1
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    async def _serve(self, peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        while (line := await peer.reader.readline()) not in (b"", b"QUIT\r\n"):
            if line == b"DATA\r\n":
                await peer.says(b"250 Ok\r\n" * 2 + b"354 Go ahead\r\n")
                await peer.reader.readuntil(b"\r\n.\r\n")
                await asyncio.sleep(self.seconds)
                await peer.says(b"250 2.0.0 Ok: queued as 4XyZ\r\n")


@asynccontextmanager
async def served(relay: Strict) -> AsyncIterator[int]:
    server = await asyncio.start_server(relay, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def hand_over_many(transport: SmtpTransport, count: int) -> list[Outcome]:
    async with asyncio.timeout(5):
        return await asyncio.gather(*(hand_over(transport) for _ in range(count)))


async def test_a_relay_that_allows_two_connections_takes_all_mails_on_two():
    relay = Strict(most=2)
    async with served(relay) as port, transport_to(port, connections=20) as transport:
        assert await hand_over_many(transport, 200) == [Taken("4XyZ")] * 200
    assert relay.peak == 2
    assert relay.turned_away == 18


async def test_a_connection_held_back_is_asked_for_again_and_found_where_the_relay_allows_more(monkeypatch):
    monkeypatch.setattr(slots, "HELD_BACK_SECONDS", 0.1)
    relay = Strict(most=1)
    relay.seconds = 0.01
    async with served(relay) as port, transport_to(port, connections=3) as transport:
        await hand_over_many(transport, 5)
        assert (relay.peak, relay.turned_away) == (1, 2)
        relay.most = 3
        await asyncio.sleep(0.15)
        await hand_over_many(transport, 9)
    assert relay.peak == 3


async def test_a_connection_that_takes_leave_makes_room_for_the_next_one(monkeypatch):
    monkeypatch.setattr("couvert.delivery.transports.smtp.pool.MAX_TRANSACTIONS", 3)
    relay = Strict(most=2)
    async with served(relay) as port, transport_to(port, connections=2) as transport:
        assert await hand_over_many(transport, 60) == [Taken("4XyZ")] * 60
    assert relay.turned_away == 0


async def test_when_the_last_connection_is_gone_the_relay_is_unreachable_at_once():
    relay = Strict(most=1)
    async with served(relay) as port, transport_to(port, connections=5) as transport:
        channel = await transport.channel()
        waiting = [asyncio.create_task(transport.channel()) for _ in range(10)]
        async with asyncio.timeout(2):
            while relay.turned_away < 4:  # noqa: ASYNC110 - it counts in callbacks
                await asyncio.sleep(0)
        relay.most = 0
        transport._idle.clear()
        channel._connection.drop("the relay was restarted")  # type: ignore[attr-defined]
        channel.release()
        async with asyncio.timeout(2):
            found = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(each) for each in found] == [Unreachable] * 10


async def test_one_asks_for_all_whether_the_relay_is_there():
    relay = Strict(most=0)
    async with served(relay) as port, transport_to(port, connections=20) as transport:
        found = await asyncio.gather(*(transport.channel() for _ in range(20)), return_exceptions=True)
    assert [type(each) for each in found] == [Unreachable] * 20
    assert all("421 4.7.0 relay.test Error: too many connections" in str(each) for each in found)
    assert relay.turned_away == 1


async def test_who_waits_for_the_one_that_asks_goes_on_without_it():
    relay = Strict(most=9)
    async with served(relay) as port, transport_to(port, connections=3) as transport:
        asking = asyncio.create_task(transport.channel())
        waiting = [asyncio.create_task(transport.channel()) for _ in range(2)]
        await asyncio.sleep(0)
        asking.cancel()
        async with asyncio.timeout(2):
            for channel in await asyncio.gather(*waiting):
                channel.release()
        with pytest.raises(asyncio.CancelledError):
            await asking
