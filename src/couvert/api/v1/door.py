"""One address of /v1: a handler for each method, and an answer for whatever is refused on the way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from couvert.api.body import lingering
from couvert.api.refusals import BodyTooLarge, MethodNotAllowed
from couvert.api.request_ids import request_id_of
from couvert.api.v1 import errors
from couvert.domain.refusals import Refusal

Handler = Callable[[Request], Awaitable[Response]]


class Door:
    """`Door(POST=handler)`; whoever can GET can HEAD, and the server leaves the body out."""

    def __init__(self, **handlers: Handler) -> None:
        if "GET" in handlers:
            handlers["HEAD"] = handlers["GET"]
        self._handlers = handlers
        self._allowed = ", ".join(sorted(handlers))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            answer = await self._handler(request)(request)
        except Refusal as refusal:
            answer = errors.answer(refusal, request_id_of(scope))
            if "expect" in request.headers:
                # Who waits for a go-ahead with the body will not send it now: nobody can tell where the next request
                # begins (RFC 9110, 10.1.1).
                answer.headers["Connection"] = "close"
            if isinstance(refusal, BodyTooLarge):
                send = lingering(receive, send)
        except ClientDisconnect:
            return
        await answer(scope, receive, send)

    def _handler(self, request: Request) -> Handler:
        handler = self._handlers.get(request.method)
        if handler is None:
            raise MethodNotAllowed(self._allowed)
        return handler
