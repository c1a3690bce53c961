"""What nobody expected: the log gets all of it, the client gets a number to ask about."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from couvert.api.access_log import route_of

log = structlog.get_logger()


class Crashes:
    """Stands within CORS, so that a browser app can read that it was not its own fault."""

    def __init__(self, app: ASGIApp, answer: Callable[[Scope], Response]) -> None:
        self._app = app
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_answered = False

        async def send_noting(message: Message) -> None:
            nonlocal is_answered
            is_answered = True
            await send(message)

        try:
            await self._app(scope, receive, send_noting)
        except Exception:
            # The outermost place that can still answer. Commits and hand-overs run in tasks of their own.
            log.exception("request.crashed", method=scope["method"], route=route_of(scope))
            if is_answered:
                raise
            await self._answer(scope)(scope, receive, send)
