"""A deadline that is moved with every line said and almost never reached."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Alarm:
    """Moving the deadline back is an assignment: the timer, when it fires early, is set again for what is left."""

    __slots__ = ("_due", "_loop", "_ring", "_rings_at", "_timer")

    def __init__(self, loop: asyncio.AbstractEventLoop, ring: Callable[[], None]) -> None:
        self._loop = loop
        self._ring = ring
        self._due: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._rings_at = 0.0

    def within(self, seconds: float) -> None:
        self._due = due = self._loop.time() + seconds
        if self._timer is None or due < self._rings_at:
            self._set(due)

    def off(self) -> None:
        """No deadline for now; the timer may still fire once, unheard."""
        self._due = None

    def destroy(self) -> None:
        self._due = None
        if self._timer is not None:
            self._timer.cancel()

    def _set(self, due: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._rings_at = due
        self._timer = self._loop.call_at(due, self._fire)

    def _fire(self) -> None:
        self._timer = None
        if self._due is None:
            return
        if self._due > self._rings_at:
            self._set(self._due)
        else:
            self._due = None
            self._ring()
