"""Publishes what becomes of each mail, beside the answers and never before them: late, twice and shuffled on demand."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from typing import TYPE_CHECKING, Final

import msgspec

from couvert.simulator.mails import Mail
from couvert.simulator.notices.events import STRANGER, SWITCHES, Json, event_json, mail_json
from couvert.simulator.notices.plan import EventType, Planned, plan

if TYPE_CHECKING:
    from couvert.simulator.world import World

SUBJECT: Final = "Amazon SES Email Event Notification"
MAILS_AT_ONCE: Final = 20
"""Between two looks at the connections, for the answers come first."""


class Publisher:
    def __init__(self, world: World) -> None:
        self._world = world
        self._mails: deque[Mail] = deque()
        self._timers: set[asyncio.TimerHandle] = set()
        self._wanted = asyncio.Event()
        self.published = 0

    def take(self, mail: Mail) -> None:
        if self._topics_of(mail) and not self._world.faults.notices.off:
            self._mails.append(mail)
            self._wanted.set()

    def waiting(self) -> int:
        return len(self._mails) + len(self._timers)

    def clear(self) -> None:
        self._mails.clear()
        self.published = 0
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()

    async def run(self) -> None:
        while True:
            await self._wanted.wait()
            for _ in range(min(MAILS_AT_ONCE, len(self._mails))):
                self._tell(self._mails.popleft())
            if not self._mails:
                self._wanted.clear()
            await asyncio.sleep(0)

    def _tell(self, mail: Mail) -> None:
        faults, about = self._world.faults, mail_json(mail, self._world.setup)
        for planned in plan(mail.recipients, faults.outcomes, together=faults.notices.together):
            for topic in self._topics_of(mail, planned.event):
                message = self._worded(planned, about)
                self._send(topic, message)
                if faults.notices.duplicate.strikes():
                    self._send(topic, message)

    def _worded(self, planned: Planned, about: Json) -> str:
        recipients = planned.recipients
        if planned.event != "Send" and self._world.faults.notices.stranger.strikes():
            recipients = (*recipients, STRANGER)
        told = msgspec.json.encode(event_json(planned.event, about, recipients, time.time())).decode()
        # SES's own end with an end of line.
        return f"{told}\n"

    def _send(self, topic: str, message: str) -> None:
        notices = self._world.faults.notices
        wait_ms: float = notices.after_ms
        if notices.late.strikes():
            wait_ms += notices.late_ms
        if notices.shuffle:
            # Nothing is guarded by it.
            wait_ms += random.uniform(0, notices.shuffle_ms)  # noqa: S311
        if wait_ms:
            self._later(wait_ms / 1000, topic, message)
        else:
            self._now(topic, message)

    def _later(self, seconds: float, topic: str, message: str) -> None:
        def due() -> None:
            self._timers.discard(timer)
            self._now(topic, message)

        timer = asyncio.get_running_loop().call_later(seconds, due)
        self._timers.add(timer)

    def _now(self, topic: str, message: str) -> None:
        self.published += 1
        self._world.sns.publish(topic, message, SUBJECT)

    def _topics_of(self, mail: Mail, event: EventType | None = None) -> list[str]:
        """Those that there are: of a topic that nobody made, SES says nothing to whoever sends."""
        known = self._world.sns.topics.by_arn
        destinations = self._world.setup.configuration_sets.get(mail.configuration_set or "", {})
        return [
            one.topic_arn
            for one in destinations.values()
            if one.topic_arn
            and one.topic_arn in known
            and one.is_enabled
            and (event is None or SWITCHES[event] in one.event_types)
        ]
