"""The whole URL space on one page, and what every request passes through on its way."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Lifespan, Receive, Scope, Send

from couvert.api.access_log import AccessLog
from couvert.api.cors import Cors
from couvert.api.crashes import Crashes
from couvert.api.metrics import Metrics
from couvert.api.parts import Parts
from couvert.api.request_ids import RequestIds, request_id_of
from couvert.api.v1 import errors
from couvert.api.v1.door import Door
from couvert.api.v1.health import health
from couvert.api.v1.keys import AddOrigins, CreateKey, DeleteKey
from couvert.api.v1.mail import PostMail
from couvert.api.v2 import routes as v2
from couvert.api.v2.forms import crashed, cut_off
from couvert.console import routes as console
from couvert.console.parts import Parts as ConsoleParts
from couvert.domain.refusals import Unavailable

BUSIEST: Final = frozenset({"/v1/mail", "/v2/mails"})
"""They are looked at first: each address that a request is not for takes half a microsecond."""


def application(parts: Parts, lifespan: Lifespan[Any] | None = None) -> ASGIApp:
    routes = [
        Route("/v1/health", Door(GET=health)),
        Route("/v1/mail", Door(POST=PostMail(parts))),
        Route("/v1/api-key", Door(POST=CreateKey(parts))),
        Route("/v1/api-key/{api_key}", Door(DELETE=DeleteKey(parts))),
        Route("/v1/api-key/{api_key}/origins", Door(POST=AddOrigins(parts))),
    ]
    if parts.metrics is not None:
        routes.append(Route("/metrics", Metrics(parts.metrics).get))
    house = v2.gatehouse(parts)
    routes += v2.routes(house, v2.calls(parts))
    routes += console.routes(_console_parts(parts))
    routes.sort(key=lambda route: route.path not in BUSIEST)
    # The outermost first. What none of the doors caught is answered by the one whose address it was.
    passed: list[Callable[[ASGIApp], ASGIApp]] = [
        RequestIds,
        partial(AccessLog, traffic=parts.traffic),
        partial(Cors, parts=parts),
        partial(Crashes, answer=_crashed, cut_off=_cut_off, is_stopping=lambda: parts.feed.is_over),
    ]
    router = Router(routes, redirect_slashes=False, default=_nowhere(v2.nowhere(house)), lifespan=lifespan)
    served: ASGIApp = router
    for middleware in reversed(passed):
        served = middleware(served)

    async def couvert(scope: Scope, receive: Receive, send: Send) -> None:
        # Starting and stopping is not a request.
        await (served if scope["type"] == "http" else router)(scope, receive, send)

    return couvert


def _console_parts(parts: Parts) -> ConsoleParts:
    is_https = (parts.settings.public_url or "").startswith("https://")
    return ConsoleParts(parts.store, parts.accounts, parts.limits, is_https, parts.now_ms)


def _nowhere(of_v2: ASGIApp) -> ASGIApp:
    """Whatever belongs to nobody is answered as /v2 does, but for what lies beneath /v1."""

    async def nowhere(scope: Scope, receive: Receive, send: Send) -> None:
        is_v2 = scope["type"] == "http" and not _is_v1(scope)
        await (of_v2 if is_v2 else errors.no_such_route)(scope, receive, send)

    return nowhere


def _crashed(scope: Scope) -> Response:
    return errors.crashed(scope) if _is_v1(scope) else crashed(scope)


def _cut_off(scope: Scope) -> Response:
    """Nobody saw how its commit ended, if there was one."""
    refusal = Unavailable("The service stopped before this request ended.", may_be_kept=True)
    if _is_v1(scope):
        return errors.answer(refusal, request_id_of(scope))
    return cut_off(scope, refusal)


def _is_v1(scope: Scope) -> bool:
    return bool(scope["path"] == "/v1" or scope["path"].startswith("/v1/"))
