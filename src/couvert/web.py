"""The whole URL space on one page, and what every request passes through on its way."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from starlette.routing import Route, Router
from starlette.types import ASGIApp, Lifespan, Receive, Scope, Send

from couvert.api.access_log import AccessLog
from couvert.api.cors import Cors
from couvert.api.crashes import Crashes
from couvert.api.parts import Parts
from couvert.api.request_ids import RequestIds
from couvert.api.v1 import errors
from couvert.api.v1.door import Door
from couvert.api.v1.health import health
from couvert.api.v1.keys import AddOrigins, CreateKey, DeleteKey
from couvert.api.v1.mail import PostMail


def application(parts: Parts, lifespan: Lifespan[Any] | None = None) -> ASGIApp:
    routes = [
        Route("/v1/health", Door(GET=health)),
        Route("/v1/mail", Door(POST=PostMail(parts))),
        Route("/v1/api-key", Door(POST=CreateKey(parts))),
        Route("/v1/api-key/{api_key}", Door(DELETE=DeleteKey(parts))),
        Route("/v1/api-key/{api_key}/origins", Door(POST=AddOrigins(parts))),
    ]
    # The outermost first. /v1 also speaks for addresses that belong to nobody, until /v2 has an envelope of its own.
    passed: list[Callable[[ASGIApp], ASGIApp]] = [
        RequestIds,
        AccessLog,
        partial(Cors, parts=parts),
        partial(Crashes, answer=errors.crashed),
    ]
    router = Router(routes, redirect_slashes=False, default=errors.no_such_route, lifespan=lifespan)
    served: ASGIApp = router
    for middleware in reversed(passed):
        served = middleware(served)

    async def couvert(scope: Scope, receive: Receive, send: Send) -> None:
        # Starting and stopping is not a request.
        await (served if scope["type"] == "http" else router)(scope, receive, send)

    return couvert
