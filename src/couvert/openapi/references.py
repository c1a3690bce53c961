"""Follows `$ref` within one OpenAPI document, and flattens `allOf`, so that a schema can be looked at as one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

Json = Mapping[str, Any]
MOST_HOPS: Final = 100
ONLY_NULL: Final[Json] = {"type": "object", "nullable": True, "enum": [None], "title": "null"}
"""A form that only null has: beside a reference there is no other place for it in 3.0.3."""


class References:
    def __init__(self, document: Json) -> None:
        self._document = document

    def resolve(self, node: Any) -> Json:
        """What the node stands for; what leads nowhere, or round in a circle, is an empty object."""
        for _ in range(MOST_HOPS):
            if not isinstance(node, Mapping):
                return {}
            if "$ref" not in node:
                return node
            node = self._target(str(node["$ref"]))
        return {}

    def schema(self, node: Any, hops: int = 0) -> Json:
        """The schema, with what `allOf` asks for beside what it asks for itself."""
        resolved = self.resolve(node)
        if (form := _nullable_form(resolved)) is not None:
            return {**self.schema(form, hops + 1), **_beside(resolved), "nullable": True}
        if "allOf" not in resolved or hops > MOST_HOPS:
            return resolved
        merged: dict[str, Any] = {}
        for part in (*resolved["allOf"], {key: value for key, value in resolved.items() if key != "allOf"}):
            _merge(merged, self.schema(part, hops + 1))
        return merged

    def _target(self, reference: str) -> Any:
        if not reference.startswith("#/"):
            return None
        node: Any = self._document
        for name in reference[2:].split("/"):
            node = node.get(name.replace("~1", "/").replace("~0", "~")) if isinstance(node, Mapping) else None
        return node


def name_of(node: Any) -> str | None:
    """`Mail` of `#/components/schemas/Mail`; also of one that stands in an `allOf` to have siblings."""
    if not isinstance(node, Mapping):
        return None
    if "$ref" in node:
        return str(node["$ref"]).rpartition("/")[2]
    parts = node.get("allOf", ())
    form = parts[0] if len(parts) == 1 else _nullable_form(node)
    return name_of(form)


def _nullable_form(node: Json) -> Any:
    """What it may be apart from null, if that is one thing."""
    forms = node.get("anyOf", ())
    if len(forms) == 2 and ONLY_NULL in forms:
        return next(form for form in forms if form != ONLY_NULL)
    return None


def _beside(node: Json) -> Json:
    return {key: value for key, value in node.items() if key != "anyOf"}


def _merge(into: dict[str, Any], part: Json) -> None:
    for key, value in part.items():
        if key == "properties":
            into[key] = {**into.get(key, {}), **value}
        elif key == "required":
            into[key] = [*into.get(key, ()), *(name for name in value if name not in into.get(key, ()))]
        else:
            into[key] = value
