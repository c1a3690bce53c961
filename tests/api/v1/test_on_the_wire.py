"""Real sockets and the real server: how connections end when a body is not wanted."""

import asyncio
import json
import re
import socket
from contextlib import asynccontextmanager

import pytest
import uvicorn

from couvert.cli.http_protocol import LONGEST_HEAD, HttpProtocol
from tests.api.v1.service import ORIGIN

LIMIT = 100_000
FAR_TOO_LONG = 3_000_000


@pytest.fixture
async def service(open_service):
    return open_service(v1_max_body=LIMIT)


@pytest.fixture
async def port(service):
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        service.app, http=HttpProtocol, ws="none", lifespan="off", access_log=False, log_config=None
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    yield listener.getsockname()[1]
    server.should_exit = True
    await serving


@asynccontextmanager
async def connection(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(10):
            yield reader, writer
    finally:
        writer.close()


def head(key, *headers):
    lines = ["POST /v1/mail HTTP/1.1", "Host: localhost", f"x-api-key: {key}", f"origin: {ORIGIN}", *headers, "", ""]
    return "\r\n".join(lines).encode()


async def one_answer(reader):
    answer = await reader.readuntil(b"\r\n\r\n")
    length = next(line for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    return answer + await reader.readexactly(int(length.split(b":")[1]))


async def test_whoever_sends_far_too_much_still_reads_why(port, key):
    async with connection(port) as (reader, writer):
        writer.write(head(key, f"Content-Length: {FAR_TOO_LONG}") + b"x" * FAR_TOO_LONG)
        await writer.drain()

        answer = await reader.read()

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in answer.lower()
    assert answer.endswith(b'"details":"A body has at most 100,000 bytes here."}')


async def test_whoever_does_not_say_how_much_still_reads_why(port, key):
    async with connection(port) as (reader, writer):
        writer.write(head(key, "Transfer-Encoding: chunked"))
        writer.write((b"2710\r\n" + b"x" * 10_000 + b"\r\n") * 100 + b"0\r\n\r\n")
        await writer.drain()

        answer = await reader.read()

    assert answer.startswith(b"HTTP/1.1 413 ")


async def test_whoever_asks_first_is_spared_the_sending(port, key):
    async with connection(port) as (reader, writer):
        writer.write(head(key, f"Content-Length: {FAR_TOO_LONG}", "Expect: 100-continue"))

        answer = await one_answer(reader)

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"100 Continue" not in answer


async def test_a_stranger_who_asks_first_is_let_go(port):
    """Its body may follow or not; the next request could begin anywhere."""
    async with connection(port) as (reader, writer):
        writer.write(head("ak_nobodys", "Content-Length: 10", "Expect: 100-continue"))

        answer = await reader.read()

    assert answer.startswith(b"HTTP/1.1 401 ")
    assert b"connection: close" in answer.lower()


async def test_a_body_nobody_read_is_not_taken_for_the_next_request(port, key):
    async with connection(port) as (reader, writer):
        writer.write(head("ak_nobodys", "Content-Length: 50000") + b"x" * 50_000)
        first = await one_answer(reader)
        writer.write(head(key, "Content-Length: 2") + b"{}")
        second = await one_answer(reader)

    assert first.startswith(b"HTTP/1.1 401 ")
    assert second.startswith(b"HTTP/1.1 422 ")


async def test_a_client_that_goes_away_within_its_body_is_nobodys_crash(port, key, capsys):
    async with connection(port) as (_, writer):
        writer.write(head(key, "Content-Length: 1000") + b"{")
        await writer.drain()
        await asyncio.sleep(0.05)
    async with connection(port) as (reader, writer):
        writer.write(b"HEAD /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        alive = await reader.readuntil(b"\r\n\r\n")

    assert alive.startswith(b"HTTP/1.1 200 ")
    assert "crashed" not in capsys.readouterr().out


@pytest.mark.parametrize("line", [b"FOO /v1/mail HTTP/1.1", b"POST /v1/mail HTTP/9.9.9"])
async def test_what_the_parser_cannot_read_is_answered_in_the_shape_of_v1(port, line):
    async with connection(port) as (reader, writer):
        writer.write(line + b"\r\nHost: localhost\r\n\r\n")

        head, _, body = (await reader.read()).partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert re.search(rb"(?im)^x-request-id: [0-9a-f]{12}\r?$", head)
    assert b"content-type: application/json" in head.lower()
    assert b"connection: close" in head.lower()
    assert list(json.loads(body)) == ["status", "message", "error_type", "details"]
    assert json.loads(body)["error_type"] == "malformed_request"


@pytest.mark.parametrize(
    "line", [b"GET /v2/mails HTTP/9.9.9", b"\x16\x03\x01\x02\x00\x01", b"GET /v2/health HTTP/1.1\r\nA B: c"]
)
async def test_what_the_parser_cannot_read_is_answered_in_the_envelope_elsewhere(port, line):
    async with connection(port) as (reader, writer):
        writer.write(line + b"\r\nHost: localhost\r\n\r\n")

        head, _, body = (await reader.read()).partition(b"\r\n\r\n")

    answer = json.loads(body)
    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert f"x-request-id: {answer['id']}".encode() in head.lower()
    assert (answer["error"]["code"], answer["error"]["errors"][0]["reason"]) == (400, "request")
    assert b"x-ratelimit-exempt: yes\r\n" in head.lower() + b"\r\n"


async def test_a_method_that_nobody_knows_is_a_404_as_any_other(port):
    async with connection(port) as (reader, writer):
        writer.write(b"FOO /v2/mails HTTP/1.1\r\nHost: localhost\r\n\r\n")

        head, _, body = (await reader.read()).partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 404 Not Found\r\n")
    assert json.loads(body)["error"]["errors"] == [
        {"reason": "Not Found", "message": "The requested route or method was not found."}
    ]


async def test_a_request_after_one_that_was_read_is_judged_by_its_own_address(port):
    async with connection(port) as (reader, writer):
        writer.write(b"GET /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        first = await one_answer(reader)
        writer.write(b"FOO /v2/mails HTTP/1.1\r\n\r\n")

        second = await reader.read()

    assert first.startswith(b"HTTP/1.1 200 ")
    assert b'"status":"failure"' in second


async def test_a_head_that_never_ends_is_refused_before_it_fills_the_memory(port):
    async with connection(port) as (reader, writer):
        writer.write(b"GET /v2/health HTTP/1.1\r\nHost: localhost\r\nX-Long: ")
        writer.write(b"x" * LONGEST_HEAD)

        answer = await one_answer(reader)

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"too long" in answer


async def test_a_long_head_in_pieces_is_taken_and_so_is_the_next(port):
    async with connection(port) as (reader, writer):
        for _ in range(3):
            writer.write(b"GET /v2/health HTTP/1.1\r\nHost: localhost\r\nX-Long: ")
            for _ in range(6):
                writer.write(b"x" * 10_000)
                await writer.drain()
                await asyncio.sleep(0.001)
            writer.write(b"\r\n\r\n")

            answer = await one_answer(reader)

            assert answer.startswith(b"HTTP/1.1 200 ")
