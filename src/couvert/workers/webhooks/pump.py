"""Follows the log into the box of messages, and sends off what is due: at least once, and in no promised order."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import structlog

from couvert.domain.refusals import Refusal
from couvert.domain.webhook import Webhook
from couvert.domain.webhook_calls import GIVE_UP_AFTER_MS, LATE_MS, Gone, Told
from couvert.readmodels.webhooks.box import Box
from couvert.readmodels.webhooks.messages import Message, queued
from couvert.readmodels.webhooks.source import Look, Source
from couvert.workers.webhooks.caller import Called, Caller
from couvert.workers.webhooks.courtesy import Courtesy
from couvert.workers.webhooks.lane import Lane

AT_ONCE: Final = 8
"""Over all endpoints."""
LOOK_SECONDS: Final = 0.2
TROUBLE_SECONDS: Final = 1.0
PRUNE_MS: Final = 3_600_000
DROP_MS: Final = 60_000

log = structlog.get_logger()


class Pump:
    """Of one event loop; nobody waits for it, and of one data directory there is to be one."""

    def __init__(
        self,
        source: Source,
        box: Box,
        caller: Caller,
        switch_off: Callable[[str, str], Awaitable[object]],
        now_ms: Callable[[], int],
        *,
        retention_ms: int,
        most_waiting: int,
    ) -> None:
        """`switch_off`: called with the UUID of a webhook and the address at which its receiver is gone;
        `most_waiting`: for each webhook.
        """
        self._source = source
        self._box = box
        self._caller = caller
        self._switch_off = switch_off
        self._now_ms = now_ms
        self._retention_ms = retention_ms
        self._most_waiting = most_waiting
        self._webhooks: Sequence[Webhook] = ()
        self._lanes: dict[str, Lane] = {}
        self._under_way: dict[tuple[int, int], asyncio.Task[None]] = {}
        self._gone: set[int] = set()
        """Being switched off."""
        self._moved = asyncio.Event()
        self._prune_at = 0
        self._drop_at = 0
        self._queued = 0
        """Since what is too much was dropped."""
        self._known: object = None
        self._follow_at = 0.0
        self._courtesy = Courtesy()

    async def run(self, stopping: asyncio.Event) -> None:
        """Until told to stop; what is under way then is sent again by whoever comes next."""
        stop = asyncio.ensure_future(stopping.wait())
        try:
            while not stopping.is_set():
                try:
                    is_behind = self._follow()
                    self._send_off()
                    self._drop()
                    self._prune()
                except (sqlite3.Error, Refusal) as trouble:
                    log.warning("webhooks.wait", trouble=str(trouble))
                    await asyncio.wait((stop,), timeout=TROUBLE_SECONDS)
                else:
                    await self._give_way(stop)
                    await self._pause(stop, 0 if is_behind else LOOK_SECONDS)
        finally:
            stop.cancel()
            for task in self._under_way.values():
                task.cancel()
            await asyncio.gather(stop, *self._under_way.values(), return_exceptions=True)

    # --- Following the log --------------------------------------------------------------------------------------------

    def _follow(self) -> bool:
        """Whether there is more to look at already."""
        if time.monotonic() < self._follow_at:
            return False
        self._follow_at = time.monotonic() + LOOK_SECONDS / 2
        mark = self._box.mark()
        look = self._source.look(mark)
        self._courtesy.see(look.newest)
        self._listen(look)
        if not look.is_same_log:
            log.warning("webhooks.begin_anew", reason="the database is not the one that was followed")
            self._box.begin_anew(look.end)
        elif look.end != mark:
            messages = self._messages(look)
            self._box.advance(messages, look.end)
            self._queued += len(messages)
        if not look.is_all:
            self._follow_at = 0.0
        return not look.is_all

    def _listen(self, look: Look) -> None:
        """To whoever is there now."""
        self._webhooks = [
            listener.webhook
            for listener in look.listeners
            if listener.webhook.terms.is_active and listener.webhook.id not in self._gone
        ]
        known = frozenset(webhook.id for webhook in self._webhooks), len(look.listeners)
        if known != self._known:
            self._box.settle(active=known[0], existing=[listener.webhook.id for listener in look.listeners])
            self._known = known

    def _messages(self, look: Look) -> list[Message]:
        now = self._now_ms()
        # What is older would be given up after one attempt: whoever was down for so long asks /v2 for the log.
        fresh = [wanted for wanted in look.wanted if wanted.at > now - GIVE_UP_AFTER_MS]
        if left_out := len(look.wanted) - len(fresh):
            log.error("webhooks.events_left_out", events=left_out, reason="they are older than three days")
        return [queued(wanted.webhook, wanted.position, now) for wanted in fresh]

    # --- Sending off --------------------------------------------------------------------------------------------------

    def _send_off(self) -> None:
        """Whoever has the least under way comes first, so that one who hangs keeps nobody else waiting."""
        now = self._now_ms()
        for webhook in sorted(self._webhooks, key=lambda webhook: self._lane(webhook).in_flight):
            lane = self._lane(webhook)
            places = min(lane.free(now), AT_ONCE - len(self._under_way))
            if places <= 0:
                continue
            due = self._box.due(webhook.id, now, places + lane.in_flight)
            free = [message for message in due if (webhook.id, message.position) not in self._under_way]
            for message in free[:places]:
                self._begin(webhook, message, lane)

    def _lane(self, webhook: Webhook) -> Lane:
        return self._lanes.setdefault(webhook.terms.url, Lane())

    def _begin(self, webhook: Webhook, message: Message, lane: Lane) -> None:
        lane.in_flight += 1
        key = webhook.id, message.position
        self._under_way[key] = asyncio.get_running_loop().create_task(self._attempt(webhook, message, lane, key))

    async def _attempt(self, webhook: Webhook, message: Message, lane: Lane, key: tuple[int, int]) -> None:
        called: Called | None = None
        try:
            called = await self._caller.call(webhook, message)
            self._box.record(called.message, called.attempt)
            if isinstance(called.verdict, Gone):
                await self._leave(webhook)
        except (sqlite3.Error, Refusal) as trouble:
            log.warning("webhook.attempt_not_recorded", webhook_id=webhook.webhook_id, trouble=str(trouble))
            called = None
        except Exception:
            # A fault of ours; the message stays due, and its lane is slowed like a receiver's that fails.
            log.exception("webhook.attempt_failed", webhook_id=webhook.webhook_id)
            called = None
        finally:
            is_told = called is not None and isinstance(called.verdict, Told)
            lane.ended(self._now_ms(), is_told=is_told, asked_ms=called.asked_ms if called else 0)
            del self._under_way[key]
            self._moved.set()

    async def _leave(self, webhook: Webhook) -> None:
        """Nothing more is sent to it from this moment on, whatever the last look at the log said.

        But if it leads elsewhere by now, nothing was said of that.
        """
        if not any((other.id, other.terms.url) == (webhook.id, webhook.terms.url) for other in self._webhooks):
            return
        self._gone.add(webhook.id)
        self._webhooks = [other for other in self._webhooks if other.id != webhook.id]
        try:
            await self._switch_off(webhook.webhook_id, webhook.terms.url)
            log.warning("webhook.switched_off", webhook_id=webhook.webhook_id, reason="gone")
        finally:
            self._gone.discard(webhook.id)

    # --- Details ------------------------------------------------------------------------------------------------------

    def _drop(self) -> None:
        """A receiver that is too slow for days falls behind so far, and no further."""
        now = self._now_ms()
        if now < self._drop_at and self._queued < self._most_waiting // 10:
            return
        self._drop_at, self._queued = now + DROP_MS, 0
        names = {webhook.id: webhook.webhook_id for webhook in self._webhooks}
        for id_, messages in self._box.drop(most=self._most_waiting, overdue_at=now - LATE_MS).items():
            log.error("webhook.messages_dropped", webhook_id=names.get(id_), messages=messages)

    def _prune(self) -> None:
        now = self._now_ms()
        if now >= self._prune_at:
            self._box.prune(now - self._retention_ms)
            self._prune_at = now + PRUNE_MS

    async def _give_way(self, stop: asyncio.Future[Any]) -> None:
        if (seconds := self._courtesy.owed_seconds()) > 0:
            await asyncio.wait((stop,), timeout=seconds)

    async def _pause(self, stop: asyncio.Future[Any], seconds: float) -> None:
        """Until an attempt ended, time has passed, or all is over."""
        moved = asyncio.ensure_future(self._moved.wait())
        await asyncio.wait((stop, moved), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        moved.cancel()
        self._moved.clear()
