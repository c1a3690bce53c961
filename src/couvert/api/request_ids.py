"""Every request gets an id: in its answer's `X-Request-ID`, in error bodies, and in every line logged on its behalf."""

from __future__ import annotations

import random
from collections.abc import Awaitable
from typing import Final
from uuid import UUID

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, reset_contextvars

ID_BITS: Final = 48  # twelve hex characters, as /v1 promises


def request_id_of(scope: Scope) -> str:
    request_id: str = scope["couvert.request_id"]
    return request_id


def new_request_id(path: str) -> str:
    """Twelve hex characters for /v1, a UUID for all else."""
    if path.startswith("/v1/"):
        return f"{random.getrandbits(ID_BITS):012x}"
    return str(UUID(int=random.getrandbits(128), version=4))


class RequestIds:
    """A client's own `X-Request-ID` is not taken over: it could forge lines of the log."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = scope["couvert.request_id"] = new_request_id(scope["path"])
        header = (b"x-request-id", request_id.encode())

        def send_with_id(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], header]
            return send(message)

        bound = bind_contextvars(request_id=request_id)
        try:
            await self._app(scope, receive, send_with_id)
        finally:
            reset_contextvars(**bound)
