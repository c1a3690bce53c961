"""The edge policy of /v1 on one page: what each refusal becomes, and the shapes that its clients know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketClose

from couvert.api.refusals import InvalidBody, MalformedRequest, MethodNotAllowed
from couvert.api.request_ids import request_id_of
from couvert.api.v1.answers import Json, json
from couvert.domain.refusals import NotFound, RateLimited, Refusal, Unavailable

Shape = Callable[["Policy", Refusal, str], Json]
RETRY: Final = {"Retry-After": "1"}

log = structlog.get_logger()


class Policy(NamedTuple):
    status: int
    shape: Shape
    message: str
    headers: Mapping[str, str] = {}


def answer(refusal: Refusal, request_id: str) -> Response:
    policy = POLICY[refusal.code]
    if policy.status >= 500:
        # The store's own words name what it runs on: they are for the log alone.
        log.warning("request.unavailable", trouble=refusal.message)
    headers = dict(policy.headers)
    if isinstance(refusal, MethodNotAllowed):
        headers["Allow"] = refusal.allowed
    if isinstance(refusal, RateLimited):
        headers["Retry-After"] = str(refusal.retry_after_seconds)
    return json(policy.shape(policy, refusal, request_id), policy.status, headers)


def crashed(scope: Scope) -> Response:
    return json({"error": "Internal server error", "request_id": request_id_of(scope)}, 500)


def unreadable() -> Response:
    """For what the HTTP parser refused, before anything was known of it."""
    return answer(MalformedRequest("The request could not be read: its method, its address or a header is wrong."), "")


async def no_such_route(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await WebSocketClose()(scope, receive, send)
        return
    await answer(NotFound("There is nothing at this address."), request_id_of(scope))(scope, receive, send)


# --- The shapes -------------------------------------------------------------------------------------------------------


def _validation(policy: Policy, refusal: Refusal, request_id: str) -> Json:
    assert isinstance(refusal, InvalidBody)
    return {
        "error": "Validation failed",
        "message": policy.message,
        "details": refusal.faults,
        "request_id": request_id,
    }


def _business(_policy: Policy, refusal: Refusal, request_id: str) -> Json:
    return {"error": "Business logic error", "message": refusal.message, "request_id": request_id}


def _unauthorized(policy: Policy, refusal: Refusal, _request_id: str) -> Json:
    return {"status": policy.status, "message": f"{policy.message} - {refusal.message}"}


def _other(policy: Policy, refusal: Refusal, _request_id: str) -> Json:
    """404 as well: it is the seed's one example of this shape."""
    return _with_details(policy, refusal, refusal.message)


def _unavailable(policy: Policy, refusal: Refusal, _request_id: str) -> Json:
    is_doubtful = isinstance(refusal, Unavailable) and refusal.may_be_kept
    return _with_details(policy, refusal, MAY_BE_KEPT if is_doubtful else NOTHING_KEPT)


def _with_details(policy: Policy, refusal: Refusal, details: str) -> Json:
    return {"status": policy.status, "message": policy.message, "error_type": refusal.code, "details": details}


MAY_BE_KEPT: Final = (
    "The service failed while it was committing, and nobody saw the end: the mail may have been accepted, the change "
    "may have been made. A mail is safe to repeat only with the Idempotency-Key that it was sent with."
)
NOTHING_KEPT: Final = "This request changed nothing. Try again later."

POLICY: Final[Mapping[str, Policy]] = {
    "invalid_body": Policy(422, _validation, "Request validation failed"),
    "rule_broken": Policy(400, _business, ""),
    "unauthorized": Policy(401, _unauthorized, "Unauthorized"),
    "unauthenticated": Policy(401, _unauthorized, "Unauthorized"),
    "token_expired": Policy(401, _unauthorized, "Unauthorized"),
    "token_revoked": Policy(401, _unauthorized, "Unauthorized"),
    "access_denied": Policy(401, _unauthorized, "Unauthorized"),
    "missing_role": Policy(401, _unauthorized, "Unauthorized"),
    "not_found": Policy(404, _other, "Resource not found"),
    "bad_cursor": Policy(400, _business, ""),
    "malformed_json": Policy(400, _other, "Malformed JSON"),
    "malformed_request": Policy(400, _other, "Malformed request"),
    "method_not_allowed": Policy(405, _other, "Method not allowed"),
    "idempotency_key_reused": Policy(409, _other, "Idempotency key reused"),
    "idempotency_in_progress": Policy(409, _other, "Idempotency key in progress", RETRY),
    # Where the body was not read to its end, the connection cannot be used again.
    "body_too_large": Policy(413, _other, "Request body too large", {"Connection": "close"}),
    "unsupported_media_type": Policy(415, _other, "Unsupported media type"),
    "rate_limit": Policy(429, _other, "Too many requests"),
    "quota_exceeded": Policy(429, _other, "Daily quota exceeded"),
    "conflict": Policy(503, _unavailable, "Service unavailable", RETRY),
    "unavailable": Policy(503, _unavailable, "Service unavailable", RETRY),
}
"""Code -> status and shape. A refusal that is not listed is a bug, and a 500."""
