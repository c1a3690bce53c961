"""Which components of a document are used: by the calls, or by others that are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from couvert.openapi.references import Json


def used(schemas: Mapping[str, Json], *users: Any) -> dict[str, Json]:
    """Those of the schemas that somebody refers to, in the order of their names."""
    found: set[str] = set()
    new = {name for user in users for name in _named(user)}
    while new := (new & schemas.keys()) - found:
        found |= new
        new = {name for schema in new for name in _named(schemas[schema])}
    return {name: schemas[name] for name in sorted(found)}


def _named(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"].rpartition("/")[2]
        for member in node.values():
            yield from _named(member)
    elif isinstance(node, list):
        for member in node:
            yield from _named(member)
