"""The way to a relay: when it is encrypted, when a password is said, and what one reads when there is no way."""

import asyncio
import ssl
from pathlib import Path

import pytest
import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from couvert.delivery.transport import Taken, Unreachable
from couvert.delivery.transports.smtp import Tls
from couvert.delivery.transports.smtp.connection import Connection
from tests.delivery.relays import Actor, Peer, acted, hand_over, scripted, transport_to

LOGIN = {"user": "shop", "password": "sesame, öffne dich"}


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def cafile(authority, tmp_path_factory) -> str:
    path: Path = tmp_path_factory.mktemp("tls") / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


def certificate(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*(names or ("127.0.0.1",))).configure_cert(context)
    return context


class Observer(Actor):
    """Notes of each mail whether it came encrypted, and which logins were tried."""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.encrypted = session.ssl is not None
        return await super().handle_DATA(server, session, envelope)

    def judge(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, said: LoginPassword) -> AuthResult:
        self.login = (mechanism, said.login.decode(), said.password.decode())
        return AuthResult(success=self.login[1:] == tuple(LOGIN.values()), handled=False)


# --- Encryption -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tls", [Tls.IF_OFFERED, Tls.REQUIRED])
async def test_a_relay_that_offers_encryption_is_taken_at_its_word(tls, authority, cafile):
    relay = Observer()
    async with (
        acted(relay, tls_context=certificate(authority)) as port,
        transport_to(port, tls=tls, cafile=cafile) as transport,
    ):
        assert await hand_over(transport) == Taken("4XyZ")
    assert relay.encrypted


async def test_encryption_is_not_asked_for_where_it_is_turned_off(authority):
    relay = Observer()
    async with acted(relay, tls_context=certificate(authority)) as port, transport_to(port) as transport:
        assert await hand_over(transport) == Taken("4XyZ")
    assert not relay.encrypted


async def test_a_relay_without_encryption_gets_mail_unless_encryption_is_required():
    async with acted(Actor()) as port:
        async with transport_to(port, tls=Tls.IF_OFFERED) as transport:
            assert await hand_over(transport) == Taken("4XyZ")
        async with transport_to(port, tls=Tls.REQUIRED) as transport:
            with pytest.raises(Unreachable, match="offers no STARTTLS, and the setting is tls=require"):
                await transport.channel()


@pytest.mark.parametrize("tls", [Tls.IF_OFFERED, Tls.FROM_THE_START])
async def test_a_certificate_of_a_stranger_or_for_another_name_ends_the_way(tls, authority, cafile):
    context = certificate(authority, "elsewhere.test")
    wishes = {"ssl": context} if tls is Tls.FROM_THE_START else {"tls_context": context}
    async with acted(Actor(), **wishes) as port:
        async with transport_to(port, tls=tls) as transport:
            with pytest.raises(Unreachable, match="certificate is not trusted: .*verify=off trusts anybody"):
                await transport.channel()
        async with transport_to(port, tls=tls, cafile=cafile) as transport:
            with pytest.raises(Unreachable, match="certificate is not trusted: .*mismatch"):
                await transport.channel()
        async with transport_to(port, tls=tls, verifies=False) as transport:
            assert await hand_over(transport) == Taken("4XyZ")


async def test_smtps_is_encrypted_from_the_first_byte(authority, cafile):
    relay = Actor()
    async with acted(relay, ssl=certificate(authority)) as port:
        async with transport_to(port, tls=Tls.FROM_THE_START, cafile=cafile) as transport:
            for _ in range(3):
                assert await hand_over(transport) == Taken("4XyZ")
    assert relay.sessions == 1


@pytest.mark.parametrize("forged", [b"250 relay.test\r\n", b"25"])
@pytest.mark.parametrize("pause", [0, 0.05], ids=["at once", "in a packet of its own"])
async def test_what_is_said_between_starttls_and_encryption_is_never_believed(forged, pause, authority):
    async def relay(peer: Peer) -> None:
        await peer.welcomes("STARTTLS")
        assert await peer.hears(b"\r\n") == b"STARTTLS\r\n"
        peer.writer.write(b"220 Go ahead\r\n")
        await asyncio.sleep(pause)
        peer.writer.write(forged)
        assert b"EHLO" not in await peer.hears_nothing_more()

    async with scripted(relay) as port, transport_to(port, tls=Tls.IF_OFFERED) as transport:
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
        with pytest.raises(Unreachable, match="offered STARTTLS and then refused it: 454 4.7.0 Not now"):
            await transport.channel()


# --- Login ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
async def test_a_login_is_said_in_the_way_the_relay_offers(mechanism):
    relay = Observer()
    other = {"PLAIN": "LOGIN", "LOGIN": "PLAIN"}[mechanism]
    wishes = {"authenticator": relay.judge, "auth_require_tls": False, "auth_exclude_mechanism": [other]}
    async with acted(relay, **wishes) as port, transport_to(port, **LOGIN) as transport:
        assert await hand_over(transport) == Taken("4XyZ")
    assert relay.login == (mechanism, *LOGIN.values())


async def test_a_refused_login_is_told_in_the_relays_words_without_the_password():
    relay = Observer()
    wishes = {"authenticator": relay.judge, "auth_require_tls": False}
    async with acted(relay, **wishes) as port, transport_to(port, user="shop", password="wrong") as transport:
        with pytest.raises(Unreachable, match=r"127\.0\.0\.1:\d+: it refused the login: 535 5\.7\.8") as told:
            await transport.channel()
    assert "wrong" not in str(told.value)


async def test_a_relay_that_offers_no_login_we_know_is_told_so():
    async def relay(peer: Peer) -> None:
        await peer.welcomes("AUTH GSSAPI NTLM")

    async with scripted(relay) as port, transport_to(port, **LOGIN) as transport:
        with pytest.raises(Unreachable, match="no login that couvert knows .PLAIN or LOGIN; it offers GSSAPI, NTLM."):
            await transport.channel()


async def test_no_password_crosses_a_network_unencrypted(monkeypatch):
    monkeypatch.setattr(Connection, "peer_address", "192.0.2.1")
    relay = Observer()
    wishes = {"authenticator": relay.judge, "auth_require_tls": False}
    async with acted(relay, **wishes) as port:
        async with transport_to(port, tls=Tls.IF_OFFERED, **LOGIN) as transport:
            with pytest.raises(Unreachable, match="offers no encryption, without which no password is sent"):
                await transport.channel()
        assert not hasattr(relay, "login")
        async with transport_to(port, plaintext_login=True, **LOGIN) as transport:
            assert await hand_over(transport) == Taken("4XyZ")


async def test_a_password_crosses_a_network_encrypted(monkeypatch, authority, cafile):
    monkeypatch.setattr(Connection, "peer_address", "192.0.2.1")
    relay = Observer()
    wishes = {"authenticator": relay.judge, "tls_context": certificate(authority)}
    async with (
        acted(relay, **wishes) as port,
        transport_to(port, tls=Tls.IF_OFFERED, cafile=cafile, **LOGIN) as transport,
    ):
        assert await hand_over(transport) == Taken("4XyZ")
    assert relay.login == ("PLAIN", *LOGIN.values())


# --- Greetings, good and bad ------------------------------------------------------------------------------------------


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

    async with scripted(relay) as port, transport_to(port) as transport:
        with pytest.raises(Unreachable) as unreachable:
            await transport.channel()
    assert str(unreachable.value).startswith(f"relay 127.0.0.1:{port}: {told}")


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
        addresses = [(2, 1, 6, "", ("127.0.0.1", 1)), (2, 1, 6, "", ("127.0.0.1", port))]

        async def found(*_: object, **__: object) -> object:
            return addresses

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", found)
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
