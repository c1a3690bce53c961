"""The door of /v2 with calls made for tests behind it: the real store and commands, and callers known by name."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx2
from pydantic import BaseModel, Field
from starlette.routing import Router

from couvert.api.request_ids import RequestIds
from couvert.api.v2 import routes
from couvert.api.v2.asked import Answer, Asked
from couvert.api.v2.call import Call
from couvert.api.v2.pages import PageQuery, part_of
from couvert.api.v2.waiting import Waiting
from couvert.commands.callers import Caller
from couvert.domain.refusals import NotFound, TokenExpired, Unauthenticated
from couvert.settings import Settings
from couvert.store.changes import Change
from tests.api.v1.service import Service

ALICE: Final = Caller(1, "alice", 11, 1, frozenset({"api_read", "api_write"}), is_admin=True)
BOB: Final = Caller(2, "bob", 12, 1, frozenset({"api_read"}), is_admin=False)


class Guests:
    """Alice may do everything, Bob may read, Eve's token is over; `late` is a token that only the store knows."""

    def __init__(self) -> None:
        self.tokens = {"alice": ALICE, "bob": BOB}
        self.in_store = dict(self.tokens)

    async def find(self, secret: str, *, fresh: bool) -> Caller:
        if secret == "eve":
            raise TokenExpired("This token expired.")
        found = (self.in_store if fresh else self.tokens).get(secret)
        if found is None:
            raise Unauthenticated("Nobody has this token.")
        return found

    def knows(self, secret: str) -> bool:
        return secret in self.tokens


class NoteBody(BaseModel):
    text: str = Field(max_length=20)
    loud_enough: bool = Field(False, alias="loudEnough")
    secret: str | None = None
    parts: list[int] = Field(default_factory=list)


@dataclass
class Hall:
    directory: Path
    settings: Settings
    peer: str = "192.0.2.1"
    notes: list[str] = field(default_factory=list)
    reached: int = 1_000

    def __post_init__(self) -> None:
        self.service = Service(self.directory, self.settings)
        self.guests = Guests()
        self.moved = asyncio.Condition()
        self.waits = 0
        object.__setattr__(self.service.parts, "callers", self.guests)
        house = routes.gatehouse(self.service.parts)
        object.__setattr__(house, "waiting", Waiting(self.reached_position, 0.2))
        self.app = RequestIds(Router(routes.routes(house, self.table()), default=routes.nowhere(house)))

    def table(self) -> list[Call]:
        def call(method: Any, path: str, handle: Any, **given: Any) -> Call:
            return Call(method=method, path=path, handle=handle, summary="A call for tests", tag="Tests", **given)

        return [
            call("GET", "/v2/open", self.crash, is_open=True),
            call("GET", "/v2/posters", self.list_notes, query=PageQuery, list_name="notes", is_open=True),
            call("GET", "/v2/notes", self.list_notes, query=PageQuery, list_name="notes"),
            call("POST", "/v2/notes", self.write, body=NoteBody, status=201, hidden=frozenset({"secret"})),
            call("GET", "/v2/notes/{noteId}", self.read),
            call("PUT", "/v2/notes/{noteId}", self.write, body=NoteBody),
            call("DELETE", "/v2/notes/{noteId}", self.remove),
            call("GET", "/v2/crash", self.crash),
            call("POST", "/v2/previews", self.preview, body=NoteBody, reads_only=True),
            call("GET", "/v2/secrets", self.list_notes, query=PageQuery, list_name="notes", is_for_admins=True),
        ]

    async def reached_position(self, position: int, seconds: float) -> bool:
        self.waits += 1
        try:
            async with asyncio.timeout(seconds), self.moved:
                await self.moved.wait_for(lambda: self.reached >= position)
        except TimeoutError:
            return False
        else:
            return True

    async def move_to(self, position: int) -> None:
        async with self.moved:
            self.reached = position
            self.moved.notify_all()

    # --- Handlers -----------------------------------------------------------------------------------------------------

    async def crash(self, asked: Asked) -> Answer:
        raise ZeroDivisionError("a bug")

    async def list_notes(self, asked: Asked) -> Answer:
        part, page = part_of([{"noteId": str(n), "author": None} for n in range(60)], asked.query)
        return Answer({"notes": part}, page=page)

    async def read(self, asked: Asked) -> Answer:
        if asked.path["noteId"] == "0":
            raise NotFound("There is no such note.")
        return Answer({"noteId": asked.path["noteId"], "author": None})

    async def remove(self, asked: Asked) -> Answer:
        return Answer({}, etag=17)

    async def write(self, asked: Asked) -> Answer:
        if asked.body.text == "nowhere":
            raise NotFound("There is no such note.")
        await asyncio.sleep(0)
        claim = asked.claimed(lambda text: {"text": text, "secret": None}, 201)
        change = Change(at=self.service.clock())
        change.idempotency = claim.kept(asked.body.text, at=change.at) if claim else None
        await self.service.store.commit(change)
        self.notes.append(asked.body.text)
        return Answer({"text": asked.body.text, "secret": "s3cret"}, etag=17)

    async def preview(self, asked: Asked) -> Answer:
        self.notes.append(asked.body.text)
        return Answer({"text": asked.body.text.upper()})

    # --- Asking -------------------------------------------------------------------------------------------------------

    async def ask(
        self, method: str, path: str, token: str | None = "alice", headers: Any = None, **given: Any
    ) -> httpx2.Response:
        sent = list((headers or {}).items()) if not isinstance(headers, list) else headers
        if token is not None:
            sent = [("X-Access-Token", token), *sent]
        transport = httpx2.ASGITransport(self.app, client=(self.peer, 50_000))
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost:8000") as client:
            return await client.request(method, path, headers=sent, **given)
