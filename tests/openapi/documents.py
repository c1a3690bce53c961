"""OpenAPI documents to compare: random ones, and small ones with one call each."""

from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

Json = dict[str, Any]


def document(**operation: Any) -> Json:
    """One call, `POST /v2/mails`."""
    call = {"summary": "Send a mail", "responses": {"202": {"description": "Accepted"}}, **operation}
    return {"openapi": "3.0.3", "info": {"title": "T", "version": "1"}, "paths": {"/v2/mails": {"post": call}}}


def taking(schema: Json, **components: Json) -> Json:
    body = {"required": True, "content": {"application/json": {"schema": schema}}}
    return {**document(requestBody=body), "components": {"schemas": components}}


def answering(schema: Json, **components: Json) -> Json:
    answer = {"description": "Accepted", "content": {"application/json": {"schema": schema}}}
    return {**document(responses={"202": answer}), "components": {"schemas": components}}


def fields(required: tuple[str, ...] = (), **properties: Json) -> Json:
    return {"type": "object", "properties": properties, "required": list(required)}


names = st.sampled_from(["email", "name", "tags", "sender", "variables"])
references = st.sampled_from(["A", "B", "C"]).map(lambda name: {"$ref": f"#/components/schemas/{name}"})
leaves = st.one_of(
    st.fixed_dictionaries({"type": st.just("string")}, optional={
        "maxLength": st.integers(1, 99), "nullable": st.booleans(), "format": st.sampled_from(["email", "uuid"]),
    }),
    st.fixed_dictionaries({"type": st.just("string"), "enum": st.lists(names, min_size=1, unique=True)}),
    st.fixed_dictionaries({"type": st.just("integer")}, optional={
        "minimum": st.integers(-9, 9), "maximum": st.integers(10, 99), "default": st.integers(0, 9),
    }),
    references,
)  # fmt: skip


def _object(properties: Json) -> st.SearchStrategy[Json]:
    chosen = st.lists(st.sampled_from(sorted(properties)), unique=True) if properties else st.just([])
    return chosen.map(lambda required: fields(tuple(required), **properties))


def _larger(schemas: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    return st.one_of(
        st.dictionaries(names, schemas, max_size=4).flatmap(_object),
        schemas.map(lambda items: {"type": "array", "items": items}),
        st.lists(schemas, min_size=2, max_size=2).map(lambda forms: {"anyOf": forms}),
        schemas.map(lambda values: {"type": "object", "additionalProperties": values}),
    )


schemas = st.recursive(leaves, _larger, max_leaves=8)
components = st.fixed_dictionaries(dict.fromkeys("ABC", schemas))
documents = st.builds(
    lambda asked, told, parts: deepcopy({
        **document(
            requestBody={"content": {"application/json": {"schema": asked}}},
            responses={"202": {"description": "", "content": {"application/json": {"schema": told}}}},
        ),
        "components": {"schemas": parts},
    }),
    schemas, schemas, components,
)  # fmt: skip
