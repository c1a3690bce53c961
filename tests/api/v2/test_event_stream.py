"""The event stream over real sockets: nothing missed, nothing twice, nothing held for whoever does not listen."""

import asyncio
import json
import socket
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
import uvicorn

from couvert.api.v2 import event_stream
from couvert.cli.server import Server
from couvert.domain import ids
from couvert.domain.refusals import TokenRevoked
from couvert.store.sqlite.store import SqliteStore


@pytest.fixture
async def server(room):
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(room.app, http="httptools", ws="none", lifespan="off", access_log=False, log_config=None)
    server: Any = Server(config, stopping=room.parts.feed.end)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    await until(lambda: server.started)
    server.address = listener.getsockname()
    yield server
    server.should_exit = True
    await serving


async def until(is_so):
    async with asyncio.timeout(5):
        while not is_so():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0.02)


class Listener:
    """What a browser makes of the stream."""

    def __init__(self, response):
        self.response = response
        self._lines = response.aiter_lines()

    async def next(self):
        """(id, type, data) of the next event; None once the stream has ended."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(5):
            async for line in self._lines:
                if not line and "data" in fields:
                    return fields["id"], fields["event"], json.loads(fields["data"])
                if line and not line.startswith(":"):
                    name, _, value = line.partition(": ")
                    fields[name] = value
        return None

    async def some(self, count):
        return [await self.next() for _ in range(count)]

    async def line(self):
        async with asyncio.timeout(5):
            return await anext(self._lines)


@pytest.fixture
def listen(server):
    @asynccontextmanager
    async def listening(query="", token="alice", headers=None):
        async with (
            httpx2.AsyncClient(base_url=f"http://127.0.0.1:{server.address[1]}", timeout=10) as client,
            client.stream(
                "GET", f"/v2/events/stream{query}", headers={"X-Access-Token": token, **(headers or {})}
            ) as response,
        ):
            yield Listener(response)

    return listening


async def test_events_arrive_as_they_happen_with_id_type_and_what_the_list_says(room, listen):
    await room.post("before")
    async with listen() as stream:
        mail_id = await room.post("after")
        await room.world.work("taken", "taken")
        events = await stream.some(3)

    assert stream.response.headers["content-type"].startswith("text/event-stream")
    assert [(id_, type_) for id_, type_, _ in events[:1]] == [("2", "mail.accepted")]
    assert events[0][2]["mailId"] == ids.encode("mail", mail_id)
    listed = (await room.data("/v2/events?after=1"))["events"]
    assert [data for _, _, data in events] == listed[:3]


@pytest.mark.parametrize("how", ["header", "query", "both"])
async def test_it_resumes_after_the_last_event_without_a_gap_or_a_double(room, listen, how):
    for n in range(5):
        await room.post(f"mail {n}")
    query = {"header": "", "query": "?lastEventId=2", "both": "?lastEventId=0"}[how]
    headers = {} if how == "query" else {"Last-Event-ID": "2"}

    async with listen(query, headers=headers) as stream:
        await room.post("and one more")
        events = await stream.some(4)

    assert [id_ for id_, _, _ in events] == ["3", "4", "5", "6"]


async def test_whoever_comes_back_again_and_again_hears_each_event_once(room, listen):
    async def happen():
        for n in range(60):
            await room.post(f"mail {n}")
            await asyncio.sleep(0.002)

    happening = asyncio.create_task(happen())
    heard: list[str] = []
    while len(heard) < 60:
        async with listen(headers={"Last-Event-ID": heard[-1] if heard else "0"}) as stream:
            heard += [id_ for id_, _, _ in await stream.some(min(7, 60 - len(heard)))]
    await happening

    assert heard == [str(n) for n in range(1, 61)]


async def test_many_more_events_than_a_batch_arrive_in_order(room, listen):
    await asyncio.gather(*(room.post(f"mail {n}") for n in range(3 * event_stream.BATCH + 7)))

    async with listen("?lastEventId=0") as stream:
        events = await stream.some(3 * event_stream.BATCH + 7)

    assert [int(id_) for id_, _, _ in events] == list(range(1, 3 * event_stream.BATCH + 8))


async def test_events_of_a_type_and_of_a_subject(room, listen):
    first = await room.post("one")
    async with listen("?type=delivery.sent") as sent, listen(f"?subject={ids.encode('mail', first)}") as of_first:
        await room.post("two")
        await room.world.work("taken", "taken")

        assert [type_ for _, type_, _ in await sent.some(2)] == ["delivery.sent"] * 2
        assert [data["mailId"] for _, _, data in await of_first.some(2)] == [ids.encode("mail", first)] * 2


async def test_events_of_other_processes_arrive_within_a_second_or_so(room, listen):
    async with listen() as stream:
        await stream.line()
        other = SqliteStore(room.world.directory, lambda: room.world.now)
        room.world.store, ours = other, room.world.store
        room.world._mails = type(room.world._mails)(other, room.world._mails.ids, lambda: room.world.now)
        await room.post("from elsewhere")
        room.world.store = ours
        await other.close()

        assert (await stream.next())[0] == "1"


async def test_silence_is_broken_by_comments(room, listen, monkeypatch):
    monkeypatch.setattr(event_stream, "HEARTBEAT_SECONDS", 0.05)
    async with listen() as stream:
        lines = [await stream.line() for _ in range(8)]

    assert lines.count(": still here") >= 2


async def test_it_ends_when_the_service_stops(server, listen):
    async with listen() as stream:
        await stream.line()
        server.should_exit = True

        assert await stream.next() is None


async def test_it_ends_soon_after_the_token_was_revoked(room, listen, monkeypatch):
    monkeypatch.setattr(event_stream, "CHECK_SECONDS", 0.05)
    async with listen() as stream:
        await stream.line()

        async def revoked(secret, *, fresh):
            raise TokenRevoked("This token was revoked.")

        room.guests.find = revoked

        assert await stream.next() is None


async def test_a_client_that_goes_away_leaves_nothing_behind(room, listen):
    before = len(asyncio.all_tasks())
    async with listen() as stream:
        await stream.line()
        assert len(asyncio.all_tasks()) > before

    await until(lambda: len(asyncio.all_tasks()) <= before + 1 and not room.parts.feed._waiting)


async def test_a_client_that_does_not_read_is_not_read_for(room, server, monkeypatch):
    reading, asked = room.parts.reading, []

    async def counting(**given):
        asked.append(given["after"])
        return await type(reading).events(reading, **given)

    monkeypatch.setattr(reading, "events", counting, raising=False)
    for _ in range(40):
        await asyncio.gather(*(room.post("a" * 20) for _ in range(100)))
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    deaf.connect(server.address)
    deaf.sendall(b"GET /v2/events/stream?lastEventId=0 HTTP/1.1\r\nHost: x\r\nX-Access-Token: alice\r\n\r\n")

    previous = -1
    async with asyncio.timeout(10):
        while previous != len(asked):
            previous = len(asked)
            await asyncio.sleep(0.3)
    far = asked[-1]
    deaf.close()

    assert far < 4_000


async def test_it_counts_once_however_long_it_lasts(room, listen):
    async with listen() as stream:
        await room.post()
        await stream.next()

    answer = await room.get("/v2/mails")
    assert answer.headers["X-RateLimit-Remaining"] == str(int(answer.headers["X-RateLimit-Limit"]) - 2)


@pytest.mark.parametrize("given", ["abc", "-1", "1.5", "99", "9" * 5_000])
async def test_an_event_that_is_none_is_refused(room, given):
    answer = await room.get("/v2/events/stream", headers={"Last-Event-ID": given})

    assert answer.status_code == 400
    assert answer.json()["error"]["errors"][0]["reason"] == "Last-Event-ID"


async def test_without_a_token_nobody_listens(room, listen):
    async with listen(token="nobody") as stream:
        assert stream.response.status_code == 401
