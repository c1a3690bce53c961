"""The refusals of a call as responses, in both forms, with an example for each reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from couvert.api.v2 import errors
from couvert.api.v2.call import Call
from couvert.api.v2.forms import BARE, ENVELOPED
from couvert.api.v2.refusals import Item
from couvert.api.v2.specification.shared import TRACE, Shared
from couvert.api.v2.specification.words import REASONS
from couvert.openapi.references import Json

RATE: Final = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
_WAIT: Final = frozenset({429, 503})


def failures(call: Call, shared: Shared) -> Mapping[str, Json]:
    """Status -> what may be answered with it; the reasons are those that this call has."""
    by_status: dict[int, list[str]] = {}
    for code in dict.fromkeys((*_general(call), *call.refusals)):
        by_status.setdefault(errors.POLICY[code].status, []).append(code)
    found = {str(status): _response(call, status, codes, shared) for status, codes in sorted(by_status.items())}
    return dict(sorted({**found, "500": _crash(call, shared)}.items()))


def _general(call: Call) -> list[str]:
    """What any call of its kind refuses with."""
    codes = ["faulty", "event_not_reached", "rate_limit"]
    if call.has_body:
        codes += ["body_too_large", "unsupported_media_type"]
    if not call.is_open:
        codes += ["unauthenticated", "token_expired", "token_revoked", "missing_role"]
        codes += ["access_denied"] if call.is_for_admins else []
        codes += ["idempotency_key_reused", "idempotency_in_progress"] if call.method == "POST" else []
        codes += ["conflict"] if call.role == "api_write" else []
    if "{" in call.path:
        codes += ["not_found"]
    return [*codes, "unavailable"]


def _response(call: Call, status: int, codes: list[str], shared: Shared) -> Json:
    words = " ".join(f"`{_reason(code)}`: {_words(code)}" for code in codes)
    examples: dict[str, Json] = {}
    for code in codes:
        examples |= _examples(code, _failure(code))
    name = errors.MESSAGES[status].replace(" ", "") + ("" if not call.is_open else "Uncounted")
    headers = _headers(call, status, codes, shared)
    return shared.response(name, _both(words, examples, headers, shared))


def _crash(call: Call, shared: Shared) -> Json:
    words = "Something failed that should not; the service's log has it under this request's id."
    name = "InternalServerError" + ("" if not call.is_open else "Uncounted")
    return shared.response(
        name, _both(words, _examples("crash", errors.CRASH), _headers(call, 500, [], shared), shared)
    )


def _both(words: str, examples: Json, headers: Json, shared: Shared) -> Json:
    schema = {"anyOf": [shared.schema("Failure"), shared.schema("BareFailure")]}
    content = {"application/json": {"schema": schema, "examples": examples}}
    return {"description": words, "headers": headers, "content": content}


def _failure(code: str) -> errors.Failure:
    policy = errors.POLICY[code]
    item = Item(_reason(code), policy.message or _plain(code), "missing" if code == "faulty" else "invalid")
    return errors.Failure(policy.status, errors.MESSAGES[policy.status], policy.bare_type, [item], {})


def _examples(code: str, failure: errors.Failure) -> dict[str, Json]:
    """As the two forms really write it."""
    enveloped = ENVELOPED.failure(failure, request_id=TRACE).body
    bare = BARE.failure(failure, request_id=TRACE).body
    return {code: {"value": _decoded(enveloped)}, f"{code}.bare": {"summary": "Bare", "value": _decoded(bare)}}


def _decoded(body: bytes | memoryview) -> Any:
    return msgspec.json.decode(body)


def _reason(code: str) -> str:
    return "recipients.0.email" if code == "faulty" else errors.POLICY[code].reason or code


def _words(code: str) -> str:
    if code == "faulty":
        return "the path of what is wrong, one item for each fault, in the validator's words."
    return REASONS.get(code, errors.POLICY[code].message or "")


def _plain(code: str) -> str:
    return "Field required" if code == "faulty" else REASONS.get(code, code).replace("`", "")


def _headers(call: Call, status: int, codes: list[str], shared: Shared) -> dict[str, Json]:
    headers = standing_headers(call, shared)
    if status in _WAIT:
        headers["Retry-After"] = shared.header("Retry-After")
    elif "idempotency_in_progress" in codes:
        headers["Retry-After"] = shared.header("Retry-After", is_required=False)
    if status == 401:
        headers["WWW-Authenticate"] = shared.header("WWW-Authenticate")
    headers["Preference-Applied"] = shared.header("Preference-Applied")
    return headers


def standing_headers(call: Call, shared: Shared) -> dict[str, Json]:
    """What stands on every answer of this call."""
    names = ("X-Request-ID", "X-RateLimit-Exempt") if call.is_open else ("X-Request-ID", *RATE)
    return {name: shared.header(name) for name in names}
