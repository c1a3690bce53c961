"""What nobody expected: the log gets all of it, the client gets a number to ask about. And what a stop cuts off."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from couvert.api.access_log import route_of

log = structlog.get_logger()


class Crashes:
    """Stands within CORS, so that a browser app can read that it was not its own fault."""

    def __init__(
        self,
        app: ASGIApp,
        answer: Callable[[Scope], Response],
        cut_off: Callable[[Scope], Response],
        is_stopping: Callable[[], bool],
    ) -> None:
        self._app = app
        self._answer = answer
        self._cut_off = cut_off
        self._is_stopping = is_stopping

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_answered = False

        def send_noting(message: Message) -> Awaitable[None]:
            nonlocal is_answered
            is_answered = True
            return send(message)

        try:
            await self._app(scope, receive, send_noting)
        except asyncio.CancelledError:
            # Whoever else cancels wants no answer.
            if is_answered or not self._is_stopping():
                raise
            log.warning("request.cut_off", method=scope["method"], route=route_of(scope))
            await self._cut_off(scope)(scope, receive, send)
        except Exception:
            # The outermost place that can still answer. Commits and hand-overs run in tasks of their own.
            log.exception("request.crashed", method=scope["method"], route=route_of(scope))
            if is_answered:
                raise
            await self._answer(scope)(scope, receive, send)
