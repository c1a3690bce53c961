"""Schemas of Pydantic models and TypedDicts in the dialect of OpenAPI 3.0.3, what several need under a name."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any, Literal, NamedTuple

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from couvert.openapi.downgrade import downgraded
from couvert.openapi.references import Json
from couvert.openapi.typed_dicts import acceptable

Use = Literal["validation", "serialization"]
"""Whether values come in or go out."""


class Schemas(NamedTuple):
    of: Mapping[tuple[Hashable, Use], Json]
    components: Mapping[str, Json]


def schemas_of(wanted: Iterable[tuple[Any, Use]]) -> Schemas:
    """The schema of each type, by the type and its use."""
    asked = list(dict.fromkeys(wanted))
    schemas, rest = TypeAdapter.json_schemas(
        [(number, use, TypeAdapter(acceptable(kind))) for number, (kind, use) in enumerate(asked)],
        by_alias=True,
        ref_template="#/components/schemas/{model}",
        schema_generator=_Untitled,
    )
    by_number = {number: downgraded(schema) for (number, _), schema in schemas.items()}
    components = {name: downgraded(schema) for name, schema in sorted(rest.get("$defs", {}).items())}
    return Schemas({key: by_number[number] for number, key in enumerate(asked)}, components)


class _Untitled(GenerateJsonSchema):
    """A field's name needs no title beside it."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        del schema
        return False

    def get_title_from_name(self, name: str) -> str:
        return name
