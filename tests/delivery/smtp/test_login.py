"""When a password is said, how, and never where others hear it."""

from typing import Any

import pytest

from couvert.delivery.transport import Taken, Unreachable
from couvert.delivery.transports.smtp import Tls
from couvert.delivery.transports.smtp.connection import Connection
from tests.delivery.smtp.acting import PASSWORD, USER, Actor, acted
from tests.delivery.smtp.handing import hand_over, transport_to
from tests.delivery.smtp.scripted import Peer, scripted

LOGIN: dict[str, Any] = {"user": USER, "password": PASSWORD}


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
async def test_a_login_is_said_in_the_way_the_relay_offers(mechanism):
    relay = Actor()
    other = {"PLAIN": "LOGIN", "LOGIN": "PLAIN"}[mechanism]
    wishes: dict[str, Any] = {
        "authenticator": relay.judge,
        "auth_require_tls": False,
        "auth_exclude_mechanism": [other],
    }
    async with acted(relay, **wishes) as port, transport_to(port, **LOGIN) as transport:
        assert await hand_over(transport) == Taken("4XyZ")
    assert relay.login == (mechanism, USER, PASSWORD)


async def test_a_refused_login_is_told_in_the_relays_words_without_the_password():
    relay = Actor()
    wishes: dict[str, Any] = {"authenticator": relay.judge, "auth_require_tls": False}
    async with acted(relay, **wishes) as port, transport_to(port, user="shop", password="wrong") as transport:
        with pytest.raises(Unreachable, match=r"127\.0\.0\.1:\d+: it refused the login: 535 5\.7\.8") as told:
            await transport.channel()
    assert "wrong" not in str(told.value)


async def test_a_relay_that_offers_no_login_we_know_is_told_so():
    async def relay(peer: Peer) -> None:
        await peer.welcomes("AUTH GSSAPI NTLM")

    async with scripted(relay) as port, transport_to(port, **LOGIN) as transport:
        with pytest.raises(
            Unreachable, match=r"no login that couvert knows \(PLAIN or LOGIN; it offers GSSAPI, NTLM\)"
        ):
            await transport.channel()


async def test_no_password_crosses_a_network_unencrypted(monkeypatch):
    monkeypatch.setattr(Connection, "peer_address", "192.0.2.1")
    relay = Actor()
    wishes: dict[str, Any] = {"authenticator": relay.judge, "auth_require_tls": False}
    async with acted(relay, **wishes) as port:
        async with transport_to(port, tls=Tls.IF_OFFERED, **LOGIN) as transport:
            with pytest.raises(Unreachable, match="offers no encryption, without which no password is sent"):
                await transport.channel()
        assert relay.login is None
        async with transport_to(port, plaintext_login=True, **LOGIN) as transport:
            assert await hand_over(transport) == Taken("4XyZ")


async def test_a_password_crosses_a_network_encrypted(monkeypatch, certified, cafile):
    monkeypatch.setattr(Connection, "peer_address", "192.0.2.1")
    relay = Actor()
    wishes: dict[str, Any] = {"authenticator": relay.judge, "tls_context": certified()}
    async with (
        acted(relay, **wishes) as port,
        transport_to(port, tls=Tls.IF_OFFERED, cafile=cafile, **LOGIN) as transport,
    ):
        assert await hand_over(transport) == Taken("4XyZ")
    assert relay.login == ("PLAIN", USER, PASSWORD)
