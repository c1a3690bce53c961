"""Schemas of bare answers: what may be null there is left out instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from couvert.openapi.references import ONLY_NULL, Json

PREFIX: Final = "#/components/schemas/"
BARE: Final = "Bare"


class BareSchemas:
    """`Mail` has a twin `BareMail` if there is anything in it, or in what it refers to, that may be null."""

    def __init__(self, components: Mapping[str, Json]) -> None:
        self._twins = _with_nulls(components)
        self.components = {BARE + name: self.of(components[name]) for name in sorted(self._twins)}

    def of(self, schema: Json) -> dict[str, Any]:
        node = {key: self._inside(key, value) for key, value in schema.items()}
        if "$ref" in node:
            name = node["$ref"].removeprefix(PREFIX)
            return {**node, "$ref": PREFIX + BARE + name} if name in self._twins else node
        if "properties" in schema:
            absent = {name for name, member in schema["properties"].items() if may_be_null(member)}
            node["properties"] = {name: _without_null(member) for name, member in node["properties"].items()}
            node["required"] = [name for name in schema.get("required", ()) if name not in absent]
            if not node["required"]:
                del node["required"]
        if isinstance(schema.get("additionalProperties"), Mapping):
            node["additionalProperties"] = _without_null(node["additionalProperties"])
        return node

    def _inside(self, key: str, value: Any) -> Any:
        if key == "properties":
            return {name: self.of(member) for name, member in value.items()}
        if key in ("anyOf", "oneOf", "allOf"):
            return [self.of(member) for member in value]
        return self.of(value) if key in ("items", "additionalProperties") and isinstance(value, Mapping) else value


def may_be_null(schema: Json) -> bool:
    return bool(schema.get("nullable")) or any(map(may_be_null, (*schema.get("anyOf", ()), *schema.get("oneOf", ()))))


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    node = {key: value for key, value in schema.items() if key != "nullable"}
    if None in node.get("enum", ()):
        node["enum"] = [value for value in node["enum"] if value is not None]
    if "default" in node and node["default"] is None:
        del node["default"]
    forms = [_without_null(form) for form in node.get("anyOf", ()) if form != ONLY_NULL]
    if len(forms) == 1:
        del node["anyOf"]
        return {"allOf": forms, **node} if node else forms[0]
    return {**node, "anyOf": forms} if forms else node


def _with_nulls(components: Mapping[str, Json]) -> set[str]:
    """The components that are another thing without nulls, found until no more are."""
    found = {name for name, schema in components.items() if _drops_something(schema)}
    while more := {name for name in components if name not in found and _names(components[name]) & found}:
        found |= more
    return found


def _drops_something(schema: Any) -> bool:
    """Lists keep their nulls, for the sake of their places."""
    if isinstance(schema, list):
        return any(map(_drops_something, schema))
    if not isinstance(schema, Mapping):
        return False
    members = [*schema.get("properties", {}).values(), schema.get("additionalProperties")]
    if any(isinstance(member, Mapping) and may_be_null(member) for member in members):
        return True
    return any(map(_drops_something, schema.values()))


def _names(schema: Any) -> set[str]:
    if isinstance(schema, list):
        return set().union(*map(_names, schema))
    if not isinstance(schema, Mapping):
        return set()
    own = {str(schema["$ref"]).removeprefix(PREFIX)} if isinstance(schema.get("$ref"), str) else set()
    return own.union(*map(_names, schema.values()))
