"""Turns JSON Schema as pydantic writes it (2020-12) into that of OpenAPI 3.0.3, which says some things otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from couvert.openapi.references import ONLY_NULL, Json

_NULL: Final = {"type": "null"}
_UNKNOWN: Final = frozenset({
    "$defs", "$schema", "$id", "$comment", "const", "examples", "prefixItems", "contentMediaType", "contentEncoding",
    "unevaluatedProperties", "patternProperties", "propertyNames", "if", "then", "else", "definitions",
    "dependentRequired", "dependentSchemas", "contains", "minContains", "maxContains",
})  # fmt: skip
_SCHEMAS: Final = ("items", "not", "additionalProperties")
_LISTS: Final = ("anyOf", "oneOf", "allOf")


def downgraded(schema: Json) -> dict[str, Any]:
    """The same schema in 3.0.3, or a wider one where 3.0.3 has no word for it."""
    node = _without_null_type(_without_const(_with_one_example(schema)))
    if "prefixItems" in node:
        node = _as_plain_array(node)
    node = _with_switches({key: value for key, value in node.items() if key not in _UNKNOWN})
    node = {key: _inside(key, value) for key, value in node.items()}
    if "$ref" in node and len(node) > 1:
        # A reference's siblings are ignored in 3.0.3; within `allOf` it has none.
        node = {"allOf": [{"$ref": node.pop("$ref")}], **node}
    return _with_null(node) if any(choice == _NULL for choice in node.get("anyOf", node.get("oneOf", ()))) else node


def _inside(key: str, value: Any) -> Any:
    if key == "properties":
        return {name: _schema(node) for name, node in value.items()}
    if key in _LISTS:
        return [node if node == _NULL else _schema(node) for node in value]
    return _schema(value) if key in _SCHEMAS else value


def _schema(node: Any) -> Any:
    """`true` and `false` are schemas in 2020-12."""
    if isinstance(node, Mapping):
        return downgraded(node)
    return node


def _with_one_example(node: Json) -> dict[str, Any]:
    examples = node.get("examples")
    if isinstance(examples, list) and examples and "example" not in node:
        return {**node, "example": examples[0]}
    return dict(node)


def _without_const(node: dict[str, Any]) -> dict[str, Any]:
    if "const" not in node:
        return node
    kinds = {bool: "boolean", str: "string", int: "integer", float: "number"}
    kind = kinds.get(type(node["const"]))
    return {**({"type": kind} if kind else {}), **node, "enum": [node["const"]]}


def _without_null_type(node: dict[str, Any]) -> dict[str, Any]:
    """`type: [string, null]` and `type: null`."""
    kinds = node.get("type")
    if kinds == "null":
        return {**node, **ONLY_NULL}
    if not isinstance(kinds, list):
        return node
    nullable = {"nullable": True} if "null" in kinds else {}
    others = [kind for kind in kinds if kind != "null"]
    if len(others) == 1:
        return {**node, "type": others[0], **nullable}
    rest = {key: value for key, value in node.items() if key != "type"}
    return {**rest, "anyOf": [{"type": kind, **nullable} for kind in others]}


def _as_plain_array(node: dict[str, Any]) -> dict[str, Any]:
    """3.0.3 has one schema for all items: any of those that stand at a place."""
    items = list(node["prefixItems"])
    same = all(item == items[0] for item in items)
    return {**node, "items": items[0] if same else {"anyOf": items}}


def _with_switches(node: dict[str, Any]) -> dict[str, Any]:
    for name, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        limit = node.get(exclusive)
        if limit is not None and not isinstance(limit, bool):
            node = {**node, name: limit, exclusive: True}
    return node


def _with_null(node: dict[str, Any]) -> dict[str, Any]:
    """`nullable` counts only beside a `type`: in the first form that has one, or in a form of its own."""
    key = "anyOf" if "anyOf" in node else "oneOf"
    rest = {name: value for name, value in node.items() if name != key}
    forms = [form for form in node[key] if form != _NULL]
    if len(forms) == 1 and "type" in forms[0]:
        return _nullable({**forms[0], **rest})
    typed = next((n for n, form in enumerate(forms) if "type" in form), None)
    if typed is None:
        return {**rest, key: [*forms, ONLY_NULL]}
    return {**rest, key: [_nullable(form) if n == typed else form for n, form in enumerate(forms)]}


def _nullable(form: dict[str, Any]) -> dict[str, Any]:
    if "enum" in form and None not in form["enum"]:
        form = {**form, "enum": [*form["enum"], None]}
    return {**form, "nullable": True}
