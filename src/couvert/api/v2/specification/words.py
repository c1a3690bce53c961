"""What the document says in words: about itself, its tags, its headers, and the reasons of refusals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

ABOUT: Final = """\
The platform API of couvert: post a mail as JSON, and read what became of it.

**Envelope.** Every JSON answer is `{"id", "params", "data", "error", "meta", "status"}`. `data` holds what was \
asked for, `params` what was understood of the request, `id` stands in `X-Request-ID` and in the service's log. \
A failure has `status: "failure"` and lists every fault in `error.errors`. Unknown values are null. Members may \
be added to `data`, `meta` and `error` at any time; clients ignore what they do not know.

**Bare answers.** With `Prefer: envelope=none` the resource or list comes alone; `PUT` and `DELETE` answer 204 \
without a body; values that would be null are left out; pages are told in `X-Pagination-*`.

**Credentials.** Send a token as `X-Access-Token` or as `Authorization: Bearer`. Reading takes the role \
`api_read`, anything else `api_write`. The console makes tokens, and so does `couvert token create`.

**Read your own writes.** A write answers the id of the last event that it caused in `etag`. Send it as \
`If-Event-Reached` with a later request, and that is executed once everything it reads has seen the event; after \
10 seconds it is a 412, and nothing was done.

**Once only.** A POST with an `Idempotency-Key` is done once: a repeat with the same body gets the first answer \
again, with `Idempotent-Replayed: true`.

**Limits.** Each user has a number of requests per period; every answer tells the rest in `X-RateLimit-*`."""

TAGS: Final[Mapping[str, str]] = {
    "Users": "Who may use this installation. It is one team: everybody sees all mails, keys and templates.",
    "Tokens": "Your own API tokens. A token is shown once, and can do no more than the one that created it.",
    "Mails": "Post mails, look at them, stop them, try them again.",
    "Deliveries": "One for each recipient of a mail, with everything that happened to it.",
    "Templates": "Subjects and bodies with variables, in versions; a mail keeps the version it was accepted with.",
    "API keys": "Keys for /v1: who may send from which pages, with which senders and how much.",
    "Suppressions": "Addresses that get no mail: they bounced, complained, or were entered here.",
    "Webhooks": "Events as signed POST requests to an address of yours.",
    "Statistics": "Counts per hour or day.",
    "Events": "The log: everything that happened, in order.",
    "Personal data": "Erase an address everywhere; the history stays provable without it.",
    "Notices": "What the provider says became of a mail. It signs what it sends; nobody else needs these calls.",
    "Health": "Whether the service is alive and ready.",
    "Specification": "This document, the page that shows it, and what changed in it.",
}

SECURITY_SCHEMES: Final[Mapping[str, Any]] = {
    "accessToken": {"type": "apiKey", "in": "header", "name": "X-Access-Token", "description": "An API token."},
    "bearer": {"type": "http", "scheme": "bearer", "description": "The same token, as a bearer."},
}
SECURITY: Final[Sequence[Mapping[str, Sequence[str]]]] = [{"accessToken": []}, {"bearer": []}]

PARAMETERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "IfEventReached": {
        "name": "If-Event-Reached",
        "in": "header",
        "description": "The `etag` of an earlier write: wait up to 10 seconds until it is seen here.",
        "schema": {"type": "string", "pattern": r'^((W/)?"[0-9]{1,19}"|[0-9]{1,19})$', "example": "276638689419853824"},
    },
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "A name of your own for this request: a repeat with the same body gets the first answer again.",
        "schema": {"type": "string", "pattern": "^[!-~]{1,256}$", "maxLength": 256},
    },
    "LastEventId": {
        "name": "Last-Event-ID",
        "in": "header",
        "description": "Go on after this event, as browsers ask when a connection broke.",
        "schema": {"type": "string", "pattern": "^[0-9]{1,19}$", "example": "276638689419853824"},
    },
    "Prefer": {
        "name": "Prefer",
        "in": "header",
        "description": "`envelope=none` asks for the bare answer.",
        "schema": {"type": "string", "example": "envelope=none"},
    },
}

_NUMBER: Final = {"type": "integer", "minimum": 0}
HEADERS: Final[Mapping[str, tuple[bool, str, Mapping[str, Any]]]] = {
    "X-Request-ID": (True, "The request's id, as in the envelope and in the service's log.", {"type": "string"}),
    "X-RateLimit-Limit": (True, "Requests per period.", _NUMBER),
    "X-RateLimit-Remaining": (True, "Requests left in this period.", _NUMBER),
    "X-RateLimit-Reset": (True, "Seconds left of this period.", _NUMBER),
    "X-RateLimit-Exempt": (True, "This call is not counted.", {"type": "string", "enum": ["yes"]}),
    "etag": (False, "The id of the last event that this request caused, for `If-Event-Reached`.", {
        "type": "string", "pattern": "^[0-9]+$", "example": "276638689419853824",
    }),
    "Idempotent-Replayed": (False, "This is the answer of an earlier request with the same `Idempotency-Key`.", {
        "type": "string", "enum": ["true"],
    }),
    "Preference-Applied": (False, "`envelope=none`, if this is the bare answer.", {
        "type": "string", "enum": ["envelope=none"],
    }),
    "X-Pagination-Limit": (False, "How many at most; bare answers only.", _NUMBER),
    "X-Pagination-Skip": (False, "How many were left out; bare answers only.", _NUMBER),
    "X-Pagination-Page": (False, "Which page, from 1; bare answers only.", {"type": "integer", "minimum": 1}),
    "X-Pagination-TotalCount": (False, "How many there are; bare answers only.", _NUMBER),
    "Retry-After": (True, "Seconds to wait before the next attempt.", _NUMBER),
    "WWW-Authenticate": (True, "`Bearer`.", {"type": "string"}),
}  # fmt: skip
"""Name -> whether it is always there, what it says, its schema."""

REASONS: Final[Mapping[str, str]] = {
    "faulty": "`limit`, for one",
    "rule_broken": "The request is well-formed, and against a rule of the product.",
    "unauthenticated": "No token was sent, or nobody has it.",
    "unauthorized": "No token was sent, or nobody has it.",
    "token_expired": "The token has expired.",
    "token_revoked": "The token was revoked.",
    "access_denied": "Only an admin may do this.",
    "missing_role": "The token lacks the role that this call takes.",
    "not_from_provider": "The message is not signed by the provider, is too old, or is of an unknown topic.",
    "no_such_call": "The requested route or method was not found.",
    "not_found": "What the request names does not exist, or is somebody else's.",
    "bad_cursor": "The cursor is none of ours, or of a list with other filters.",
    "conflict": "Somebody else changed it first, or its state does not allow this.",
    "idempotency_key_reused": "The `Idempotency-Key` stands for another request.",
    "idempotency_in_progress": "The first request with this `Idempotency-Key` has no answer yet.",
    "event_not_reached": "The event was not reached within 10 seconds; nothing was done.",
    "body_too_large": "The body is too large.",
    "unsupported_media_type": "The `Content-Type` is not the one that this call takes.",
    "rate_limit": "The limit of this period is used up, or too many wrong tokens came from this address.",
    "not_ready": "Something is not within its bounds; the message says what.",
    "unavailable": "The service cannot do this now; ask again.",
}
