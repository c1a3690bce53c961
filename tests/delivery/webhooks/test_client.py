"""The client of webhooks, before a real receiver: whatever it does costs little, and nothing leads inside."""

import asyncio
import ssl
import time

import pytest
import trustme

from couvert.delivery.webhooks.answer import EXCERPT
from couvert.delivery.webhooks.client import Client
from couvert.domain.endpoint import Endpoint, parse_endpoint
from tests.delivery.webhooks.receiver import (
    drips,
    floods,
    floods_head,
    hangs,
    hangs_after_head,
    raw,
    receiving,
    says,
)

BODY = b'{"type":"webhook.test"}'


async def post(receiver, client=None, url=None):
    endpoint = parse_endpoint(url or receiver.url, allows_http=True, allows_private=True)
    return await (client or Client(allows_private=True, timeout_seconds=1)).post(
        endpoint, {"webhook-id": "msg_1"}, BODY
    )


async def test_a_message_is_posted_as_it_is():
    async with receiving() as receiver:
        answer = await post(receiver)
    (request,) = receiver.requests
    assert (request.line, request.body) == ("POST /hooks?a=b HTTP/1.1", BODY)
    assert request.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert request.headers["webhook-id"] == "msg_1"
    assert (answer.status, answer.error, answer.excerpt) == (200, None, "thanks")


@pytest.mark.parametrize("status", [204, 302, 400, 410, 429, 500, 503])
async def test_any_status_is_an_answer(status):
    async with receiving(says(status, Retry_After="7")) as receiver:
        answer = await post(receiver)
    assert (answer.status, answer.error, answer.retry_after) == (status, None, "7")


async def test_redirects_are_not_followed():
    async with receiving() as other, receiving(says(302, Location=other.url)) as receiver:
        answer = await post(receiver)
    assert answer.status == 302
    assert other.requests == []


async def test_an_interim_answer_is_not_the_answer():
    early = b"HTTP/1.1 103 Early Hints\r\nRetry-After: 9\r\n\r\n"
    async with receiving(raw(early, b"HTTP/1.1 503 X\r\nContent-Length: 2\r\n\r\nno")) as receiver:
        answer = await post(receiver)
    assert (answer.status, answer.excerpt) == (503, "no")


async def test_a_body_in_chunks_or_up_to_the_end_is_read():
    chunks = b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    async with receiving(raw(chunks), raw(b"HTTP/1.0 200 X\r\n\r\nuntil", b" the end")) as receiver:
        assert (await post(receiver)).excerpt == "abcde"
        assert (await post(receiver)).excerpt == "until the end"


async def test_a_receiver_that_hangs_is_left_after_the_time_out():
    async with receiving(hangs, drips) as receiver:
        for _ in range(2):
            started = time.monotonic()
            answer = await post(receiver, Client(allows_private=True, timeout_seconds=0.3))
            assert time.monotonic() - started < 1
            assert (answer.status, answer.error) == (None, "no answer within 0.3 s")


async def test_a_status_is_an_answer_whatever_becomes_of_the_body():
    async with receiving(hangs_after_head, raw(b"HTTP/1.1 200 X\r\nContent-Length: 99\r\n\r\nsome")) as receiver:
        for _ in range(2):
            answer = await post(receiver)
            assert (answer.status, answer.error, answer.excerpt) == (200, None, "some")


async def test_of_a_gigabyte_a_little_is_read():
    async with receiving(floods) as receiver:
        started = time.monotonic()
        answer = await post(receiver)
    assert time.monotonic() - started < 0.5
    assert (answer.status, answer.excerpt) == (200, "x" * EXCERPT)


async def test_a_head_that_never_ends_is_no_answer():
    async with receiving(floods_head) as receiver:
        answer = await post(receiver)
    assert answer.status is None
    assert answer.error


@pytest.mark.parametrize("nonsense", [b"SSH-2.0-OpenSSH_9.6\r\n", b"HTTP/1.1 abc\r\n\r\n", b"\0" * 100, b""])
async def test_nonsense_is_no_answer(nonsense):
    async with receiving(raw(nonsense)) as receiver:
        answer = await post(receiver)
    assert answer.status is None
    assert answer.error


async def test_who_wants_another_protocol_is_said_to():
    switch = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n"
    async with receiving(raw(switch)) as receiver:
        answer = await post(receiver)
    assert (answer.status, answer.error) == (None, "it wants to speak another protocol")


async def test_an_excerpt_is_text_of_at_most_a_kilobyte():
    async with receiving(says(500, b"\xff\0" + "é".encode() * 2_000)) as receiver:
        answer = await post(receiver)
    assert answer.excerpt is not None
    assert len(answer.excerpt.encode()) <= EXCERPT
    assert answer.excerpt.startswith("\ufffd\ufffdéé")


async def test_a_closed_port_is_no_answer():
    async with receiving() as receiver:
        url = receiver.url
    answer = await post(receiver, url=url)
    assert answer.error is not None
    assert answer.error.startswith("cannot connect")


# Nothing leads inside.


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "localhost", "0", "::1"])
async def test_no_notation_of_this_machine_leads_to_it(host):
    async with receiving() as receiver:
        answer = await Client(timeout_seconds=1).post(Endpoint("http", host, receiver.port, "/"), {}, BODY)
    assert answer.error is not None
    assert "private network" in answer.error
    assert receiver.requests == []


async def test_a_name_with_one_private_address_among_others_leads_nowhere():
    async def mixed(_host, _port):
        return ["93.184.215.14", "::ffff:169.254.169.254"]

    answer = await Client(resolve=mixed).post(Endpoint("https", "rebind.example", 443, "/"), {}, BODY)
    assert answer.error is not None
    assert "private network" in answer.error


async def test_a_name_is_asked_for_once_and_what_came_of_it_is_connected_to(monkeypatch):
    """The second answer of a rebinding name server is never heard."""
    answers, connected = [["93.184.215.14"], ["127.0.0.1"]], []

    async def rebinding(_host, _port):
        return answers.pop(0)

    async def connect(host, port, **_given):
        connected.append((host, port))
        raise ConnectionRefusedError

    monkeypatch.setattr(asyncio, "open_connection", connect)
    answer = await Client(resolve=rebinding).post(Endpoint("http", "rebind.example", 80, "/"), {}, BODY)
    assert answer.error is not None
    assert answer.error.startswith("cannot connect")
    assert connected == [("93.184.215.14", 80)]
    assert answers == [["127.0.0.1"]]


async def test_the_next_address_is_tried_where_one_does_not_answer():
    async def two(_host, _port):
        return ["127.0.0.2", "127.0.0.1"]

    async with receiving() as receiver:
        client = Client(allows_private=True, resolve=two)
        answer = await client.post(Endpoint("http", "two.example", receiver.port, "/"), {}, BODY)
    assert answer.status == 200
    assert receiver.requests[0].headers["host"] == f"two.example:{receiver.port}"


@pytest.mark.parametrize("found", [OSError("Name or service not known"), []])
async def test_a_name_that_nobody_knows_is_no_answer(found):
    async def unknown(_host, _port):
        if isinstance(found, OSError):
            raise found
        return found

    answer = await Client(resolve=unknown).post(Endpoint("https", "nobody.example", 443, "/"), {}, BODY)
    assert answer.error


# TLS.


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


def serving(authority, name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


def trusting(authority):
    context = ssl.create_default_context()
    authority.configure_trust(context)

    async def here(_host, _port):
        return ["127.0.0.1"]

    return Client(allows_private=True, resolve=here, tls=context, timeout_seconds=2)


async def test_a_certificate_of_that_name_is_trusted(authority):
    async with receiving(tls=serving(authority, "hooks.example")) as receiver:
        answer = await trusting(authority).post(Endpoint("https", "hooks.example", receiver.port, "/"), {}, BODY)
    assert answer.status == 200


async def test_a_certificate_of_another_name_or_of_nobody_is_not(authority):
    async with receiving(tls=serving(authority, "other.example")) as receiver:
        endpoint = Endpoint("https", "hooks.example", receiver.port, "/")
        answers = [
            await trusting(authority).post(endpoint, {}, BODY),
            await Client(allows_private=True, resolve=trusting(authority).resolve).post(endpoint, {}, BODY),
        ]
    for answer in answers:
        assert answer.error is not None
        assert "certificate verify failed" in answer.error
    assert receiver.requests == []
