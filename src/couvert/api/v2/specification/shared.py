"""What many calls have in common, each once under a name: schemas, failures, headers, parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from couvert.api.v2.specification.words import HEADERS, PARAMETERS
from couvert.openapi.references import Json

TRACE: Final = "0c2b4f16-5a1e-4f0b-9a3e-7d1f4e8c2b90"
"""The id of all examples."""
_TEXT: Final = {"type": "string"}
_COUNT: Final = {"type": "integer", "nullable": True}
_NOTHING: Final = {"type": "object", "maxProperties": 0}
_ID: Final = {"type": "string", "format": "uuid", "description": "Of this request, as in `X-Request-ID`."}

_FAULT: Final[Json] = {
    "type": "object",
    "required": ["reason", "message"],
    "properties": {
        "reason": {
            **_TEXT,
            "description": "The path of what is wrong (`recipients.0.email`), or the name of the reason.",
        },
        "message": {**_TEXT, "description": "For people to read."},
    },
}
_BARE_FAULT: Final[Json] = {
    "type": "object",
    "required": ["path", "type", "message"],
    "properties": {"path": {**_TEXT, "example": ".recipients[0].email"}, "type": _TEXT, "message": _TEXT},
}
_ERROR: Final[Json] = {
    "type": "object",
    "required": ["code", "message", "errors"],
    "properties": {
        "code": {"type": "integer", "description": "The status."},
        "message": {**_TEXT, "description": "The status in words."},
        "errors": {"type": "array", "minItems": 1, "items": _FAULT},
    },
}
SCHEMAS: Final[Mapping[str, Json]] = {
    "Failure": {
        "type": "object",
        "description": "What was refused or went wrong, in the envelope.",
        "required": ["id", "params", "data", "error", "meta", "status"],
        "properties": {
            "id": _ID,
            "params": _NOTHING,
            "data": _NOTHING,
            "error": _ERROR,
            "meta": _NOTHING,
            "status": {**_TEXT, "enum": ["failure"]},
        },
    },
    "BareFailure": {
        "type": "object",
        "description": "What was refused or went wrong, bare.",
        "required": ["type", "message", "params"],
        "properties": {
            "type": {**_TEXT, "example": "NotFound"},
            "message": _TEXT,
            "params": {"type": "object", "required": ["traceId"], "properties": {"traceId": _ID}},
            "validationErrors": {"type": "array", "items": _BARE_FAULT},
        },
    },
    "Page": {
        "type": "object",
        "description": "Which part of a list this is.",
        "required": ["limit", "totalCount", "nextCursor"],
        "properties": {
            "limit": {"type": "integer", "description": "How many at most."},
            "totalCount": {**_COUNT, "description": "How many there are; null if that was not counted."},
            "totalCountAtLeast": {**_COUNT, "description": "How many were counted, if not all were."},
            "nextCursor": {**_TEXT, "nullable": True, "description": "`cursor` of the next page; null after the last."},
        },
    },
}


class Shared:
    """Filled as calls ask for it, so that the document holds nothing that nobody refers to."""

    def __init__(self) -> None:
        self.schemas: dict[str, Json] = {}
        self.responses: dict[str, Json] = {}
        self.parameters: dict[str, Json] = {}
        self.headers: dict[str, Json] = {}

    def schema(self, name: str) -> Json:
        self.schemas[name] = SCHEMAS[name]
        return {"$ref": f"#/components/schemas/{name}"}

    def parameter(self, name: str) -> Json:
        self.parameters[name] = PARAMETERS[name]
        return {"$ref": f"#/components/parameters/{name}"}

    def header(self, name: str, *, is_required: bool | None = None) -> Json:
        always, words, schema = HEADERS[name]
        must_be = always if is_required is None else is_required
        key = name if must_be == always else f"{name}.required"
        self.headers[key] = {"description": words, "required": must_be, "schema": schema}
        return {"$ref": f"#/components/headers/{key}"}

    def response(self, name: str, response: Json) -> Json:
        """Under a name of its own as long as all who use the name mean the same."""
        if self.responses.setdefault(name, response) != response:
            return response
        return {"$ref": f"#/components/responses/{name}"}


def envelope(data: Json, meta: Json | None) -> Json:
    """A success, with this inside."""
    return {
        "type": "object",
        "title": "Envelope",
        "required": ["id", "params", "data", "error", "meta", "status"],
        "properties": {
            "id": _ID,
            "params": {"type": "object", "description": "What was understood of the request."},
            "data": data,
            "error": _NOTHING,
            "meta": meta or _NOTHING,
            "status": {**_TEXT, "enum": ["success"]},
        },
    }
