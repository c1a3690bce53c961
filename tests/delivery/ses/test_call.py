"""The call as SES gets it: what it says, how it is signed, and how connections are used."""

import asyncio
import ssl

import pytest
import trustme

from couvert.delivery.transport import Held, Message, Refused, Taken, Unreachable
from couvert.domain.pace import AccountLimits
from couvert.simulator.server import listen, serving
from couvert.simulator.world import Options
from tests.delivery.ses.acting import Actor, acted
from tests.delivery.ses.handing import KEY_ID, SECRET, transport_to
from tests.delivery.smtp.handing import CONTENT, Word, hand_over, mail


@pytest.fixture
async def actor():
    actor = Actor()
    async with acted(actor):
        yield actor


async def test_ses_gets_the_message_as_it_is_with_its_tags_and_names(actor):
    message = Message(7, 3, "shop@example.com", "charlie@example.org", CONTENT, "<1@example.com>")

    async with transport_to(actor.url, "configuration_set=news&tenant=shop") as transport:
        outcome = await hand_over(transport, message)

    (call,) = actor.calls
    assert outcome == Taken("id-1")
    assert actor.contents == [CONTENT]
    assert {name: value for name, value in call.items() if name != "Content"} == {
        "ConfigurationSetName": "news",
        "TenantName": "shop",
        "FromEmailAddress": "shop@example.com",
        "Destination": {"ToAddresses": ["charlie@example.org"]},
        "EmailTags": [
            {"Name": "couvert-delivery", "Value": "dlv_0000000000007"},
            {"Name": "couvert-attempt", "Value": "3"},
        ],
    }


@pytest.mark.parametrize("content", [CONTENT, CONTENT + b"a line\r\n" * 250_000], ids=["small", "large"])
async def test_the_simulator_accepts_the_signature(content):
    """It computes the signature by itself, of the path and the bytes that came."""
    async with (
        serving(Options(secrets={KEY_ID: SECRET}), listen("127.0.0.1", 0)) as world,
        transport_to(world.url, "configuration_set=couvert", timeout_seconds=10) as transport,
    ):
        assert isinstance(await hand_over(transport, mail(content=content)), Taken)


async def test_another_secret_is_a_reason_to_hold_everything():
    async with (
        serving(Options(secrets={KEY_ID: "another"}), listen("127.0.0.1", 0)) as world,
        transport_to(world.url) as transport,
    ):
        assert isinstance(await hand_over(transport), Held)


async def test_the_session_token_of_a_role_is_signed(actor, monkeypatch):
    async with transport_to(actor.url) as transport:
        monkeypatch.setenv("AWS_SESSION_TOKEN", "of-a-role")
        await hand_over(transport)

    (head,) = actor.heads
    assert head["X-Amz-Security-Token"] == "of-a-role"
    assert "x-amz-security-token" in head["Authorization"]


async def test_the_endpoint_is_read_as_boto3_reads_it(actor, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", actor.url)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    async with transport_to(actor.url, endpoint=None) as transport:
        assert isinstance(await hand_over(transport), Taken)


async def test_without_credentials_nothing_is_begun(actor, monkeypatch):
    async with transport_to(actor.url) as transport:
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        with pytest.raises(Unreachable, match="redentials"):
            await transport.channel()


async def test_a_connection_is_used_again(actor):
    async with transport_to(actor.url) as transport:
        for _ in range(3):
            await hand_over(transport)
    assert len(set(actor.peers)) == 1


async def test_after_an_error_too(actor):
    async with transport_to(actor.url) as transport:
        for recipient in ("refused@example.org", "throttled@example.org", "charlie@example.org"):
            await hand_over(transport, mail(recipient))
    assert len(set(actor.peers)) == 1


async def test_an_idle_connection_is_retired(actor):
    async with transport_to(actor.url, idle_seconds=0.02) as transport:
        await hand_over(transport)
        await asyncio.sleep(0.06)
        await hand_over(transport)
    assert len(set(actor.peers)) == 2


async def test_a_channel_is_at_hand_only_while_a_live_connection_is(actor):
    async with transport_to(actor.url) as transport:
        assert await transport.free_channel() is None
        await hand_over(transport)
        channel = await transport.free_channel()
        assert channel is not None
        assert await transport.free_channel() is None
        assert isinstance(await channel.hand_over(mail(), Word()), Taken)


@pytest.mark.parametrize("address", ["chärlie@example.org", "a@b, c@d", "charlie", "a b@example.org", "a\r\n@b"])
async def test_what_ses_cannot_address_is_refused_before_the_call(actor, address):
    async with transport_to(actor.url) as transport:
        assert isinstance(await hand_over(transport, mail(address)), Refused)
    assert actor.heads == []


async def test_a_message_beyond_40_megabytes_is_refused_before_the_call(actor):
    async with transport_to(actor.url) as transport:
        assert isinstance(await hand_over(transport, mail(content=b"x" * 32_000_000)), Refused)
    assert actor.heads == []


async def test_over_tls_the_certificate_is_checked(tmp_path, monkeypatch):
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    async with serving(Options(), listen("127.0.0.1", 0), tls=context) as world:
        async with transport_to(world.url, timeout_seconds=5) as transport:
            with pytest.raises(Unreachable, match="certificate is not trusted"):
                await transport.channel()
        monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "ca.pem"))
        async with transport_to(world.url, timeout_seconds=5) as transport:
            assert isinstance(await hand_over(transport, mail(content=CONTENT + b"a line\r\n" * 50_000)), Taken)


@pytest.mark.parametrize(("content", "why"), [(None, "No such file"), ("nothing", "NO_CERTIFICATE")])
async def test_certificates_that_cannot_be_read_are_named(tmp_path, monkeypatch, content, why):
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(file))
    async with transport_to("https://127.0.0.1:1") as transport:
        with pytest.raises(Unreachable, match=f"AWS_CA_BUNDLE={file}: .*{why}"):
            await transport.channel()


async def test_what_the_account_may_send_is_asked(actor):
    actor.quota = {"Max24HourSend": 50_000.0, "MaxSendRate": 90.0, "SentLast24Hours": 120.0}
    async with transport_to(actor.url) as transport:
        assert await transport._account.limits() == AccountLimits(90, 50_000, 120)


async def test_an_account_without_a_daily_quota_has_none(actor):
    actor.quota = {"Max24HourSend": -1.0, "MaxSendRate": 90.0, "SentLast24Hours": 120.0}
    async with transport_to(actor.url) as transport:
        assert (await transport._account.limits()).per_day is None


async def test_an_account_that_may_not_be_asked_says_so(actor):
    async with transport_to(actor.url) as transport:
        with pytest.raises(Unreachable, match="AccessDenied"):
            await transport._account.limits()


async def test_nobody_there_is_unreachable():
    async with transport_to("http://127.0.0.1:9") as transport:
        with pytest.raises(Unreachable, match="connection refused"):
            await transport.channel()
