"""A courier in the test's own process, on a real store, with a provider that does what the test says."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from couvert.commands.accept import AcceptMails
from couvert.commands.attempts import Attempts
from couvert.delivery.letters import Letters
from couvert.delivery.transport import Clearance, Message, Outcome, Taken, Transport, Unreachable, Withheld
from couvert.domain.ids import IdSource
from couvert.domain.mail import AcceptMail, Recipient, Sender
from couvert.store.port import Store
from couvert.wiring import now_ms
from couvert.workers.courier import MOST_BYTES, Courier
from couvert.workers.leases import Leases
from couvert.workers.pace import Pacer


class Provider:
    """Takes everything, once it is let to; so many messages at a time."""

    name = "provider"

    def __init__(self, channels: int = 100) -> None:
        self.handed: list[str] = []
        self.lets_go = asyncio.Event()
        self.lets_go.set()
        self.unreachable = False
        self.rests = 0
        self._slots = asyncio.Semaphore(channels)

    async def channel(self) -> "Provider":
        if self.unreachable:
            raise Unreachable("nobody is there")
        await self._slots.acquire()
        return self

    async def free_channel(self) -> "Provider | None":
        return None if self.unreachable or self._slots.locked() else await self.channel()

    async def hand_over(self, message: Message, clearance: Clearance) -> Outcome:
        try:
            if not clearance.may_begin():
                return Withheld("too late")
            self.handed.append(message.recipient)
            await self.lets_go.wait()
            return Taken("1")
        finally:
            self.release()

    def release(self) -> None:
        self._slots.release()

    async def rest(self) -> None:
        self.rests += 1

    async def close(self) -> None:
        """Nothing is kept open."""


class Meddled:
    """A store one of whose operations is done by the test: `Meddled(store, take=...)`, given the real one."""

    def __init__(self, store: Store, **meddlers: Callable[..., Awaitable[Any]]) -> None:
        self._store = store
        self._meddlers = meddlers

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._store, name)
        meddler = self._meddlers.get(name)
        if meddler is None:
            return real
        return lambda *given, **asked: meddler(real, *given, **asked)


def courier_of(
    store: Any,
    provider: Transport,
    *,
    hands: int = 4,
    lease_seconds: float = 30,
    now_ms: Callable[[], int] = now_ms,
    pacer: Pacer | None = None,
    most_bytes: int = MOST_BYTES,
) -> Courier:
    leases = Leases(store, owner=7, seconds=lease_seconds, now_ms=now_ms)
    attempts = Attempts(store, now_ms, "hold", int(lease_seconds * 1000))
    return Courier(
        store,
        attempts,
        Letters(store, now_ms),
        provider,
        leases,
        hands=hands,
        now_ms=now_ms,
        most_bytes=most_bytes,
        pacer=pacer,
    )


async def accept(store: Store, *recipients: str, sender: str = "shop@example.org") -> None:
    """One mail each, waiting in the queue."""
    mails = AcceptMails(store, IdSource(1, now_ms), now_ms)
    for email in recipients:
        mail = AcceptMail(Sender(sender), (Recipient(email),), "News", html="<p>News</p>")
        await mails.accept(mail, key=None)


async def until(is_so: Callable[[], object], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not is_so():  # noqa: ASYNC110 - what it waits for is in a file
            await asyncio.sleep(0.01)
