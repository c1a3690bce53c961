"""Whether anybody is there: four bytes, for load balancers that have asked this way for years."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from couvert.api.v1.answers import encoded


async def health(_request: Request) -> Response:
    return encoded(b'"OK"')
