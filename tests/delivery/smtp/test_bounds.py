"""There are never more connections than agreed, none is lost, and all end when the transport does."""

import asyncio
from collections.abc import Callable

import pytest

from couvert.delivery.transport import Refused, Taken, Unreachable
from couvert.delivery.transports.smtp import Patience
from tests.delivery.smtp.acting import Actor, acted
from tests.delivery.smtp.handing import Word, hand_over, mail, transport_to
from tests.delivery.smtp.scripted import Peer, scripted


async def turns(count: int = 20, until: Callable[[], bool] | None = None) -> None:
    """Let what can happen at once happen, or what the test waits for."""
    async with asyncio.timeout(2):
        while count > 0 or (until and not until()):
            count -= 1
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


async def test_there_are_never_more_connections_than_agreed():
    relay = Line()
    async with acted(relay) as port, transport_to(port, connections=3, patience=Patience()) as transport:
        mails = [asyncio.create_task(hand_over(transport)) for _ in range(10)]
        await turns(until=lambda: relay.waiting == 3)
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
        await turns(until=lambda: relay.waiting == 1)
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

    async with acted(Actor(["PIPELINING"])) as port, transport_to(port, connections=1) as transport:
        with pytest.raises(LookupError, match="no such lease"):
            await hand_over(transport, word=Broken())
        assert isinstance(await hand_over(transport), Taken)
        assert isinstance(await hand_over(transport, mail("refused@example.org")), Refused)
