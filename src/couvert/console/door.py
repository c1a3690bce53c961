"""One address of the console: a page for each method, and a page for whatever is refused on the way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from couvert.console.layout import notice
from couvert.console.parts import Parts
from couvert.console.refusals import NotSignedIn, Turned
from couvert.console.visit import Visit, redirect, visit_of
from couvert.domain.refusals import RateLimited, Refusal

Page = Callable[[Visit], Awaitable[Response]]

STATUSES: Final[Mapping[str, int]] = {
    "not_found": 404,
    "conflict": 409,
    "rate_limit": 429,
    "unavailable": 503,
}
"""Of what a page does not answer itself; everything else is a 400."""


class Door:
    def __init__(self, parts: Parts, **pages: Page) -> None:
        if "GET" in pages:
            pages["HEAD"] = pages["GET"]
        self._parts = parts
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except ClientDisconnect:
            return
        except NotSignedIn:
            response = redirect("/console/login")
        except Turned as turned:
            response = notice(turned.title, turned.sentence, turned.status)
            response.headers["Connection"] = "close"  # the body may not have been read to its end
        except Refusal as refusal:
            response = _refused(refusal)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        page = self._pages.get(request.method)
        if page is None:
            refused = notice("That did not work", "There is nothing here for this method.", 405)
            refused.headers["Allow"] = ", ".join(sorted(self._pages))
            return refused
        visit = await visit_of(self._parts, request)
        response = await page(visit)
        visit.bind(response)
        return response


class Nowhere:
    """For addresses of the console that nobody has, whatever the method."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await notice("Not found", "There is no such page.", 404)(scope, receive, send)


def _refused(refusal: Refusal) -> Response:
    status = STATUSES.get(refusal.code, 400)
    sentence = "The service cannot do this now. Try again later." if status == 503 else refusal.message
    response = notice("That did not work", sentence, status)
    if isinstance(refusal, RateLimited):
        response.headers["Retry-After"] = str(refusal.retry_after_seconds)
    return response
