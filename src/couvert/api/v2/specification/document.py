"""The document as a whole: what stands around the calls, and the calls in the order of their table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from couvert.api.v2.call import Call
from couvert.api.v2.specification.operations import Operations
from couvert.api.v2.specification.words import ABOUT, SECURITY_SCHEMES, TAGS
from couvert.openapi.bare import BareSchemas
from couvert.openapi.models import Use, schemas_of
from couvert.openapi.used import used

VERSION: Final = "2"
"""Of the wire format, not of the program that speaks it: a release that changes nothing here changes nothing here."""


def encoded(table: Iterable[Call]) -> bytes:
    """As it is served, printed and committed: readable, and the same bytes for the same calls."""
    return (json.dumps(document(table), indent=1, ensure_ascii=False) + "\n").encode()


def document(table: Iterable[Call]) -> dict[str, Any]:
    calls = list(table)
    schemas = schemas_of(_wanted(calls))
    bare = BareSchemas(schemas.components)
    operations = Operations(schemas, bare)
    paths: dict[str, dict[str, Any]] = {}
    for call in calls:
        paths.setdefault(call.path, {})[call.method.lower()] = operations.of(call)
    named = {**schemas.components, **bare.components, **operations.shared.schemas}
    return {
        "openapi": "3.0.3",
        "info": {"title": "couvert", "version": VERSION, "description": ABOUT, "license": {"name": "MIT"}},
        "servers": [{"url": "/", "description": "This installation."}],
        "tags": _tags(calls),
        "paths": paths,
        "components": {
            "schemas": used(named, paths, operations.shared.responses),
            "responses": operations.shared.responses,
            "parameters": operations.shared.parameters,
            "headers": operations.shared.headers,
            "securitySchemes": SECURITY_SCHEMES,
        },
    }


def _wanted(calls: Sequence[Call]) -> Iterable[tuple[Any, Use]]:
    for call in calls:
        if call.body is not None:
            yield call.body, "validation"
        if call.query is not None:
            yield call.query, "validation"
        if call.answer is not None:
            yield call.answer, "serialization"


def _tags(calls: Sequence[Call]) -> list[dict[str, str]]:
    return [{"name": tag, "description": TAGS.get(tag, "")} for tag in dict.fromkeys(call.tag for call in calls)]
