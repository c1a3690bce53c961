"""The whole of /v2 on a data directory with a past that is made as a test wants it, followed by the real follower."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import httpx2

from couvert.api.parts import Parts
from couvert.commands.accounts import open_accounts
from couvert.commands.interventions import Interventions
from couvert.delivery.copies import Copies
from couvert.delivery.letters import Letters
from couvert.domain.ids import IdSource
from couvert.domain.mail import AcceptMail, Recipient, References, Sender
from couvert.limits.memory import MemoryLimits
from couvert.readmodels.feed import Feed
from couvert.readmodels.follower import Follower
from couvert.readmodels.reading import Reading
from couvert.settings import Settings
from couvert.web import application
from tests.api.v2.hall import Guests
from tests.readmodels.world import World


class Room:
    def __init__(self, directory: Path, *, delay_ms: int = 0) -> None:
        self.world = World(directory)
        self.guests = Guests()
        self.follower = Follower(directory, delay_ms=delay_ms)
        store = self.world.store
        absent: Any = None  # what no request here asks for
        clock = lambda: self.world.now  # noqa: E731 - a clock is a function
        ids = IdSource(1, clock)
        self.parts = Parts(
            settings=Settings(_env_file=None, data_dir=directory),
            store=store,
            keys=absent,
            send=absent,
            webhooks=absent,
            interventions=Interventions(store, clock),
            idempotency=absent,
            callers=self.guests,
            limits=MemoryLimits(),
            reading=Reading(directory),
            copies=Copies(store, Letters(store, clock)),
            feed=Feed(store.position),
            reached_position=self.follower.reached_position,
            oldest_due_at=store.next_wake,
            now_ms=clock,
            accounts=open_accounts(store, ids, clock),
            suppressions=self.world.suppressions,
            notices=absent,
        )
        self.app = application(self.parts)

    async def __aenter__(self) -> Self:
        self.world.store.on_commit(self.follower.wake)
        self.world.store.on_commit(self.parts.feed.committed)
        self.follower.start()
        self.follower.wait_until_open(5)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.follower.stop()
        self.parts.reading.close()
        await self.world.store.close()

    async def post(self, subject: str = "Hello", *to: str, **given: Any) -> int:
        """A mail to these addresses; its id."""
        references = {name: given.pop(name) for name in tuple(given) if name.endswith("_id")}
        return await self.world.post(
            AcceptMail(
                sender=Sender("alice@example.com", "Alice", "Acme"),
                recipients=tuple(Recipient(address, "Zoë", "Acme", "r-1") for address in to or ("bob@example.net",)),
                subject=subject,
                html=given.pop("html", "<p>Hello {{name}}</p>"),
                references=References(**references),
                **given,
            )
        )

    async def get(
        self, path: str, token: str = "alice", headers: Mapping[str, str] | None = None, position: str | None = None
    ) -> httpx2.Response:
        """Once the read models have got to the end of the log, or to this position."""
        at = {"If-Event-Reached": position or str(await self.world.store.position())}
        transport = httpx2.ASGITransport(self.app, client=("192.0.2.1", 50_000))
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost:8000") as client:
            return await client.get(path, headers={"X-Access-Token": token, **at, **(headers or {})})

    async def data(self, path: str, **given: Any) -> Any:
        answer = await self.get(path, **given)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]
