"""A schema as a list of its fields: name, type, whether it must be there, bounds, words, and what is inside."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from couvert.openapi.page.html import Html, element, joined
from couvert.openapi.page.prose import inline
from couvert.openapi.references import ONLY_NULL, Json, References, name_of

DEEPEST: Final = 8
_BOUNDS: Final = {
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "maxProperties": "at most {} members",
    "multipleOf": "a multiple of {}",
}


class SchemaView:
    def __init__(self, references: References, *, is_answer: bool = False) -> None:
        self._references = references
        self._is_answer = is_answer

    def tree(self, node: Any, above: tuple[str, ...] = ()) -> Html:
        """The fields of an object, or of a list's items; nothing for what has none."""
        name, schema = name_of(node), self._references.schema(node)
        if (name and name in above) or len(above) > DEEPEST:
            return joined(element("p", "As above: it contains itself.", class_="note"))
        above = (*above, name or "")
        if forms := _forms(schema):
            return joined(self._form(form, number, above) for number, form in enumerate(forms))
        if schema.get("type") == "array":
            return self.tree(schema.get("items", {}), above)
        return self._fields(schema, above)

    def kind(self, node: Any, depth: int = 0) -> str:
        """`array of string (email)`, `object or null`."""
        schema = self._references.schema(node)
        null = " or null" if schema.get("nullable") else ""
        if schema.get("enum") == [None]:
            return "null"
        if depth > DEEPEST:
            return "anything"  # a list of lists of itself, say
        if forms := _forms(schema):
            return " or ".join(dict.fromkeys(self.kind(form, depth + 1) for form in forms)) + null
        kind = str(schema.get("type", "anything"))
        if kind == "array":
            kind = f"array of {self.kind(schema.get('items', {}), depth + 1)}"
        return f"{kind} ({schema['format']}){null}" if "format" in schema else kind + null

    def notes(self, node: Any) -> Iterator[Html]:
        """What is allowed, as short remarks."""
        schema = self._references.schema(node)
        if values := [value for value in schema.get("enum", ()) if value is not None]:
            yield joined("one of ", _codes(values)) if len(values) > 1 else joined("always ", _codes(values))
        low, high = schema.get("minimum"), schema.get("maximum")
        if low is not None or high is not None:
            yield Html(_range(schema, low, high))
        if schema.get("maxProperties") == 0:
            yield Html("empty")
        for key, words in _BOUNDS.items():
            if schema.get(key):
                yield joined(words.format(schema[key]))
        if "pattern" in schema:
            yield joined("matches ", element("code", schema["pattern"]))
        if schema.get("default") is not None:
            yield joined("default ", element("code", json.dumps(schema["default"], ensure_ascii=False)))
        if "example" in schema and not isinstance(schema["example"], dict | list):
            yield joined("such as ", element("code", str(schema["example"])))

    def _form(self, form: Any, number: int, above: tuple[str, ...]) -> Html:
        schema = self._references.schema(form)
        if schema.get("title") == "Envelope":
            # What every envelope has, the page says once.
            told = {name: node for name, node in schema["properties"].items() if name == "data" or "$ref" in node}
            form = {"properties": told, "required": list(told), "title": "in the envelope"}
        inside = self.tree(form, above)
        label = name_of(form) or self._references.schema(form).get("title") or self.kind(form)
        if not inside:
            return element("p", element("code", label), class_="note")
        return element("details", element("summary", element("code", label)), inside, open=number == 0)

    def _presence(self, *, is_required: bool) -> Html | None:
        """What is not to be expected: in requests most may be left out, in answers most is there."""
        if self._is_answer:
            return None if is_required else element("span", "may be missing", class_="kind")
        return element("span", "required", class_="required") if is_required else None

    def _fields(self, schema: Json, above: tuple[str, ...]) -> Html:
        required = schema.get("required", ())
        fields = [
            self._field(name, node, above, is_required=name in required)
            for name, node in schema.get("properties", {}).items()
        ]
        others = schema.get("additionalProperties")
        if isinstance(others, dict) and others:
            fields.append(self._field("any name", others, above, is_required=False))
        return element("ul", fields, class_="fields") if fields else joined()

    def _field(self, name: str, node: Any, above: tuple[str, ...], *, is_required: bool) -> Html:
        schema = self._references.schema(node)
        inside = self.tree(node, above) if _has_more(schema) else joined()
        return element(
            "li",
            element("code", name, class_="name"),
            element("span", self.kind(node), class_="kind"),
            self._presence(is_required=is_required),
            element("span", "deprecated", class_="deprecated") if schema.get("deprecated") else None,
            element("div", inline(str(schema.get("description", ""))), class_="words")
            if "description" in schema
            else None,
            element(
                "div", [[Html(" · ") if n else "", note] for n, note in enumerate(self.notes(node))], class_="notes"
            ),
            element("details", element("summary", _inside(schema)), inside, open=len(above) < 3) if inside else None,
        )


def _forms(schema: Json) -> list[Any]:
    return [form for form in (*schema.get("anyOf", ()), *schema.get("oneOf", ())) if form != ONLY_NULL]


def _has_more(schema: Json) -> bool:
    return bool({"properties", "additionalProperties", "items", "anyOf", "oneOf"} & schema.keys())


def _inside(schema: Json) -> str:
    return "each item" if schema.get("type") == "array" else "its members"


def _codes(values: list[Any]) -> Html:
    return joined([[", " if n else "", element("code", _plain(value))] for n, value in enumerate(values)])


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _range(schema: Json, low: Any, high: Any) -> str:
    above, below = (
        "above" if schema.get("exclusiveMinimum") else "from",
        "below" if schema.get("exclusiveMaximum") else "to",
    )
    if low is None:
        return f"at most {high}" if below == "to" else f"below {high}"
    return f"{above} {low}" if high is None else f"{above} {low} {below} {high}"
