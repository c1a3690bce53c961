"""The two forms of an answer: in the envelope, and bare for clients written for mStudio. Nobody else writes JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final, Protocol

import msgspec
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Scope

from couvert.api.request_ids import request_id_of
from couvert.api.v2.asked import Answer, Json, Page
from couvert.api.v2.call import Call
from couvert.api.v2.counting import EXEMPT, VARY
from couvert.api.v2.errors import CRASH, MESSAGES, Failure, failure as failure_of
from couvert.api.v2.refusals import Item, NoSuchCall
from couvert.domain.refusals import Refusal

_encode: Final = msgspec.json.Encoder().encode
APPLIED: Final[Mapping[str, str]] = {"Preference-Applied": "envelope=none"}
_WISH: Final = re.compile(r'envelope\s*=\s*"?none"?', re.IGNORECASE)
_NUMBER: Final = re.compile(r"\.(\d+)(?=\.|$)")


class Form(Protocol):
    def success(self, call: Call, answer: Answer, *, request_id: str, params: Json) -> Response: ...

    def failure(self, failure: Failure, *, request_id: str) -> Response: ...


class Enveloped:
    def success(self, call: Call, answer: Answer, *, request_id: str, params: Json) -> Response:
        envelope = {
            "id": request_id,
            "params": params,
            "data": answer.data,
            "error": {},
            "meta": _meta(answer.page) if answer.page else {},
            "status": "success",
        }
        return _json(envelope, answer.status or call.status, answer.headers)

    def failure(self, failure: Failure, *, request_id: str) -> Response:
        error = {
            "code": failure.status,
            "message": failure.message,
            "errors": [{"reason": item.reason, "message": item.message} for item in failure.items],
        }
        envelope = {"id": request_id, "params": {}, "data": {}, "error": error, "meta": {}, "status": "failure"}
        return _json(envelope, failure.status, failure.headers)


class Bare:
    def success(self, call: Call, answer: Answer, *, request_id: str, params: Json) -> Response:
        del request_id, params
        headers = {**APPLIED, **answer.headers, **(_pagination(answer.page) if answer.page else {})}
        if call.method in {"PUT", "DELETE"}:
            return Response(status_code=204, headers=headers)
        resource = answer.data if call.list_name is None else answer.data[call.list_name]
        return _json(_without_nulls(resource), answer.status or call.status, headers)

    def failure(self, failure: Failure, *, request_id: str) -> Response:
        words = "; ".join(item.message for item in failure.items)
        body: dict[str, Any] = {"type": failure.bare_type, "message": words, "params": {"traceId": request_id}}
        if failure.status == 400:
            body["validationErrors"] = [
                {"path": _path(item.reason), "type": item.type, "message": item.message} for item in failure.items
            ]
        return _json(body, failure.status, {**APPLIED, **failure.headers})


ENVELOPED: Final = Enveloped()
BARE: Final = Bare()


def form_for(headers: Headers) -> Form:
    """As the request prefers (RFC 7240); preferences that nobody knows are ignored."""
    wishes = (wish.strip() for line in headers.getlist("prefer") for wish in line.split(","))
    return BARE if any(_WISH.fullmatch(wish.partition(";")[0].strip()) for wish in wishes) else ENVELOPED


def crashed(scope: Scope) -> Response:
    """For what failed outside every door."""
    return _uncounted(form_for(Headers(scope=scope)).failure(CRASH, request_id=request_id_of(scope)))


def cut_off(scope: Scope, refusal: Refusal) -> Response:
    """For what had not ended when the service stopped."""
    failure = failure_of(refusal)
    return _uncounted(form_for(Headers(scope=scope)).failure(failure, request_id=request_id_of(scope)))


def unreadable(request_id: str) -> Response:
    """For what the HTTP parser refused: nothing is known of it, its preference neither."""
    words = "The request could not be read: its address or a header is wrong or too long."
    failure = Failure(400, MESSAGES[400], "", [Item("request", words)], {})
    return _uncounted(ENVELOPED.failure(failure, request_id=request_id))


def unknown_method(request_id: str) -> Response:
    """For a method that the HTTP parser has never heard of."""
    return _uncounted(ENVELOPED.failure(failure_of(NoSuchCall("There is no such method.")), request_id=request_id))


def _uncounted(response: Response) -> Response:
    """Whoever sent it is not known yet, and so it is on nobody's account."""
    response.raw_headers += [EXEMPT, VARY]
    return response


def _json(content: object, status: int, headers: Mapping[str, str]) -> Response:
    try:
        written = _encode(content)
    except UnicodeEncodeError:
        # A fault that quotes half a surrogate pair; as an escape it is JSON.
        written = json.dumps(content).encode()
    return Response(written, status, headers, media_type="application/json")


def _meta(page: Page) -> Json:
    meta: dict[str, Any] = {"limit": page.limit, "totalCount": page.total, "nextCursor": page.next_cursor}
    return meta if page.total is not None else meta | {"totalCountAtLeast": page.at_least}


def _pagination(page: Page) -> Mapping[str, str]:
    total = page.at_least if page.total is None else page.total
    return {
        "X-Pagination-Limit": str(page.limit),
        "X-Pagination-Skip": str(page.skip),
        "X-Pagination-Page": str(page.skip // page.limit + 1),
        "X-Pagination-TotalCount": str(total),
    }


def _without_nulls(value: object) -> object:
    """What is absent is left out, not null."""
    if isinstance(value, Mapping):
        return {name: _without_nulls(member) for name, member in value.items() if member is not None}
    if isinstance(value, list):
        return [_without_nulls(each) for each in value]
    return value


def _path(reason: str) -> str:
    """`recipients.0.email` as `.recipients[0].email`."""
    return _NUMBER.sub(r"[\1]", f".{reason}")
