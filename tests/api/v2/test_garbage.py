"""What no client of good will sends, to every call: refused as it is documented, and never a crash."""

import re
from collections.abc import Iterator

import httpx2
import pytest

from tests.api.v2.platform import Operation, Platform, Specification, serving

pytestmark = pytest.mark.slow

specification = Specification.committed()
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "BREW")
HALF = b'"\\ud800"'
NAMES = (
    "name",
    "description",
    "email",
    "url",
    "expiresAt",
    "subject",
    "text",
    "htmlTemplate",
    "sender",
    "tags",
    "types",
)
BODIES = {
    "nothing": b"",
    "half an object": b'{"a":1',
    "a name twice": b'{"a":1,"a":1}',
    "another type": b"[]",
    "no object": b"17",
    "no UTF-8": b'{"name":"\xff"}',
    "half a surrogate pair": b"{" + b",".join(b'"%s":%s' % (name.encode(), HALF) for name in NAMES) + b"}",
    "NUL": b"{" + b",".join(b'"%s":"\\u0000"' % name.encode() for name in NAMES) + b"}",
    "a number beyond all": b'{"name":' + b"9" * 5_000 + b',"dailyQuota":1e999}',
    "a nest": b'{"a":' * 50_000,
    "a deep value": b'{"name":' + b"[" * 500 + b"]" * 500 + b"}",
}
with_json = [one for one in specification.operations if one.media_type == "application/json"]
exact = {"reason": "Not Found", "message": "The requested route or method was not found."}


@pytest.fixture(scope="module")
def platform(tmp_path_factory) -> Iterator[Platform]:
    with serving(tmp_path_factory.mktemp("platform")) as platform:
        yield platform


def ask(platform: Platform, method: str, path: str, body: bytes | None = None, **headers: str) -> httpx2.Response:
    sent = {"X-Access-Token": platform.token, "Content-Type": "application/json", **headers}
    return httpx2.request(method, platform.url + re.sub(r"{\w+}", "x", path), headers=sent, content=body, timeout=30)


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("operation", with_json, ids=str)
def test_a_body_that_makes_no_sense_is_refused_as_it_is_documented(platform: Platform, operation: Operation, body):
    enveloped = ask(platform, operation.method, operation.path, body)
    bare = ask(platform, operation.method, operation.path, body, Prefer="envelope=none")

    assert {enveloped.status_code, bare.status_code} <= {400, 404}
    assert specification.faults_of(operation, enveloped) + specification.faults_of(operation, bare) == []


@pytest.mark.parametrize("path", specification.document["paths"])
def test_a_method_that_an_address_does_not_have_is_no_route(platform: Platform, path):
    others = [method for method in METHODS if method.lower() not in specification.document["paths"][path]]

    answers = [ask(platform, method, path) for method in others]

    assert {answer.status_code for answer in answers} == {404}
    assert all(answer.json()["error"]["errors"] == [exact] for answer in answers)


@pytest.mark.parametrize("operation", specification.operations, ids=str)
def test_a_malformed_header_is_refused_by_every_call(platform: Platform, operation: Operation):
    answer = ask(platform, operation.method, operation.path, b"{}", **{"If-Event-Reached": "abc"})

    assert answer.status_code == 400
    assert [item["reason"] for item in answer.json()["error"]["errors"]] == ["If-Event-Reached"]
    assert specification.faults_of(operation, answer) == []
