"""When a connection is encrypted, and what is not believed on the way there."""

import asyncio

import pytest

from couvert.delivery.transport import Taken, Unreachable
from couvert.delivery.transports.smtp import Tls
from tests.delivery.smtp.acting import Actor, acted
from tests.delivery.smtp.handing import BRIEF, hand_over, transport_to
from tests.delivery.smtp.scripted import Peer, scripted


@pytest.mark.parametrize("tls", [Tls.IF_OFFERED, Tls.REQUIRED])
async def test_a_relay_that_offers_encryption_is_taken_at_its_word(tls, certified, cafile):
    relay = Actor()
    async with (
        acted(relay, tls_context=certified()) as port,
        transport_to(port, tls=tls, cafile=cafile) as transport,
    ):
        assert await hand_over(transport) == Taken("4XyZ")
    assert relay.is_encrypted


async def test_encryption_is_not_asked_for_where_it_is_turned_off(certified):
    relay = Actor()
    async with acted(relay, tls_context=certified()) as port, transport_to(port) as transport:
        assert await hand_over(transport) == Taken("4XyZ")
    assert not relay.is_encrypted


async def test_a_relay_without_encryption_gets_mail_unless_encryption_is_required():
    async with acted(Actor()) as port:
        async with transport_to(port, tls=Tls.IF_OFFERED) as transport:
            assert await hand_over(transport) == Taken("4XyZ")
        async with transport_to(port, tls=Tls.REQUIRED) as transport:
            with pytest.raises(Unreachable, match="offers no STARTTLS, and the setting is tls=require"):
                await transport.channel()


@pytest.mark.parametrize("tls", [Tls.IF_OFFERED, Tls.FROM_THE_START])
async def test_a_certificate_of_a_stranger_or_for_another_name_ends_the_way(tls, certified, cafile):
    context = certified("elsewhere.test")
    wishes = {"ssl": context} if tls is Tls.FROM_THE_START else {"tls_context": context}
    async with acted(Actor(), **wishes) as port:
        async with transport_to(port, tls=tls) as transport:
            with pytest.raises(Unreachable, match=r"certificate is not trusted: .*verify=off"):
                await transport.channel()
        async with transport_to(port, tls=tls, cafile=cafile) as transport:
            with pytest.raises(Unreachable, match=r"certificate is not trusted: .*mismatch"):
                await transport.channel()
        async with transport_to(port, tls=tls, verifies=False) as transport:
            assert await hand_over(transport) == Taken("4XyZ")


async def test_smtps_is_encrypted_from_the_first_byte(certified, cafile):
    relay = Actor()
    async with (
        acted(relay, ssl=certified()) as port,
        transport_to(port, tls=Tls.FROM_THE_START, cafile=cafile) as transport,
    ):
        for _ in range(3):
            assert await hand_over(transport) == Taken("4XyZ")
    assert relay.sessions == 1


@pytest.mark.parametrize("forged", [b"250 relay.test\r\n", b"25"])
async def test_what_is_said_between_starttls_and_encryption_is_never_believed(forged):
    async def relay(peer: Peer) -> None:
        await peer.welcomes("STARTTLS")
        assert await peer.hears(b"\r\n") == b"STARTTLS\r\n"
        await peer.says(b"220 Go ahead\r\n" + forged)
        assert await peer.hears_nothing_more() == b""

    async with scripted(relay) as port, transport_to(port, tls=Tls.IF_OFFERED) as transport:
        with pytest.raises(Unreachable, match="something was said between STARTTLS and TLS"):
            await transport.channel()


@pytest.mark.parametrize("forged", [b"250 relay.test\r\n", b"25"])
async def test_what_is_said_instead_of_encryption_is_never_answered(forged):
    async def relay(peer: Peer) -> None:
        await peer.welcomes("STARTTLS")
        assert await peer.hears(b"\r\n") == b"STARTTLS\r\n"
        await peer.says(b"220 Go ahead\r\n")
        await peer.reader.read(1)
        await peer.says(forged)
        assert b"EHLO" not in await peer.hears_nothing_more()

    async with scripted(relay) as port, transport_to(port, BRIEF, tls=Tls.IF_OFFERED) as transport:
        with pytest.raises(Unreachable):
            await transport.channel()


async def test_nothing_follows_starttls_in_the_same_write():
    async def relay(peer: Peer) -> None:
        await peer.welcomes("STARTTLS", "PIPELINING")
        await peer.hears(b"STARTTLS\r\n")
        await asyncio.sleep(0.02)
        assert not peer.reader._buffer  # type: ignore[attr-defined]
        await peer.says(b"454 4.7.0 Not now\r\n")

    async with scripted(relay) as port, transport_to(port, tls=Tls.IF_OFFERED) as transport:
        with pytest.raises(Unreachable, match=r"offered STARTTLS and then refused it: 454 4\.7\.0 Not now"):
            await transport.channel()
