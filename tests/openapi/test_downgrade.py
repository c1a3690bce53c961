"""JSON Schema of today in the dialect of OpenAPI 3.0.3: it validates, and it takes what it took before."""

from datetime import datetime
from typing import Annotated, Literal

import pytest
from hypothesis import given, strategies as st
from openapi_schema_validator import OAS30Validator, OAS31Validator
from openapi_spec_validator import validate
from pydantic import BaseModel, Field, TypeAdapter
from typing_extensions import TypedDict

from couvert.openapi.downgrade import downgraded
from tests.openapi.documents import taking

NULL = {"type": "null"}
REFERENCE = {"$ref": "#/components/schemas/Mail"}
ONLY_NULL = {"type": "object", "nullable": True, "enum": [None], "title": "null"}


@pytest.mark.parametrize(("schema", "expected"), [
    ({"type": "string"}, {"type": "string"}),
    ({"anyOf": [{"type": "string"}, NULL]}, {"type": "string", "nullable": True}),
    (
        {"anyOf": [{"type": "string", "maxLength": 3}, NULL], "default": None, "description": "d"},
        {"type": "string", "maxLength": 3, "default": None, "description": "d", "nullable": True},
    ),
    ({"anyOf": [REFERENCE, NULL]}, {"anyOf": [REFERENCE, ONLY_NULL]}),
    (
        {"anyOf": [REFERENCE, {"type": "integer"}, NULL]},
        {"anyOf": [REFERENCE, {"type": "integer", "nullable": True}]},
    ),
    (NULL, ONLY_NULL),
    ({"type": ["string", "null"]}, {"type": "string", "nullable": True}),
    ({"type": ["string", "integer"]}, {"anyOf": [{"type": "string"}, {"type": "integer"}]}),
    ({"const": "x"}, {"type": "string", "enum": ["x"]}),
    ({"anyOf": [{"enum": ["x"], "type": "string"}, NULL]}, {"enum": ["x", None], "type": "string", "nullable": True}),
    ({"exclusiveMinimum": 3}, {"minimum": 3, "exclusiveMinimum": True}),
    ({"examples": ["a", "b"]}, {"example": "a"}),
    (
        {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "minItems": 2, "maxItems": 2},
        {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]}, "minItems": 2, "maxItems": 2},
    ),
    ({**REFERENCE, "description": "d"}, {"allOf": [REFERENCE], "description": "d"}),
    ({"properties": {"const": {"const": 1}}}, {"properties": {"const": {"type": "integer", "enum": [1]}}}),
    ({"additionalProperties": NULL, "$defs": {}}, {"additionalProperties": ONLY_NULL}),
])  # fmt: skip
def test_what_3_0_3_says_otherwise_is_said_otherwise(schema, expected):
    assert downgraded(schema) == expected


class Address(BaseModel):
    email: Annotated[str, Field(max_length=254, examples=["a@example.com"])]
    name: str | None = None


class Letter(BaseModel):
    to: Annotated[list[Address], Field(min_length=1)]
    reply_to: Annotated[Address | None, Field(description="Where answers go.")] = None
    size: Annotated[int | None, Field(gt=0, lt=9)] = None
    kind: Literal["a", "b", "c"] | None = None
    pair: tuple[int, str] = (1, "x")
    at: datetime | None = None
    variables: dict[str, str | int | None] = {}
    either: Address | int | None = None


class Told(TypedDict):
    letter: Letter | None
    counts: dict[str, int]


@pytest.fixture(scope="module")
def document():
    """A request of pydantic's own schemas."""
    schema = TypeAdapter(Told).json_schema(ref_template="#/components/schemas/{model}")
    parts = {name: downgraded(node) for name, node in schema.pop("$defs").items()}
    return taking(downgraded(schema), **parts)


def test_what_pydantic_writes_becomes_a_valid_document(document):
    validate(document)


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 12) | st.sampled_from(["", "a", "b", "a@example.com"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["email", "name", "x"]), inner),
)
letters = st.fixed_dictionaries({"to": st.lists(st.builds(lambda n: {"email": "a", "name": n}, anything), max_size=2)},
    optional=dict.fromkeys(("reply_to", "size", "kind", "variables", "either"), anything))  # fmt: skip


TODAY = TypeAdapter(Told).json_schema(ref_template="#/$defs/{model}")
DOWNGRADED = {**downgraded(TODAY), "$defs": {name: downgraded(node) for name, node in TODAY["$defs"].items()}}


@given(st.one_of(st.none(), letters))
def test_it_takes_what_it_took_before(letter):
    told = {"letter": letter, "counts": {}}

    # Items at their places are the one thing that 3.0.3 cannot say; none are tried here.
    assert OAS30Validator(DOWNGRADED).is_valid(told) == OAS31Validator(TODAY).is_valid(told)
