"""Who may: an API key with its origin sends mail; keys are managed from this machine, or with a token."""

from __future__ import annotations

from starlette.requests import Request

from couvert.api.access_tokens import access_token_of
from couvert.api.cors import ORIGIN_IS_ADMITTED, may_read
from couvert.api.loopback import is_local, is_loopback_origin
from couvert.api.parts import Parts
from couvert.domain.key import admit
from couvert.domain.refusals import MissingRole, RateLimited, RuleBroken, Unauthorized
from couvert.domain.restrictions import check_client, check_sender
from couvert.store.rows import StoredKey


async def admitted(parts: Parts, request: Request) -> StoredKey:
    """The request's key as it is now. Raises `Unauthorized`."""
    secret = _secret(request)
    return _admitted(parts, request, await parts.keys.find(secret))


async def admitted_in_haste(parts: Parts, request: Request) -> StoredKey:
    """The key as it was a moment ago, which spares the store a question, or as it is now if that would be refused.

    Only for what is committed with the key's revision expected; whoever refuses anything else asks `admitted` before.
    """
    stored = parts.keys.recall(_secret(request))
    if stored is not None:
        try:
            return _admitted(parts, request, stored)
        except Unauthorized:
            pass  # by what may be out of date
    return await admitted(parts, request)


def _secret(request: Request) -> str:
    secret = request.headers.get("x-api-key")
    if not secret:
        raise Unauthorized("API key is missing")
    return secret


def _admitted(parts: Parts, request: Request, stored: StoredKey | None) -> StoredKey:
    request.scope.pop(ORIGIN_IS_ADMITTED, None)
    admit(stored and stored.key, request.headers.get("origin"), parts.now_ms())
    assert stored is not None
    client = request.scope.get("client")
    check_client(stored.key.restrictions, client[0] if client else None)
    request.scope[ORIGIN_IS_ADMITTED] = True
    return stored


async def check_rate(parts: Parts, request: Request, stored: StoredKey) -> None:
    """Count the request if its key has a rate. Raises `RateLimited`, by the rate as it is now."""
    rate = stored.key.restrictions.rate
    while rate is not None:
        standing = await parts.limits.count(f"key {stored.key.id}", rate)
        if not standing.is_over:
            return
        refused_by, rate = rate, (await admitted(parts, request)).key.restrictions.rate
        if rate == refused_by:
            raise RateLimited(
                f"This API key may send {rate.limit:,} requests in {rate.period_seconds:,} seconds.",
                standing.retry_after_seconds,
            )


async def may_send_as(parts: Parts, request: Request, stored: StoredKey, email: str) -> StoredKey:
    """The key, or as it is now if it would be refused. Raises `RuleBroken`."""
    try:
        check_sender(stored.key.restrictions, email)
        return stored
    except RuleBroken:
        now = await admitted(parts, request)
    check_sender(now.key.restrictions, email)
    return now


async def check_may_manage_keys(parts: Parts, request: Request) -> None:
    """An open sending service is an open relay, so what is public in the format is not so by default.

    `auto` is public only where nothing can be sent and nobody else can ask: the sandbox, from this machine. Nor may a
    web page that somebody on this machine looks at: a key that names its origin would let it read every answer.
    """
    settings = parts.settings
    match settings.v1_key_management:
        case "public":
            return
        case "auto" if settings.transport == "sandbox" and not settings.public_url and await _is_ours(parts, request):
            return
        case _:
            await _check_token(parts, request)


async def _check_token(parts: Parts, request: Request) -> None:
    """Of anybody who may write: one installation is one team."""
    try:
        secret = access_token_of(request.headers)
    except ValueError as fault:
        raise Unauthorized(str(fault)) from None
    if secret is None:
        raise Unauthorized(
            "managing API keys takes an API token with api_write, as X-Access-Token or Authorization: Bearer; or use "
            "`couvert key` on the server"
        )
    caller = await parts.callers.find(secret, fresh=True)
    if "api_write" not in caller.roles:
        raise MissingRole("this API token lacks the role api_write")


async def _is_ours(parts: Parts, request: Request) -> bool:
    if not is_local(request):
        return False
    origins = request.headers.getlist("origin")
    return all([is_loopback_origin(origin) or await may_read(parts, origin) for origin in origins])
