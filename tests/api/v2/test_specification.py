"""The specification: valid, complete, committed as it is served, with examples that are sent to the service."""

import json
from collections.abc import Iterator

import pytest
from openapi_spec_validator import validate

from couvert.api.v2 import errors, routes
from couvert.api.v2.specification.words import REASONS, TAGS
from tests.api.v2.platform import SPECIFICATION, Operation, Platform, Specification, serving

COMMITTED = Specification.committed()
OPERATIONS = COMMITTED.operations


@pytest.fixture
def document(hall):
    return json.loads(routes.specification(hall.service.parts))


def test_the_committed_document_is_the_one_that_is_served(hall):
    served = routes.specification(hall.service.parts)

    assert SPECIFICATION.read_bytes() == served, (
        "the API is another than docs/openapi.json says: run `make openapi`, and look at what `git diff` shows"
    )


def test_it_is_valid(document):
    validate(document)

    assert document["openapi"] == "3.0.3"


def test_every_call_is_in_it(hall, document):
    calls = {(call.method.lower(), call.path) for call in routes.calls(hall.service.parts)}

    assert {(method, path) for path, item in document["paths"].items() for method in item} == calls


def test_every_call_has_a_name_of_its_own_and_words(document):
    operations = [node for item in document["paths"].values() for node in item.values()]

    assert len({node["operationId"] for node in operations}) == len(operations)
    assert [node["operationId"] for node in operations if not node["summary"] or node["summary"].endswith(".")] == []


def test_every_tag_is_described(document):
    assert {tag["name"] for tag in document["tags"]} <= TAGS.keys()


def test_every_reason_is_described():
    assert errors.POLICY.keys() <= REASONS.keys()


def test_nothing_is_in_it_that_nobody_refers_to(document):
    text = json.dumps(document)
    parts = [
        f"#/components/{kind}/{name}"
        for kind, parts in document["components"].items()
        for name in parts
        if kind != "securitySchemes"
    ]

    assert [part for part in parts if f'"{part}"' not in text] == []


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_its_examples_are_as_its_schemas_say(operation):
    faults = []
    if operation.example is not None:
        faults += COMMITTED.faults(operation.content["schema"], operation.example)
    for node in operation.node["responses"].values():
        for media in COMMITTED.resolved(node).get("content", {}).values():
            for example in media.get("examples", {}).values():
                faults += COMMITTED.faults(media["schema"], example["value"])

    assert faults == []


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_every_call_that_takes_a_body_has_an_example_unless_only_the_provider_can_sign_it(operation):
    takes_a_body = "requestBody" in operation.node and not operation.path.startswith("/v2/provider/")

    assert takes_a_body == (operation.example is not None)


# What the service answers to its own examples: written first, then read, then changed, then deleted.

STEPS = ["POST", "GET", "PUT", "DELETE"]


def in_order(operation: Operation) -> tuple[int, int, int]:
    """Creates before what goes on with them; what was created within something is deleted before it."""
    depth = operation.path.count("{")
    step = STEPS.index(operation.method)
    return step, -depth if step == 3 else depth, OPERATIONS.index(operation)


@pytest.fixture(scope="module")
def platform(tmp_path_factory) -> Iterator[Platform]:
    with serving(tmp_path_factory.mktemp("platform")) as platform:
        yield platform


@pytest.mark.slow
@pytest.mark.parametrize("operation", [one for one in sorted(OPERATIONS, key=in_order) if not one.is_endless], ids=str)
@pytest.mark.parametrize("prefer", ["envelope=full", "envelope=none"])
def test_an_example_is_answered_as_it_is_documented(platform, operation, prefer):
    answer = platform.ask(operation, body=operation.example, prefer=prefer)

    assert COMMITTED.faults_of(operation, answer) == []
    if operation.example is not None and "{" not in operation.path and prefer == "envelope=full":
        assert str(answer.status_code) == operation.success, answer.text


@pytest.mark.slow
@pytest.mark.parametrize("operation", [one for one in OPERATIONS if not one.is_open], ids=str)
def test_nobody_is_let_in_without_a_token(platform, operation):
    stranger = Platform(platform.url, "")

    answer = stranger.ask(operation, body=operation.example)

    assert answer.status_code == 401
    assert COMMITTED.faults_of(operation, answer) == []
