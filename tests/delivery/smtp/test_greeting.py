"""The first words, and what one reads when no relay is to be had."""

import asyncio
from typing import Any

import pytest

from couvert.delivery.transport import Taken, Unreachable
from tests.delivery.smtp.acting import Actor, acted
from tests.delivery.smtp.handing import BRIEF, hand_over, transport_to
from tests.delivery.smtp.scripted import Peer, scripted


async def test_a_relay_that_knows_no_ehlo_is_greeted_the_old_way():
    async def relay(peer: Peer) -> None:
        await peer.says(b"220-relay.test\r\n220 welcome\r\n")
        await peer.hears(b"EHLO couvert.test\r\n")
        await peer.says(b"502 5.5.1 What?\r\n")
        await peer.hears(b"HELO couvert.test\r\n")
        await peer.says(b"250 relay.test\r\n")
        assert await peer.hears(b"\r\n") == b"MAIL FROM:<shop@example.com>\r\n"

    async with scripted(relay) as port, transport_to(port) as transport:
        await hand_over(transport)


@pytest.mark.parametrize(
    ("greeting", "told"),
    [
        (b"554 5.7.1 You are on a list\r\n", "it greeted with: 554 5.7.1 You are on a list"),
        (b"421 Too many connections\r\n", "it greeted with: 421 Too many connections"),
        (b"HTTP/1.1 400 Bad Request\r\n", "it greeted with: something that is not SMTP: 'HTTP/1.1 400 Bad Request"),
        (b"220 relay.test\r\n250 relay.test\r\n", "the relay answered what was not asked yet"),
        (b"", "the relay took too long"),
    ],
)
async def test_a_relay_that_does_not_welcome_us_is_quoted(greeting, told):
    async def relay(peer: Peer) -> None:
        await peer.says(greeting)
        await peer.hears_nothing_more()

    async with scripted(relay) as port, transport_to(port, BRIEF) as transport:
        with pytest.raises(Unreachable) as unreachable:
            await transport.channel()
    assert str(unreachable.value).startswith(f"relay 127.0.0.1:{port}: {told}")


async def test_a_relay_that_says_too_much_at_the_start_gets_no_mail():
    async def relay(peer: Peer) -> None:
        await peer.says(b"220 relay.test\r\n")
        await peer.hears(b"EHLO couvert.test\r\n")
        await peer.says(b"250 relay.test\r\n550 5.1.1 No such user\r\n")
        assert await peer.hears_nothing_more() == b""

    async with scripted(relay) as port, transport_to(port) as transport:
        with pytest.raises(Unreachable, match="it answers what was not asked"):
            await transport.channel()


async def test_a_relay_that_closes_at_once_is_unreachable():
    async def relay(peer: Peer) -> None:
        peer.writer.close()

    async with scripted(relay) as port, transport_to(port) as transport:
        with pytest.raises(Unreachable, match="the relay closed the connection"):
            await transport.channel()


async def test_a_port_where_nobody_listens_is_named():
    async with transport_to(1) as transport:
        with pytest.raises(Unreachable, match=r"^relay 127\.0\.0\.1:1: connection refused$"):
            await transport.channel()


async def test_a_name_that_is_none_is_unreachable():
    async with transport_to(25, host="a" * 64 + ".test") as transport:
        with pytest.raises(Unreachable, match="its name is no host name"):
            await transport.channel()


async def test_each_address_of_a_relay_is_tried(monkeypatch):
    async with acted(Actor()) as port, transport_to(port, host="relay.test") as transport:
        loop = asyncio.get_running_loop()
        resolve = loop.getaddrinfo

        async def found(host: str, *rest: Any, **more: Any) -> Any:
            if host != "relay.test":
                return await resolve(host, *rest, **more)
            return [(2, 1, 6, "", ("127.0.0.1", 1)), (2, 1, 6, "", ("127.0.0.1", port))]

        monkeypatch.setattr(loop, "getaddrinfo", found)
        assert await hand_over(transport) == Taken("4XyZ")


async def test_we_go_by_our_name_or_by_our_address(monkeypatch):
    names = []

    async def relay(peer: Peer) -> None:
        await peer.says(b"220 relay.test\r\n")
        names.append(await peer.hears(b"\r\n"))

    async with scripted(relay) as port, transport_to(port, hello=None) as transport:
        for name in ["mail.example.com", "localhost", "it's.odd"]:
            monkeypatch.setattr("socket.gethostname", lambda name=name: name)
            with pytest.raises(Unreachable):
                await transport.channel()
    assert names == [b"EHLO mail.example.com\r\n", b"EHLO [127.0.0.1]\r\n", b"EHLO [127.0.0.1]\r\n"]
