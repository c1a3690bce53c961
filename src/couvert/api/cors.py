"""Which browser apps may read our answers: the configured origins, and those that active API keys name.

The answer says so on errors and crashes too; without that, a browser shows its user nothing but "network error".
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from couvert.api.parts import Parts
from couvert.domain.origin import candidates, parse_origin
from couvert.domain.refusals import Unavailable

METHODS: Final = "GET, POST, PUT, DELETE, OPTIONS"
REQUEST_HEADERS: Final = (
    "Content-Type, X-Api-Key, X-Access-Token, Authorization, If-Event-Reached, Idempotency-Key, Prefer, Accept, "
    "Last-Event-ID"
)
ANSWER_HEADERS: Final = (
    "ETag, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-RateLimit-Exempt, X-Request-ID, "
    "X-Pagination-Limit, X-Pagination-Skip, X-Pagination-Page, X-Pagination-TotalCount, Retry-After, "
    "Preference-Applied, Idempotent-Replayed"
)
PREFLIGHT_SECONDS: Final = 600
LONGEST_ORIGIN: Final = 300  # a host has 253 characters at most; a scheme and a port stand around it

_VARY: Final = (b"vary", b"Origin")
_ALLOWED: Final = [
    (b"access-control-allow-methods", METHODS.encode()),
    (b"access-control-allow-headers", REQUEST_HEADERS.encode()),
    (b"access-control-expose-headers", ANSWER_HEADERS.encode()),
]


class Cors:
    """Judged when the request comes in, so that the app that deletes its own key can read that it did."""

    def __init__(self, app: ASGIApp, parts: Parts) -> None:
        self._app = app
        self._configured = frozenset(origin.lower() for origin in parts.settings.cors_origin_list)
        self._store = parts.store
        self._now_ms = parts.now_ms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin, is_preflight = _asked(scope)
        headers = [_VARY]
        if origin is not None and await self._is_allowed(origin.decode("latin-1")):
            headers += [(b"access-control-allow-origin", origin), *_ALLOWED]

        async def send_with_cors(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *headers]
            await send(message)

        app = _preflight_answer if is_preflight else self._app
        await app(scope, receive, send_with_cors)

    async def _is_allowed(self, origin: str) -> bool:
        if len(origin) > LONGEST_ORIGIN:
            return False
        if origin.lower() in self._configured:
            return True
        names = _names(origin)
        try:
            return bool(names) and await self._store.is_key_origin(names, self._now_ms())
        except Unavailable:
            return False


def _asked(scope: Scope) -> tuple[bytes | None, bool]:
    """The origin, if there is exactly one, and whether a browser only asks what it may do."""
    origins, asks_method = [], False
    for name, value in scope["headers"]:
        if name == b"origin":
            origins.append(value)
        elif name == b"access-control-request-method":
            asks_method = True
    origin = origins[0] if len(origins) == 1 else None
    return origin, asks_method and origin is not None and scope["method"] == "OPTIONS"


async def _preflight_answer(scope: Scope, receive: Receive, send: Send) -> None:
    """The same for every address: whether it exists, and with which methods, the request itself is told."""
    await Response(status_code=204, headers={"Access-Control-Max-Age": str(PREFLIGHT_SECONDS)})(scope, receive, send)


@lru_cache(maxsize=1_024)
def _names(origin: str) -> tuple[str, ...]:
    """What a key may call this origin; parsing costs as much as asking the store."""
    parsed = parse_origin(origin)
    return tuple(candidates(parsed)) if parsed else ()
