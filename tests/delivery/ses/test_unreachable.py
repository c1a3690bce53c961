"""An SES that is away costs one attempt to connect at a time; one that is there, no waiting for each other."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from couvert.delivery.transport import Unreachable
from tests.delivery.ses.acting import Actor, acted
from tests.delivery.ses.handing import transport_to
from tests.delivery.smtp.handing import Word, mail

HANDS = 20


@asynccontextmanager
async def silent() -> AsyncIterator[tuple[str, list[asyncio.StreamWriter]]]:
    """It lets everybody connect and says nothing, where TLS is waited for."""
    came: list[asyncio.StreamWriter] = []

    async def nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(writer)
        await reader.read(-1)

    server = await asyncio.start_server(nothing, "127.0.0.1", 0)
    try:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}", came
    finally:
        server.close()
        for writer in came:
            writer.transport.abort()


async def test_one_goes_ahead_and_what_it_finds_out_is_true_for_all():
    async with silent() as (url, came), transport_to(url, connect_seconds=0.2) as transport:
        ends = await asyncio.gather(*(transport.channel() for _ in range(HANDS)), return_exceptions=True)
        assert [type(end) for end in ends] == [Unreachable] * HANDS
        assert len(came) == 1

        with pytest.raises(Unreachable):
            await transport.channel()
        assert len(came) == 2, "whoever asks later looks anew"


async def test_when_the_one_ahead_is_called_back_another_goes():
    async with silent() as (url, came), transport_to(url, connect_seconds=0.2) as transport:
        first = asyncio.create_task(transport.channel())
        second = asyncio.create_task(transport.channel())
        await asyncio.sleep(0.05)
        first.cancel()
        with pytest.raises(Unreachable):
            await second
        assert len(came) == 2


async def test_where_one_arrives_the_others_follow_side_by_side():
    actor = Actor()
    async with acted(actor) as url, transport_to(url) as transport:
        channels = await asyncio.gather(*(transport.channel() for _ in range(HANDS)))
        outcomes = [channel.hand_over(mail(f"{n}@example.org"), Word()) for n, channel in enumerate(channels)]
        await asyncio.gather(*outcomes)
    assert len(set(actor.peers)) == HANDS
