"""`GET /metrics`, open as the health checks are: it says how much, and nothing of whom."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """An endpoint: `Route("/metrics", Metrics(page).get)`."""

    def __init__(self, page: Callable[[], Awaitable[bytes]]) -> None:
        self._page = page

    async def get(self, _request: Request) -> Response:
        return Response(await self._page(), headers={"Content-Type": MEDIA_TYPE, "Cache-Control": "no-store"})
