"""Differences between specifications: each is found, in its place, and breaks clients in one direction or the other."""

from copy import deepcopy

import pytest
from hypothesis import given, strategies as st

from couvert.openapi.differ import differences
from couvert.openapi.difference import Kind
from tests.openapi.documents import answering, document, documents, fields, taking

TEXT = {"type": "string"}
NUMBER = {"type": "integer"}
MAIL = {"$ref": "#/components/schemas/Mail"}


@given(documents)
def test_a_document_does_not_differ_from_itself(one):
    assert differences(one, deepcopy(one)) == []


@given(documents, documents)
def test_what_was_added_one_way_was_removed_the_other(one, other):
    there, back = differences(one, other), differences(other, one)

    fields_there = {found.where for found in there if found.sentence.startswith("The field was added")}
    fields_back = {found.where for found in back if found.sentence.startswith("The field was removed")}
    assert fields_there == fields_back


@given(documents, documents)
def test_no_difference_is_passed_over(one, other):
    other = {**other, "components": one["components"]}

    assert bool(differences(one, other)) == (one["paths"] != other["paths"])


# Old schema, new one, what kind of difference, whether it breaks a request, whether it breaks an answer.
MUTATIONS = {
    "a field is added": (fields(a=TEXT), fields(a=TEXT, b=TEXT), "b", Kind.ADDED, False, False),
    "a required field is added": (fields(a=TEXT), fields(("b",), a=TEXT, b=TEXT), "b", Kind.ADDED, True, False),
    "a field is removed": (fields(a=TEXT, b=TEXT), fields(a=TEXT), "b", Kind.REMOVED, True, True),
    "a field becomes required": (fields(a=TEXT), fields(("a",), a=TEXT), "a", Kind.CHANGED, True, False),
    "a field becomes optional": (fields(("a",), a=TEXT), fields(a=TEXT), "a", Kind.CHANGED, False, True),
    "text becomes a number": (fields(a=TEXT), fields(a=NUMBER), "a", Kind.CHANGED, True, True),
    "integers become numbers": (fields(a=NUMBER), fields(a={"type": "number"}), "a", Kind.CHANGED, False, True),
    "numbers become integers": (fields(a={"type": "number"}), fields(a=NUMBER), "a", Kind.CHANGED, True, False),
    "a type is asked for": (fields(a={}), fields(a=TEXT), "a", Kind.CHANGED, True, False),
    "it may be null": (fields(a=TEXT), fields(a={**TEXT, "nullable": True}), "a", Kind.CHANGED, False, True),
    "it may not be null": (fields(a={**TEXT, "nullable": True}), fields(a=TEXT), "a", Kind.CHANGED, True, False),
    "a value is added": (fields(a={"enum": ["x"]}), fields(a={"enum": ["x", "y"]}), "a", Kind.ADDED, False, True),
    "a value is removed": (fields(a={"enum": ["x", "y"]}), fields(a={"enum": ["x"]}), "a", Kind.REMOVED, True, False),
    "values are listed": (fields(a=TEXT), fields(a={**TEXT, "enum": ["x"]}), "a", Kind.CHANGED, True, False),
    "a bound is set": (fields(a=TEXT), fields(a={**TEXT, "maxLength": 9}), "a", Kind.CHANGED, True, False),
    "a highest is lowered": (
        fields(a={**NUMBER, "maximum": 9}), fields(a={**NUMBER, "maximum": 8}), "a", Kind.CHANGED, True, False,
    ),
    "a lowest is lowered": (
        fields(a={**NUMBER, "minimum": 9}), fields(a={**NUMBER, "minimum": 8}), "a", Kind.CHANGED, False, True,
    ),
    "a bound is excluded": (
        fields(a={**NUMBER, "minimum": 9}),
        fields(a={**NUMBER, "minimum": 9, "exclusiveMinimum": True}),
        "a", Kind.CHANGED, True, False,
    ),
    "a pattern is another": (
        fields(a={**TEXT, "pattern": "x"}), fields(a={**TEXT, "pattern": "y"}), "a", Kind.CHANGED, True, True,
    ),
    "a default is another": (
        fields(a={**NUMBER, "default": 1}), fields(a={**NUMBER, "default": 2}), "a", Kind.CHANGED, True, False,
    ),
    "it is deprecated": (fields(a=TEXT), fields(a={**TEXT, "deprecated": True}), "a", Kind.DEPRECATED, False, False),
    "an item is another": (
        fields(a={"type": "array", "items": TEXT}), fields(a={"type": "array", "items": NUMBER}),
        "a", Kind.CHANGED, True, True,
    ),
    "a field of an item is removed": (
        fields(a={"type": "array", "items": fields(b=TEXT)}), fields(a={"type": "array", "items": fields()}),
        "a.b", Kind.REMOVED, True, True,
    ),
    "a form is added": (
        fields(a={"anyOf": [TEXT, NUMBER]}), fields(a={"anyOf": [TEXT, NUMBER, {"type": "boolean"}]}),
        "a", Kind.ADDED, False, True,
    ),
    "a form is removed": (
        fields(a={"anyOf": [TEXT, NUMBER]}), fields(a={"anyOf": [NUMBER]}), "a", Kind.REMOVED, True, False,
    ),
    "other fields are refused": (
        fields(a=fields()), fields(a={**fields(), "additionalProperties": False}), "a", Kind.CHANGED, True, False,
    ),
    "values of a mapping are others": (
        fields(a={"additionalProperties": TEXT}), fields(a={"additionalProperties": NUMBER}),
        "a.*", Kind.CHANGED, True, True,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "path", "kind", "breaks", "_"), MUTATIONS.values(), ids=MUTATIONS.keys())
def test_a_request_breaks_if_less_is_taken(old, new, path, kind, breaks, _):
    (found,) = differences(taking(old), taking(new))

    assert (found.kind, found.where, found.is_breaking) == (kind, f"POST /v2/mails request {path}", breaks)


@pytest.mark.parametrize(("old", "new", "path", "kind", "_", "breaks"), MUTATIONS.values(), ids=MUTATIONS.keys())
def test_an_answer_breaks_if_more_is_to_be_expected(old, new, path, kind, _, breaks):
    (found,) = differences(answering(old), answering(new))

    assert (found.kind, found.where, found.is_breaking) == (kind, f"POST /v2/mails answer 202 {path}", breaks)


@given(documents, st.sampled_from(sorted(MUTATIONS)), st.booleans())
def test_a_mutation_is_found_wherever_it_is(around, mutation, is_answer):
    old, new, path, kind, breaks_request, breaks_answer = MUTATIONS[mutation]
    before, after = deepcopy(around), deepcopy(around)
    before["components"]["schemas"]["Mail"], after["components"]["schemas"]["Mail"] = old, new
    put_reference(before, is_answer=is_answer)
    put_reference(after, is_answer=is_answer)

    (found,) = differences(before, after)

    part = "answer 202" if is_answer else "request"
    assert (found.kind, found.where) == (kind, f"POST /v2/mails {part} mails.{path}")
    assert found.is_breaking == (breaks_answer if is_answer else breaks_request)


def put_reference(one, *, is_answer):
    call = one["paths"]["/v2/mails"]["post"]
    holder = call["responses"]["202"] if is_answer else call["requestBody"]
    holder["content"]["application/json"]["schema"] = fields(mails={"type": "array", "items": MAIL})


# Whole calls.

QUERY = {"name": "limit", "in": "query", "schema": NUMBER}
HEADER = {"etag": {"schema": TEXT, "required": True}}
ANSWER = {"202": {"description": "", "headers": HEADER, "content": {"application/json": {"schema": TEXT}}}}
CALLS = {
    "a parameter is added": (document(), document(parameters=[QUERY]), "parameter limit", Kind.ADDED, False),
    "a required parameter is added": (
        document(), document(parameters=[{**QUERY, "required": True}]), "parameter limit", Kind.ADDED, True,
    ),
    "a parameter is removed": (document(parameters=[QUERY]), document(), "parameter limit", Kind.REMOVED, True),
    "a parameter becomes required": (
        document(parameters=[QUERY]), document(parameters=[{**QUERY, "required": True}]),
        "parameter limit", Kind.CHANGED, True,
    ),
    "a parameter is bounded": (
        document(parameters=[QUERY]), document(parameters=[{**QUERY, "schema": {**NUMBER, "maximum": 500}}]),
        "parameter limit", Kind.CHANGED, True,
    ),
    "a parameter is deprecated": (
        document(parameters=[QUERY]), document(parameters=[{**QUERY, "deprecated": True}]),
        "parameter limit", Kind.DEPRECATED, False,
    ),
    "a call is deprecated": (document(), document(deprecated=True), "", Kind.DEPRECATED, False),
    "a status is removed": (
        document(responses={**ANSWER, "200": {"description": ""}}), document(responses=ANSWER),
        "answer 200", Kind.REMOVED, True,
    ),
    "a status is added": (
        document(responses=ANSWER), document(responses={**ANSWER, "200": {"description": ""}}),
        "answer 200", Kind.ADDED, False,
    ),
    "a header is removed": (
        document(responses=ANSWER), document(responses={"202": {**ANSWER["202"], "headers": {}}}),
        "answer 202 header etag", Kind.REMOVED, True,
    ),
    "a type of content is removed": (
        document(responses=ANSWER), document(responses={"202": {**ANSWER["202"], "content": {}}}),
        "answer 202", Kind.REMOVED, True,
    ),
    "a body must be sent": (
        document(), document(requestBody={"required": True, "content": {}}), "request", Kind.ADDED, True,
    ),
    "credentials are asked for": (
        document(), document(security=[{"token": []}]), "", Kind.CHANGED, True,
    ),
    "other credentials do too": (
        document(security=[{"token": []}]), document(security=[{"token": []}, {"bearer": []}]), "", Kind.CHANGED, False,
    ),
    "words change": (document(), document(description="At once."), "", Kind.CHANGED, False),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "part", "kind", "is_breaking"), CALLS.values(), ids=CALLS.keys())
def test_a_change_of_a_call_is_found(old, new, part, kind, is_breaking):
    (found,) = differences(old, new)

    assert (found.kind, found.where, found.is_breaking) == (kind, f"POST /v2/mails {part}".strip(), is_breaking)


def test_calls_come_and_go():
    moved = document()
    moved["paths"]["/v2/letters"] = moved["paths"].pop("/v2/mails")

    added, removed = differences(document(), moved)

    assert added == (Kind.ADDED, "POST /v2/letters", "New call: Send a mail.", False)
    assert removed == (Kind.REMOVED, "POST /v2/mails", "The call is gone: Send a mail.", True)


def test_the_name_of_a_parameter_in_the_path_is_nobodys_business():
    def mail_by(name):
        one = document(parameters=[{"name": name, "in": "path", "required": True, "schema": TEXT}])
        one["paths"]["/v2/mails/{" + name + "}"] = one["paths"].pop("/v2/mails")
        return one

    assert differences(mail_by("id"), mail_by("mailId")) == [
        (Kind.CHANGED, "POST /v2/mails/{mailId}", "The description or an example was revised.", False)
    ]


def test_a_new_version_with_the_same_calls_is_no_difference():
    newer = document()
    newer["info"]["version"] = "2"

    assert differences(document(), newer) == []


def test_a_schema_may_contain_itself():
    old = fields(children={"type": "array", "items": {"$ref": "#/components/schemas/Tree"}})
    new = {**old, "properties": {**old["properties"], "name": TEXT}}
    tree = {"$ref": "#/components/schemas/Tree"}

    (found,) = differences(answering(tree, Tree=old), answering(tree, Tree=new))

    assert found.where == "POST /v2/mails answer 202 name"


def test_what_may_be_null_beside_a_reference_is_told_as_that():
    null = {"type": "object", "nullable": True, "enum": [None], "title": "null"}

    (found,) = differences(
        answering(fields(a=MAIL), Mail=fields(b=TEXT)),
        answering(fields(a={"anyOf": [MAIL, null]}), Mail=fields(b=TEXT)),
    )

    assert found == (Kind.CHANGED, "POST /v2/mails answer 202 a", "It may be null now.", True)


@given(documents, st.sampled_from(["openapi", "info", "paths", "components"]))
def test_a_document_that_lacks_something_is_compared_all_the_same(one, missing):
    less = {key: value for key, value in one.items() if key != missing}

    assert isinstance(differences(one, less) + differences(less, one), list)
