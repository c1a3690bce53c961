"""The whole of /v1 in one process: the real store, the real commands, and a courier that acts out a script."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx2

from couvert.api.parts import Parts
from couvert.commands.accept import Accepted, AcceptMails, Lease
from couvert.commands.accounts import open_accounts
from couvert.commands.attempts import Attempts
from couvert.commands.idempotency import IdempotencyKeys
from couvert.commands.interventions import Interventions
from couvert.commands.keys import Keys
from couvert.commands.notice_intake import TakeNotices
from couvert.commands.passwords import Passwords
from couvert.commands.send import SendMail
from couvert.commands.settled import Settled, settled
from couvert.commands.suppressions import Suppressions
from couvert.commands.webhooks import Webhooks
from couvert.delivery.copies import Copies
from couvert.delivery.letters import Letters
from couvert.delivery.sns import Signatures
from couvert.delivery.transport import Outcome, Taken
from couvert.domain.delivery import State
from couvert.domain.ids import IdSource
from couvert.domain.mail import Recipient
from couvert.domain.restrictions import NONE, Restrictions
from couvert.limits.memory import MemoryLimits
from couvert.readmodels.feed import Feed
from couvert.readmodels.reading import Reading
from couvert.settings import Settings
from couvert.store.sqlite.store import SqliteStore
from couvert.web import application

TEN_THIRTY: Final = 1_737_973_800_000  # 2025-01-27T10:30:00Z, the time in all of /v1's examples
MESSAGE_ID: Final = "0000014a-f4d4-4c4b-8b7a-123456789012-000000"
ORIGIN: Final = "https://app.example.com"

MAIL: Final[dict[str, Any]] = {
    "recipients": [
        {"name": "John Doe", "mail": "john@example.com", "company": "Acme Corp", "emailRecipientId": "recipient-123"}
    ],
    "sender_name": "Support Team",
    "sender_email": "support@example.com",
    "sender_organisation_name": "Acme Corp",
    "subject": "Test Email",
    "html_template": "<html><body><h1>Hello {{name}}</h1></body></html>",
    "client_env_id": "env-123",
    "email_id": "msg-123",
    "emailRecipientId": "recipient-123",
    "projectId": "project-456",
    "closureId": "closure-789",
}
"""The sample mail of the documentation that clients were written from."""
THREE: Final = [{"mail": "ann@example.com"}, {"mail": "bob@example.com"}, {"mail": "cy@example.com"}]


class Clock:
    def __init__(self) -> None:
        self.now = TEN_THIRTY

    def __call__(self) -> int:
        return self.now


@dataclass
class ScriptedCourier:
    """Begins, records and tells as a worker does; what the provider says is scripted, `None` being nothing at all."""

    attempts: Attempts
    clock: Clock
    says: Outcome | State | None = field(default_factory=lambda: Taken(MESSAGE_ID))
    handed_over: list[str] = field(default_factory=list)
    woken: int = 0
    waiting: dict[int, list[asyncio.Future[Settled]]] = field(default_factory=dict)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def ready(self) -> None:
        return None

    def lease(self) -> Lease | None:
        return Lease(1, self.clock() + 30_000)

    def hand_in(self, accepted: Accepted, recipient: Recipient) -> None:
        task = asyncio.get_running_loop().create_task(self._hand_over(accepted, recipient))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def expect(self, delivery_id: int) -> asyncio.Future[Settled]:
        future: asyncio.Future[Settled] = asyncio.get_running_loop().create_future()
        self.waiting.setdefault(delivery_id, []).append(future)
        return future

    def forget(self, delivery_id: int, outcome: asyncio.Future[Settled]) -> None:
        self.waiting[delivery_id].remove(outcome)

    def wake(self) -> None:
        self.woken += 1

    async def _hand_over(self, accepted: Accepted, recipient: Recipient) -> None:
        says, stored = self.says, accepted.deliveries[0]
        self.handed_over.append(recipient.email)
        if says is None:
            return
        if isinstance(says, State):
            self._tell(Settled(stored.delivery.id, says, self.clock(), words="the list says no"))
            return
        begun = await self.attempts.begin(stored)
        assert begun is not None
        if not begun.delivery.is_begun:
            end = await settled(self.attempts.store, begun.delivery.id)
            assert end is not None
            self._tell(end)
            return
        self._tell(await self.attempts.record(begun, says))

    def _tell(self, settled: Settled) -> None:
        for future in self.waiting.get(settled.delivery_id, ()):
            if not future.done():
                future.set_result(settled)


async def _reached(_position: int, _seconds: float) -> bool:
    return True


@dataclass
class Service:
    """One of each; `peer` is who seems to ask."""

    directory: Path
    settings: Settings
    clock: Clock = field(default_factory=Clock)
    peer: str = "127.0.0.1"

    def __post_init__(self) -> None:
        self.store = SqliteStore(self.directory, self.clock)
        ids = IdSource(0, self.clock)
        self.courier = ScriptedCourier(Attempts(self.store, self.clock, "hold", 30_000), self.clock)
        mails = AcceptMails(self.store, ids, self.clock)
        accounts = open_accounts(self.store, ids, self.clock, Passwords(memory_kib=8, passes=1))
        self.parts = Parts(
            settings=self.settings,
            store=self.store,
            keys=Keys(self.store, ids, self.clock),
            webhooks=Webhooks(self.store, ids, self.clock),
            send=SendMail(mails, self.store, self.courier, self.settings.v1_patience_seconds),
            interventions=Interventions(self.store, self.clock, self.courier.wake),
            idempotency=IdempotencyKeys(self.store, self.clock),
            callers=accounts.book,
            limits=MemoryLimits(self.clock),
            reading=Reading(self.directory),
            copies=Copies(self.store, Letters(self.store, self.clock)),
            feed=Feed(self.store.position),
            reached_position=_reached,
            oldest_due_at=self.store.next_wake,
            now_ms=self.clock,
            accounts=accounts,
            suppressions=Suppressions(self.store, ids, self.clock),
            notices=TakeNotices(self.store, self.clock, Signatures(()), ()),
        )
        self.app = application(self.parts)

    def client(self) -> httpx2.AsyncClient:
        transport = httpx2.ASGITransport(self.app, client=(self.peer, 50_000))
        return httpx2.AsyncClient(transport=transport, base_url="http://localhost:8000")

    async def request(self, method: str, path: str, **given: Any) -> httpx2.Response:
        async with self.client() as client:
            return await client.request(method, path, **given)

    async def new_key(self, *origins: str, expires_at: int | None = None, restrictions: Restrictions = NONE) -> str:
        names = origins or ("app.example.com",)
        created = await self.parts.keys.create(
            name="My API Key", origins=names, expires_at=expires_at, restrictions=restrictions
        )
        return created.secret

    async def post_mail(
        self,
        key: str,
        *,
        origin: str = ORIGIN,
        headers: dict[str, str] | None = None,
        content: bytes | None = None,
        **changes: Any,
    ) -> httpx2.Response:
        """The sample mail, but for `changes`; or whatever `content` is."""
        given = {"x-api-key": key, "origin": origin, **(headers or {})}
        if content is None:
            return await self.request("POST", "/v1/mail", headers=given, json={**MAIL, **changes})
        return await self.request("POST", "/v1/mail", headers=given, content=content)

    async def close(self) -> None:
        await asyncio.gather(*self.courier.tasks)
        self.parts.reading.close()
        await self.store.close()


OpenService = Callable[..., Service]
