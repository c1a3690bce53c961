"""One line for each request: the route's template and never the path, because keys stand in paths."""

from __future__ import annotations

from time import perf_counter

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger()


def route_of(scope: Scope) -> str | None:
    """The template, such as `/v1/api-key/{api_key}`; None if no route was met."""
    route = scope.get("route")
    return route.path if route else None


class AccessLog:
    """No addresses either: who mails whom is nobody's business, and the log outlives both."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        status: int | None = None
        started = perf_counter()

        async def send_noting_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_noting_status)
        finally:
            milliseconds = round((perf_counter() - started) * 1000, 1)
            log.info(
                "request", method=scope["method"], route=route_of(scope), status=status, milliseconds=milliseconds
            )  # fmt: skip
