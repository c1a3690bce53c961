"""The edge policy of /v2 on one page: what each refusal becomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final, NamedTuple

from couvert.api.v2.refusals import Faulty, Item
from couvert.domain.refusals import RateLimited, Refusal, Unavailable


class Policy(NamedTuple):
    status: int
    bare_type: str
    """What mStudio's clients know it by."""
    reason: str | None = None
    """None: the refusal's own code."""
    message: str | None = None
    """None: the refusal's own words."""


class Failure(NamedTuple):
    """A refusal as both forms of an answer tell it."""

    status: int
    message: str
    bare_type: str
    items: Sequence[Item]
    headers: Mapping[str, str]


RETRY_SECONDS: Final = "1"
MAY_BE_KEPT: Final = (
    "The service failed while it was committing, and nobody saw the end: the change may have been made. Repeat the "
    "request with the Idempotency-Key that it was sent with, or look before you repeat it."
)
NOTHING_KEPT: Final = "This request changed nothing. Try again later."
MESSAGES: Final = {413: "Payload Too Large"} | {
    status: HTTPStatus(status).phrase for status in (400, 401, 403, 404, 409, 412, 415, 429, 500, 503)
}

POLICY: Final[Mapping[str, Policy]] = {
    "faulty": Policy(400, "ValidationError"),
    "rule_broken": Policy(400, "ValidationError", reason="body"),
    "unauthenticated": Policy(401, "Unauthenticated"),
    "unauthorized": Policy(401, "Unauthenticated", reason="unauthenticated"),
    "token_expired": Policy(401, "Unauthenticated"),
    "token_revoked": Policy(401, "Unauthenticated"),
    "bad_cursor": Policy(400, "ValidationError", reason="cursor"),
    "access_denied": Policy(403, "PermissionDenied"),
    "missing_role": Policy(403, "PermissionDenied"),
    "not_from_provider": Policy(403, "PermissionDenied"),
    "no_such_call": Policy(404, "NotFound", "Not Found", "The requested route or method was not found."),
    "not_found": Policy(404, "NotFound"),
    "conflict": Policy(409, "Conflict"),
    "idempotency_key_reused": Policy(409, "Conflict"),
    "idempotency_in_progress": Policy(409, "Conflict"),
    "event_not_reached": Policy(412, "FailedPrecondition"),
    "body_too_large": Policy(413, "PayloadTooLarge"),
    "unsupported_media_type": Policy(415, "UnsupportedMediaType"),
    "rate_limit": Policy(429, "RateLimitError"),
    "not_ready": Policy(503, "Unavailable", reason="unavailable"),
    "unavailable": Policy(503, "Unavailable", message=NOTHING_KEPT),
}
"""Code -> status and words. A refusal that is not listed is a bug, and a 500."""

CRASH: Final = Failure(
    500,
    MESSAGES[500],
    "InternalServerError",
    [Item("internal_error", "Something failed that should not. The service's log has it under this request's id.")],
    {},
)


def failure(refusal: Refusal) -> Failure:
    policy = POLICY[refusal.code]
    return Failure(
        policy.status, MESSAGES[policy.status], policy.bare_type, _items(refusal, policy), _headers(refusal, policy)
    )


def _items(refusal: Refusal, policy: Policy) -> Sequence[Item]:
    if isinstance(refusal, Faulty):
        return refusal.items
    message = policy.message or refusal.message
    if isinstance(refusal, Unavailable) and refusal.may_be_kept:
        message = MAY_BE_KEPT
    return [Item(policy.reason or refusal.code, message)]


def _headers(refusal: Refusal, policy: Policy) -> Mapping[str, str]:
    if isinstance(refusal, RateLimited):
        return {"Retry-After": str(refusal.retry_after_seconds)}
    if policy.status == 503 or refusal.code == "idempotency_in_progress":
        return {"Retry-After": RETRY_SECONDS}
    if policy.status == 413:
        return {"Connection": "close"}
    if policy.status == 401:
        return {"WWW-Authenticate": "Bearer"}
    return {}
