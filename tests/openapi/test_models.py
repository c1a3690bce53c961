"""Types as schemas: TypedDicts of any kind, both directions, and bare answers without their nulls."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import msgspec
import pytest
from hypothesis import given, strategies as st
from openapi_schema_validator import OAS30Validator
from pydantic import BaseModel, Field

from couvert.api.v2.forms import _without_nulls
from couvert.openapi.bare import BareSchemas
from couvert.openapi.models import schemas_of
from couvert.openapi.references import ONLY_NULL
from couvert.openapi.used import used


class Sender(TypedDict):
    """Who sent it."""

    email: str
    name: Annotated[str | None, Field(description="As it was given.")]


class Mail(TypedDict):
    mailId: str
    sender: Sender
    reply: Sender | None
    tags: list[str | None]
    counts: dict[str, int | None]
    state: Literal["queued", "done"] | None
    parent: NotRequired[Sender | None]
    either: int | str | None


class Mails(TypedDict):
    mails: Sequence[Mail]
    total: int


class Plain(TypedDict):
    id: str


class Body(BaseModel):
    name: str = Field("x", alias="fullName")


def test_a_typed_dict_becomes_a_schema_with_its_words():
    schemas = schemas_of([(Mails, "serialization")])

    assert schemas.of[Mails, "serialization"] == {"$ref": "#/components/schemas/Mails"}
    assert set(schemas.components) == {"Mail", "Mails", "Sender"}
    assert schemas.components["Sender"] == {
        "description": "Who sent it.",
        "type": "object",
        "title": "Sender",
        "properties": {
            "email": {"type": "string"},
            "name": {"type": "string", "nullable": True, "description": "As it was given."},
        },
        "required": ["email", "name"],
    }
    assert "parent" not in schemas.components["Mail"]["required"]


def test_a_model_is_named_as_its_clients_know_it_and_may_leave_out_what_has_a_default():
    schemas = schemas_of([(Body, "validation")])

    assert schemas.components["Body"]["properties"] == {"fullName": {"type": "string", "default": "x"}}
    assert "required" not in schemas.components["Body"]


def test_only_what_is_another_thing_without_nulls_has_a_twin():
    schemas = schemas_of([(Mails, "serialization"), (Plain, "serialization")])

    bare = BareSchemas(schemas.components)

    assert set(bare.components) == {"BareMail", "BareMails", "BareSender"}
    assert bare.of({"$ref": "#/components/schemas/Plain"}) == {"$ref": "#/components/schemas/Plain"}


texts = st.text(max_size=3)
senders = st.fixed_dictionaries({"email": texts, "name": st.none() | texts})
mails = st.fixed_dictionaries({
    "mailId": texts, "sender": senders, "reply": st.none() | senders, "tags": st.lists(st.none() | texts, max_size=2),
    "counts": st.dictionaries(texts, st.none() | st.integers()), "state": st.sampled_from(["queued", "done", None]),
    "either": st.none() | texts | st.integers(),
})  # fmt: skip


@given(st.lists(mails, max_size=2))
def test_an_answer_is_as_its_schema_says_in_both_forms(listed):
    schemas = schemas_of([(Mails, "serialization")])
    bare = BareSchemas(schemas.components)
    answer: Any = {"mails": listed, "total": 1}
    without_nulls = msgspec.to_builtins(_without_nulls(answer))

    enveloped_form = validator(schemas, bare, schemas.of[Mails, "serialization"])
    bare_form = validator(schemas, bare, bare.of(schemas.of[Mails, "serialization"]))

    assert list(enveloped_form.iter_errors(answer)) == []
    assert list(bare_form.iter_errors(without_nulls)) == []
    assert bare_form.is_valid(answer) == (without_nulls == answer)


def validator(schemas, bare, schema):
    return OAS30Validator({**schema, "components": {"schemas": {**schemas.components, **bare.components}}})


@pytest.mark.parametrize(("schema", "expected"), [
    ({"type": "string", "nullable": True, "enum": ["a", None]}, {"type": "string", "enum": ["a"]}),
    ({"type": "string", "nullable": True, "default": None}, {"type": "string"}),
    (
        {"anyOf": [{"$ref": "#/components/schemas/X"}, ONLY_NULL]},
        {"$ref": "#/components/schemas/X"},
    ),
    (
        {"anyOf": [{"$ref": "#/components/schemas/X"}, ONLY_NULL], "description": "d"},
        {"allOf": [{"$ref": "#/components/schemas/X"}], "description": "d"},
    ),
])  # fmt: skip
def test_a_member_that_may_be_null_is_only_ever_itself(schema, expected):
    bare = BareSchemas({}).of({"type": "object", "properties": {"a": schema}, "required": ["a"]})

    assert bare == {"type": "object", "properties": {"a": expected}}


def test_components_are_used_through_others():
    schemas: dict[str, Any] = {
        "A": {"items": {"$ref": "#/components/schemas/B"}},
        "B": {"anyOf": [{"$ref": "#/components/schemas/A"}]},
        "C": {"$ref": "#/components/schemas/A"},
    }

    assert list(used(schemas, {"x": [{"$ref": "#/components/schemas/A"}]})) == ["A", "B"]
