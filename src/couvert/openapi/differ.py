"""Compares two OpenAPI documents: what was added, changed, deprecated and removed, and what of it breaks clients."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from couvert.openapi.difference import Difference, Effect, Kind, Place
from couvert.openapi.exchanges import Exchanges
from couvert.openapi.references import Json, References
from couvert.openapi.wording import wording

METHODS: Final = ("get", "post", "put", "patch", "delete", "head", "options", "trace")


def differences(old: Json, new: Json) -> list[Difference]:
    """In the order of the new document, calls that are gone last."""
    return list(_Differ(old, new).differences())


class _Differ:
    def __init__(self, old: Json, new: Json) -> None:
        self._old, self._new = old, new
        self._exchanges = Exchanges(old, new)

    def differences(self) -> Iterator[Difference]:
        before, after = operations(self._old), operations(self._new)
        for key, (name, operation) in after.items():
            if key not in before:
                yield Place(name).differs(Kind.ADDED, Effect.NONE, f"New call{_summary(operation)}.")
            else:
                yield from self._operation(before[key][1], operation, Place(name))
        for key, (name, operation) in before.items():
            if key not in after:
                yield Place(name).differs(Kind.REMOVED, Effect.REPLACED, f"The call is gone{_summary(operation)}.")
        yield from wording(_frame(self._old), _frame(self._new), Place("", "document"))

    def _operation(self, old: Json, new: Json, place: Place) -> Iterator[Difference]:
        found = [*self._deprecation(old, new, place), *self._exchanges.compare(old, new, place)]
        yield from found or wording(self._spread(self._old, old), self._spread(self._new, new), place)

    def _deprecation(self, old: Json, new: Json, place: Place) -> Iterator[Difference]:
        if new.get("deprecated") and not old.get("deprecated"):
            yield place.differs(Kind.DEPRECATED, Effect.NONE, "The call is deprecated: use it in nothing new.")
        elif old.get("deprecated") and not new.get("deprecated"):
            yield place.differs(Kind.CHANGED, Effect.NONE, "The call is no longer deprecated.")

    def _spread(self, document: Json, operation: Json) -> Any:
        """The operation with everything that it refers to once in its place."""
        return _spread(operation, References(document), frozenset())


def operations(document: Json) -> dict[tuple[str, str], tuple[str, Json]]:
    """Method and path without the names of its parameters -> `POST /v2/mails` and the operation with all parameters."""
    references = References(document)
    found: dict[tuple[str, str], tuple[str, Json]] = {}
    for path, node in document.get("paths", {}).items():
        item = references.resolve(node)
        for method in METHODS:
            if isinstance(item.get(method), Mapping):
                operation = {**item[method], "parameters": _parameters(path, item, item[method], references)}
                if "security" not in operation and "security" in document:
                    operation["security"] = document["security"]
                found[method, re.sub(r"{[^}]*}", "{}", path)] = (f"{method.upper()} {path}", operation)
    return found


def _parameters(path: str, item: Json, operation: Json, references: References) -> dict[str, Json]:
    """By what tells them apart: those in the path by their place there, since nobody sends their name."""
    names = re.findall(r"{([^}]*)}", path)
    found = {}
    for node in (*item.get("parameters", ()), *operation.get("parameters", ())):
        parameter = references.resolve(node)
        name, where = parameter.get("name", ""), parameter.get("in", "")
        if where == "path" and name in names:
            found[f"path {names.index(name)}"] = parameter
        else:
            found[f"{where} {name.lower() if where == 'header' else name}"] = parameter
    return found


def _summary(operation: Json) -> str:
    return f": {str(operation['summary']).rstrip('.')}" if operation.get("summary") else ""


def _frame(document: Json) -> Json:
    """What stands around the calls, but for the version, which a release changes whether or not anything else did."""
    kept = {key: value for key, value in document.items() if key not in ("paths", "components", "security", "openapi")}
    return {**kept, "info": {key: value for key, value in document.get("info", {}).items() if key != "version"}}


def _spread(node: Any, references: References, above: frozenset[str]) -> Any:
    if isinstance(node, Mapping):
        if "$ref" in node:
            name = str(node["$ref"])
            return name if name in above else _spread(references.resolve(node), references, above | {name})
        return {key: _spread(value, references, above) for key, value in node.items()}
    return [_spread(item, references, above) for item in node] if isinstance(node, list) else node
