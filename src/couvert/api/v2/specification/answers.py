"""What a call answers when all goes well: in the envelope, bare, or as something that is no JSON of ours."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

import msgspec

from couvert.api.v2 import inputs
from couvert.api.v2.asked import Answer, Page
from couvert.api.v2.call import Call
from couvert.api.v2.forms import BARE, ENVELOPED
from couvert.api.v2.pages import PageQuery
from couvert.api.v2.specification.failures import standing_headers
from couvert.api.v2.specification.shared import TRACE, Shared, envelope
from couvert.openapi.bare import BareSchemas
from couvert.openapi.models import Schemas
from couvert.openapi.references import Json, References

JSON: Final = "application/json"
PAGINATION: Final = ("X-Pagination-Limit", "X-Pagination-Skip", "X-Pagination-Page", "X-Pagination-TotalCount")
_NOTHING: Final[Json] = {"type": "object", "maxProperties": 0}
_EXAMPLE_PAGE: Final = Page(50, 0, total=1)


class Answers:
    def __init__(self, schemas: Schemas, bare: BareSchemas, shared: Shared) -> None:
        self._schemas, self._bare, self._shared = schemas, bare, shared
        self._references = References({"components": {"schemas": {**schemas.components, **bare.components}}})

    def of(self, call: Call) -> dict[str, Json]:
        answers = {str(call.status): self._success(call)}
        if _is_bodiless(call):
            answers["204"] = {
                "description": "Done; the bare answer has no body.",
                "headers": {**self._headers(call), "Preference-Applied": self._shared.header("Preference-Applied")},
            }
        return answers

    def _success(self, call: Call) -> Json:
        content = {kind: {"schema": {"type": "string"}} for kind in call.media_types if kind != JSON}
        if JSON in call.media_types:
            content = {JSON: self._json(call), **content}
        headers = self._headers(call)
        if JSON in call.media_types and not call.is_raw:
            headers["Preference-Applied"] = self._shared.header("Preference-Applied")
            if is_paged(call):
                headers |= {name: self._shared.header(name) for name in PAGINATION}
        return {"description": HTTPStatus(call.status).phrase + ".", "headers": headers, "content": content}

    def _headers(self, call: Call) -> dict[str, Json]:
        headers = standing_headers(call, self._shared)
        if call.role == "api_write" and not call.is_open:
            headers["etag"] = self._shared.header("etag")
        if call.method == "POST" and not call.is_open:
            headers["Idempotent-Replayed"] = self._shared.header("Idempotent-Replayed")
        return headers

    def _json(self, call: Call) -> dict[str, Any]:
        if call.is_raw:
            return {"schema": {"type": "object"}}
        data = _NOTHING if call.answer is None else self._schemas.of[call.answer, "serialization"]
        enveloped = envelope(data, self._shared.schema("Page") if is_paged(call) else None)
        forms = [enveloped] if _is_bodiless(call) else [enveloped, self._bare_form(call, data)]
        content: dict[str, Any] = {"schema": {"anyOf": forms} if len(forms) > 1 else enveloped}
        if call.example_data is not None or call.answer is None:
            content["examples"] = _examples(call)
        return content

    def _bare_form(self, call: Call, data: Json) -> Json:
        bare = self._bare.of(data)
        if call.list_name is None:
            return bare
        member: Json = self._references.schema(bare)["properties"][call.list_name]
        return member


def is_paged(call: Call) -> bool:
    return call.query is not None and issubclass(call.query, PageQuery)


def _is_bodiless(call: Call) -> bool:
    return call.method in {"PUT", "DELETE"}


def _examples(call: Call) -> dict[str, Json]:
    """As the two forms really write it."""
    answer = Answer(call.example_data or {}, page=_EXAMPLE_PAGE if is_paged(call) else None)
    enveloped = ENVELOPED.success(call, answer, request_id=TRACE, params=example_params(call)).body
    examples: dict[str, Json] = {"envelope": {"summary": "In the envelope", "value": msgspec.json.decode(enveloped)}}
    if not _is_bodiless(call):
        bare = BARE.success(call, answer, request_id=TRACE, params={}).body
        examples["bare"] = {"summary": "Bare", "value": msgspec.json.decode(bare)}
    return examples


def example_params(call: Call) -> Json:
    """What the door would repeat of the example's body."""
    if call.body is None or call.example_body is None:
        return {}
    return inputs.echo(call.body.model_validate(call.example_body), call.hidden)
