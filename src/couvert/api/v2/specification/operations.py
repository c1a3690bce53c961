"""One call as an operation: what it takes, what it answers in both forms, and an example of each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from couvert.api.v2.call import Call
from couvert.api.v2.specification.answers import Answers
from couvert.api.v2.specification.failures import failures
from couvert.api.v2.specification.shared import Shared
from couvert.api.v2.specification.words import SECURITY
from couvert.openapi.bare import BareSchemas, may_be_null
from couvert.openapi.models import Schemas
from couvert.openapi.references import ONLY_NULL, Json, References

JSON: Final = "application/json"
STREAM: Final = "text/event-stream"


class Operations:
    def __init__(self, schemas: Schemas, bare: BareSchemas) -> None:
        self.shared = Shared()
        self._schemas = schemas
        self._references = References({"components": {"schemas": schemas.components}})
        self._answers = Answers(schemas, bare, self.shared)

    def of(self, call: Call) -> Json:
        operation: dict[str, Any] = {
            "operationId": operation_id(call),
            "tags": [call.tag],
            "summary": call.summary,
            "description": _description(call),
            "security": [] if call.is_open else SECURITY,
        }
        if parameters := self._parameters(call):
            operation["parameters"] = parameters
        if call.has_body:
            operation["requestBody"] = self._body(call)
        operation["responses"] = {**self._answers.of(call), **failures(call, self.shared)}
        return {name: value for name, value in operation.items() if value != ""}

    def _parameters(self, call: Call) -> list[Json]:
        found = [_path_parameter(name, call.parameters) for name in re.findall(r"{(\w+)}", call.path)]
        if call.query is not None:
            found += self._query(self._schemas.of[call.query, "validation"])
        found += [self.shared.parameter("IfEventReached")]
        if not call.is_open:
            found += [self.shared.parameter("LastEventId")] if STREAM in call.media_types else []
            found += [self.shared.parameter("IdempotencyKey")] if call.method == "POST" else []
        return [*found, self.shared.parameter("Prefer")] if JSON in call.media_types and not call.is_raw else found

    def _query(self, model: Json) -> list[Json]:
        schema = self._references.schema(model)
        required = schema.get("required", ())
        return [_query_parameter(name, node, name in required) for name, node in schema.get("properties", {}).items()]

    def _body(self, call: Call) -> Json:
        if call.text_body is not None:
            return {"required": True, "content": {call.text_body: _text(call)}}
        assert call.body is not None
        content: dict[str, Any] = {"schema": self._schemas.of[call.body, "validation"]}
        if call.example_body is not None:
            content["example"] = dict(call.example_body)
        return {"required": True, "content": {JSON: content}}


def _text(call: Call) -> Json:
    schema = {"schema": {"type": "string"}}
    # What has to be signed shows nobody how to call it.
    return schema if call.example_text is None else {**schema, "example": call.example_text}


def operation_id(call: Call) -> str:
    """`postMails`, `getMailsMailIdDeliveries`: of method and path, so that no two are alike and none ever changes."""
    path = call.path.removeprefix("/v2") if call.path.startswith("/v2/") else f"/public{call.path}"
    words = re.findall(r"[A-Za-z0-9]+", path)
    return call.method.lower() + "".join(word[0].upper() + word[1:] for word in words)


def _description(call: Call) -> str:
    role = "" if call.is_open else f"Takes a token with the role `{call.role}`{_of_an_admin(call)}."
    return "\n\n".join(filter(None, (call.description, role)))


def _of_an_admin(call: Call) -> str:
    return " of an admin" if call.is_for_admins else ""


def _path_parameter(name: str, words: Mapping[str, str]) -> Json:
    parameter: dict[str, Any] = {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
    return {**parameter, "description": words[name]} if name in words else parameter


def _query_parameter(name: str, node: Json, is_required: bool) -> Json:  # noqa: FBT001 - of the schema's own list
    schema = {key: value for key, value in node.items() if key != "description"}
    if may_be_null(schema):
        schema = _never_null(schema)
    parameter: dict[str, Any] = {"name": name, "in": "query", "required": is_required, "schema": schema}
    return {**parameter, "description": node["description"]} if "description" in node else parameter


def _never_null(schema: Json) -> dict[str, Any]:
    """Nobody can write null into an address."""
    node = {key: value for key, value in schema.items() if key != "nullable"}
    if node.get("default", "") is None:
        del node["default"]
    if None in node.get("enum", ()):
        node["enum"] = [value for value in node["enum"] if value is not None]
    forms = [form for form in node.get("anyOf", ()) if form != ONLY_NULL]
    return {**node, "anyOf": forms} if forms else node
