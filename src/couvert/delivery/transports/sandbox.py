"""A transport that keeps mail at home; some addresses act out what providers do.

| address | what happens |
|---|---|
| `bounced@sandbox.test` | taken, then reported as a hard bounce |
| `complained@sandbox.test` | taken, delivered, then reported as spam |
| `throttled@sandbox.test` | *later* at the first attempt, taken at the second |
| `refused@sandbox.test` | refused for good |
| `timeout@sandbox.test` | no answer after the message left: unknown |
| `delayed@sandbox.test` | taken, but only after twelve seconds: longer than a /v1 request waits |
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from couvert.delivery.mailroom import Mailroom, NoticeKind
from couvert.delivery.transport import Clearance, Message, Outcome, Refused, Taken, TryLater, Unknown, Withheld

DOMAIN: Final = "sandbox.test"
SLOW_SECONDS: Final = 12.0
NOTICE_SECONDS: Final = 0.05
"""Notices come after the hand-over's own outcome as a rule; nothing relies on it."""


class SandboxTransport:
    """Takes any number of messages at once."""

    name = "sandbox"

    def __init__(self, mailroom: Mailroom, *, slow_seconds: float = SLOW_SECONDS) -> None:
        self._mailroom = mailroom
        self._slow_seconds = slow_seconds
        self._reports: set[asyncio.Task[None]] = set()
        self._roles: dict[str, Callable[[Message], Awaitable[Outcome]]] = {
            "bounced": self._bounced,
            "complained": self._complained,
            "throttled": self._throttled,
            "refused": self._refused,
            "timeout": self._timeout,
            "delayed": self._delayed,
        }

    async def channel(self) -> SandboxTransport:
        return self

    async def free_channel(self) -> SandboxTransport:
        return self

    async def hand_over(self, message: Message, clearance: Clearance) -> Outcome:
        if not clearance.may_begin():
            return Withheld("the time to begin was over")
        if not clearance.may_complete():
            return Withheld("the lease was lost before the content")
        role, _, domain = message.recipient.lower().partition("@")
        return await self._roles.get(role if domain == DOMAIN else "", self._taken)(message)

    def release(self) -> None:
        """Nothing was reserved."""

    async def rest(self) -> None:
        await asyncio.gather(*self._reports, return_exceptions=True)

    async def close(self) -> None:
        await self.rest()

    # --- The roles ----------------------------------------------------------------------------------------------------

    async def _taken(self, message: Message) -> Outcome:
        try:
            await self._mailroom.keep(message)
        except Exception as error:  # noqa: BLE001 - whatever kept it from being kept, it was not taken
            return TryLater(f"the sandbox could not keep it: {error}")
        return Taken(f"sandbox-{message.delivery_id}-{message.attempt}")

    async def _bounced(self, message: Message) -> Outcome:
        self._tell(message, ("bounced", "smtp; 550 5.1.1 sandbox: no such user"))
        return await self._taken(message)

    async def _complained(self, message: Message) -> Outcome:
        self._tell(message, ("delivered", "smtp; 250 2.0.0 sandbox: ok"), ("complained", "sandbox: reported as spam"))
        return await self._taken(message)

    async def _throttled(self, message: Message) -> Outcome:
        if message.attempt == 1:
            return TryLater("454 4.7.0 sandbox: too many messages, slow down", after_seconds=1)
        return await self._taken(message)

    async def _refused(self, _: Message) -> Outcome:
        return Refused("554 5.7.1 sandbox: message refused")

    async def _timeout(self, _: Message) -> Outcome:
        return Unknown("sandbox: no answer after the end of the message")

    async def _delayed(self, message: Message) -> Outcome:
        await asyncio.sleep(self._slow_seconds)
        return await self._taken(message)

    def _tell(self, message: Message, *notices: tuple[NoticeKind, str]) -> None:
        task = asyncio.create_task(self._report(message, notices))
        self._reports.add(task)
        task.add_done_callback(self._reports.discard)

    async def _report(self, message: Message, notices: tuple[tuple[NoticeKind, str], ...]) -> None:
        for kind, words in notices:
            await asyncio.sleep(NOTICE_SECONDS)
            await self._mailroom.report(message, kind, words)
