"""One line and one count for each request: the route's template and never the path, because keys stand in paths."""

from __future__ import annotations

from collections.abc import Awaitable
from time import perf_counter

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from couvert.api.traffic import MAIL, STARTED, Traffic

log = structlog.get_logger()


def route_of(scope: Scope) -> str | None:
    """The template, such as `/v1/api-key/{api_key}`; None if no route was met."""
    route = scope.get("route")
    return route.path if route else None


class AccessLog:
    """No addresses either: who mails whom is nobody's business, and the log outlives both."""

    def __init__(self, app: ASGIApp, traffic: Traffic) -> None:
        self._app = app
        self._traffic = traffic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        status: int | None = None
        started = scope[STARTED] = perf_counter()

        def send_noting_status(message: Message) -> Awaitable[None]:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            return send(message)

        try:
            await self._app(scope, receive, send_noting_status)
        finally:
            milliseconds = round((perf_counter() - started) * 1000, 1)
            method, route = scope["method"], route_of(scope)
            self._traffic.ended(method, route, status)
            mail = {"mail": scope[MAIL]} if MAIL in scope else {}
            log.info("request", method=method, route=route, status=status, milliseconds=milliseconds, **mail)
