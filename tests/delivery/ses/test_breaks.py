"""Where a connection breaks decides: before the last byte of the body it is later, after it unknown."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from couvert.delivery.transport import Refused, Taken, Throttled, TryLater, Unknown, Withheld
from tests.delivery.ses.handing import transport_to
from tests.delivery.smtp.handing import Word, hand_over, mail

LARGE = b"a line\r\n" * 500_000
OK = b'HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\n{"MessageId": "1"}'

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], "asyncio.Future[None]"]


@asynccontextmanager
async def peer(script) -> AsyncIterator[str]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await script(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def whole_call(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0])
    return await reader.readexactly(length)


def says(*words: bytes, once: bool = False):
    """After each whole call, these words; `once`: then it ends the connection."""

    async def script(reader, writer):
        while True:
            await whole_call(reader)
            for word in words:
                writer.write(word)
                await asyncio.sleep(0.005)
            if once:
                return

    return script


async def outcome_of(script, content=b"Subject: x\r\n\r\nx\r\n", word=None, **wishes):
    async with peer(script) as url, transport_to(url, **wishes) as transport:
        return await hand_over(transport, mail(content=content), word)


async def cuts_in_the_body(reader, writer):
    await reader.readuntil(b"\r\n\r\n")
    await reader.read(100_000)


async def test_a_break_in_the_middle_of_the_body_is_later():
    outcome = await outcome_of(cuts_in_the_body, LARGE)
    assert isinstance(outcome, TryLater)
    assert "before the whole message had left" in outcome.reason


@pytest.mark.parametrize("words", [(), (b"HTTP/1.1 200 OK\r\nContent-Le",), (OK[:-4],)], ids=["none", "half", "most"])
async def test_a_break_after_the_last_byte_is_unknown(words):
    outcome = await outcome_of(says(*words, once=True))
    assert isinstance(outcome, Unknown)
    assert "after the whole message had left" in outcome.reason


async def test_an_answer_that_does_not_come_in_time_is_unknown():
    assert await outcome_of(says(), timeout_seconds=0.05) == Unknown(
        "SES took too long (after the whole message had left)"
    )


async def test_a_body_that_is_not_read_in_time_is_later():
    async def reads_nothing(reader, writer):
        await asyncio.sleep(1)

    outcome = await outcome_of(reads_nothing, LARGE * 3, timeout_seconds=0.1)
    assert isinstance(outcome, TryLater)


async def test_an_answer_in_pieces_is_one_answer():
    assert await outcome_of(says(OK[:9], OK[9:30], OK[30:60], OK[60:])) == Taken("1")


async def test_an_answer_in_chunks_is_one_answer():
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert await outcome_of(says(head, b'9\r\n{"Message\r\n', b'9\r\nId": "1"}\r\n', b"0\r\n\r\n")) == Taken("1")


async def test_a_continue_that_nobody_asked_for_is_no_answer():
    assert await outcome_of(says(b"HTTP/1.1 100 Continue\r\n\r\n", OK)) == Taken("1")


async def test_what_is_not_http_is_unknown():
    assert isinstance(await outcome_of(says(b"220 relay.test ESMTP\r\n")), Unknown)


def answers_early(status: bytes):
    async def answers(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")
        await asyncio.sleep(1)

    return answers


async def test_an_answer_before_the_end_of_the_body_is_the_answer():
    outcome = await outcome_of(answers_early(b"413 Too Large"), LARGE * 3, timeout_seconds=0.5)
    assert isinstance(outcome, Refused | TryLater)


async def test_an_answer_that_decides_nothing_is_later_before_the_end_of_the_body():
    outcome = await outcome_of(answers_early(b"502 Bad Gateway"), LARGE * 3, timeout_seconds=0.5)
    assert isinstance(outcome, TryLater)
    assert "before the whole message had left" in outcome.reason


async def test_clearance_lost_amid_the_body_leaves_no_whole_message():
    calls: list[bytes] = []

    async def counts(reader, writer):
        calls.append(await whole_call(reader))

    outcome = await outcome_of(counts, LARGE, Word(complete=3))
    assert isinstance(outcome, Withheld)
    assert calls == []


async def test_a_kept_connection_that_was_closed_meanwhile_is_not_used():
    async with peer(says(OK, once=True)) as url, transport_to(url) as transport:
        await hand_over(transport)
        await asyncio.sleep(0.05)
        assert await hand_over(transport) == Taken("1")


async def test_ses_may_say_that_the_connection_ends():
    said = OK.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n")
    async with peer(says(said)) as url, transport_to(url) as transport:
        await hand_over(transport)
        assert await transport.free_channel() is None


async def test_a_connection_on_which_something_was_said_unasked_is_not_used():
    async with peer(says(OK, OK)) as url, transport_to(url) as transport:
        await hand_over(transport)
        await asyncio.sleep(0.05)
        assert await transport.free_channel() is None


async def test_a_hand_over_that_is_cancelled_ends_the_connection():
    async with peer(says()) as url, transport_to(url, timeout_seconds=5) as transport:
        handing = asyncio.create_task(hand_over(transport))
        await asyncio.sleep(0.05)
        handing.cancel()
        await asyncio.gather(handing, return_exceptions=True)
        assert await transport.free_channel() is None


async def test_unavailable_is_no_attempt():
    said = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
    assert await outcome_of(says(said)) == Throttled("503")
