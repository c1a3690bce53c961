"""Where a request carries its API token: `X-Access-Token`, or `Authorization: Bearer`."""

from __future__ import annotations

import re
from typing import Final

from starlette.datastructures import Headers

TOKEN: Final = "X-Access-Token"  # noqa: S105 - a header's name

_BEARER: Final = re.compile(r"bearer(?: +(.*))?", re.IGNORECASE)
_TOKEN: Final = re.compile(r"[!-~]+")


def access_token_of(headers: Headers) -> str | None:
    """One token, however often it is said. Raises `ValueError` if there are several, or what is sent cannot be one."""
    tokens = {token.strip() for token in headers.getlist("x-access-token")}
    for authorization in headers.getlist("authorization"):
        bearer = _BEARER.fullmatch(authorization.strip())
        if bearer:
            tokens.add(bearer[1] or "")
    tokens.discard("")
    if not all(map(_TOKEN.fullmatch, tokens)):
        raise ValueError("a token is one word of visible ASCII characters; send it alone, or as Authorization: Bearer")
    if len(tokens) > 1:
        raise ValueError("two different tokens were sent; send one, as X-Access-Token or as Authorization: Bearer")
    return tokens.pop() if tokens else None
