"""Which browser apps may read our answers: the configured origins, and those that active API keys name.

The answer says so on errors and crashes too; without that, a browser shows its user nothing but "network error".
"""

from __future__ import annotations

from collections.abc import Awaitable
from functools import lru_cache
from typing import Final, NamedTuple

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
ORIGIN_IS_ADMITTED: Final = "couvert.origin_is_admitted"
"""In the scope of a request whose API key names its origin."""
LONGEST_ORIGIN: Final = 300  # a host has 253 characters at most; a scheme and a port stand around it

_VARY: Final = (b"vary", b"Origin")
_ALLOWED: Final = [
    (b"access-control-allow-methods", METHODS.encode()),
    (b"access-control-allow-headers", REQUEST_HEADERS.encode()),
    (b"access-control-expose-headers", ANSWER_HEADERS.encode()),
]


class Cors:
    """Judged when the request comes in, so that the app that deletes its own key can read that it did.

    But what is posted with an API key, at the answer: the key will have been admitted by then, which says the same.
    To ask the store a second time would take a tenth of what a mail takes.
    """

    def __init__(self, app: ASGIApp, parts: Parts) -> None:
        self._app = app
        self._parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = _asked(scope)
        headers = [] if asked.is_posted_with_key else await self._headers(asked.origin)

        def send_with_cors(message: Message) -> Awaitable[None]:
            if message["type"] != "http.response.start":
                return send(message)
            if not headers:
                return self._send_late(asked.origin, scope, message, send)
            message["headers"] = [*message["headers"], *headers]
            return send(message)

        await (_preflight_answer if asked.is_preflight else self._app)(scope, receive, send_with_cors)

    async def _send_late(self, origin: bytes | None, scope: Scope, message: Message, send: Send) -> None:
        headers = await self._headers(origin, is_admitted=ORIGIN_IS_ADMITTED in scope)
        await send({**message, "headers": [*message["headers"], *headers]})

    async def _headers(self, origin: bytes | None, *, is_admitted: bool = False) -> list[tuple[bytes, bytes]]:
        if origin is None or not (is_admitted or await may_read(self._parts, origin.decode("latin-1"))):
            return [_VARY]
        return [_VARY, (b"access-control-allow-origin", origin), *_ALLOWED]


async def may_read(parts: Parts, origin: str) -> bool:
    """Whether an app of this origin may read answers: it is configured, or an active key names it."""
    if len(origin) > LONGEST_ORIGIN:
        return False
    if origin.lower() in parts.settings.cors_origin_list:
        return True
    names = _names(origin)
    try:
        return bool(names) and await parts.store.is_key_origin(names, parts.now_ms())
    except Unavailable:
        return False


class _Asked(NamedTuple):
    origin: bytes | None
    """None, too, if there are several."""
    is_preflight: bool
    is_posted_with_key: bool


def _asked(scope: Scope) -> _Asked:
    origins, asks_method, has_key = [], False, False
    for name, value in scope["headers"]:
        if name == b"origin":
            origins.append(value)
        elif name == b"access-control-request-method":
            asks_method = True
        elif name == b"x-api-key":
            has_key = True
    origin = origins[0] if len(origins) == 1 else None
    method = scope["method"]
    is_preflight = method == "OPTIONS" and asks_method and origin is not None
    return _Asked(origin, is_preflight, is_posted_with_key=method == "POST" and has_key)


async def _preflight_answer(scope: Scope, receive: Receive, send: Send) -> None:
    """The same for every address: whether it exists, and with which methods, the request itself is told."""
    headers = {"Access-Control-Max-Age": str(PREFLIGHT_SECONDS)}
    if scope["path"].startswith("/v2/"):
        headers |= {"Vary": "Prefer", "X-RateLimit-Exempt": "yes"}  # as on every answer there
    await Response(status_code=204, headers=headers)(scope, receive, send)


@lru_cache(maxsize=1_024)
def _names(origin: str) -> tuple[str, ...]:
    """What a key may call this origin; parsing costs as much as asking the store."""
    parsed = parse_origin(origin)
    return tuple(candidates(parsed)) if parsed else ()
