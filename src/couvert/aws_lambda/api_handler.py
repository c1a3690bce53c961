"""Requests that come as events of Lambda: from a function URL, an HTTP API or a load balancer."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from mangum import Mangum
from starlette.types import Message, Receive, Scope, Send

from couvert import web
from couvert.aws_lambda.container import Container
from couvert.aws_lambda.time_left import Context, TimeLeft

Event = dict[str, Any]


class Api:
    def __init__(self, container: Container) -> None:
        self._container = container
        self._app = web.application(container.parts.of_doors())
        # Mangum would start and stop everything with each request; the container has started it.
        self._answer = Mangum(self._served, lifespan="off")
        # It logs paths, and keys stand in paths.
        logging.getLogger("mangum").setLevel(logging.WARNING)

    def __call__(self, event: Event, context: Context) -> dict[str, Any] | None:
        """Answer a request. Anything else, as a schedule's event, means: deliver what is due."""
        if "requestContext" in event:
            return self._answer(event, context)  # type: ignore[arg-type]
        self._container.run(self._container.deliver(TimeLeft(context)))
        return None

    async def _served(self, scope: Scope, receive: Receive, send: Send) -> None:
        time = TimeLeft(scope["aws.context"])
        async with self._container.sending(time, takes_due=False):
            await self._app(scope, _in_time(receive, time), send)


def _in_time(receive: Receive, time: TimeLeft) -> Receive:
    """What would stream for ever ends, and is answered: its client comes again with the last event it got."""

    async def received() -> Message:
        try:
            async with asyncio.timeout(time.to_begin):
                return await receive()
        except TimeoutError:
            return {"type": "http.disconnect"}

    return received
