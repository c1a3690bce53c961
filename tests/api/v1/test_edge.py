"""What every request meets on its way in and out: ids, logs, types, lengths, methods, and a word for each refusal."""

import re

import pytest
from structlog.contextvars import get_contextvars, merge_contextvars
from structlog.testing import capture_logs

from couvert.api import refusals as _of_the_edge  # noqa: F401 - so that its subclasses exist
from couvert.api.v1.errors import POLICY
from couvert.domain.refusals import NotFromProvider, Refusal, Unavailable
from couvert.domain.suppression import RecipientSuppressed
from tests.api.v1.service import MAIL


async def logged(service, method, path, **given):
    with capture_logs(processors=[merge_contextvars]) as lines:
        answer = await service.request(method, path, **given)
    return answer, lines


# --- Ids and logs -----------------------------------------------------------------------------------------------------


async def test_a_request_has_one_id_in_its_answer_its_body_and_its_log(service):
    answer, lines = await logged(service, "POST", "/v1/api-key", json={})

    request_id = answer.headers["X-Request-ID"]
    assert re.fullmatch(r"[0-9a-f]{12}", request_id)
    assert answer.json()["request_id"] == request_id
    assert [line["request_id"] for line in lines] == [request_id]
    assert get_contextvars() == {}


async def test_a_clients_own_request_id_is_not_taken_over(service):
    answer = await service.request("GET", "/v1/health", headers={"X-Request-ID": "mine"})

    assert answer.headers.get_list("X-Request-ID") != ["mine"]
    assert len(answer.headers.get_list("X-Request-ID")) == 1


async def test_a_request_is_logged_by_its_template(service, key):
    _, lines = await logged(service, "DELETE", f"/v1/api-key/{key}")

    (line,) = lines
    assert {name: line[name] for name in ("event", "method", "route", "status")} == {
        "event": "request",
        "method": "DELETE",
        "route": "/v1/api-key/{api_key}",
        "status": 200,
    }
    assert line["milliseconds"] >= 0


@pytest.mark.parametrize(
    ("method", "path"), [("DELETE", "/v1/api-key/{key}"), ("GET", "/v1/api-key/{key}"), ("GET", "/{key}")]
)
async def test_no_log_names_a_key_or_an_address(service, key, method, path, monkeypatch):
    headers = {"x-api-key": key, "origin": "https://app.example.com"}
    _, mail = await logged(service, "POST", "/v1/mail", headers=headers, json=MAIL)
    _, other = await logged(service, method, path.format(key=key), headers=headers)

    assert not re.search(rf"{key}|john@|support@|app\.example", repr(mail + other))


async def test_a_crash_is_logged_in_full_and_answered_with_a_number(service, key, monkeypatch):
    async def crash(_hash):
        raise RuntimeError("the password is hunter2")

    monkeypatch.setattr(service.store, "key", crash)
    answer, lines = await logged(service, "DELETE", f"/v1/api-key/{key}")

    crashed, request = lines
    assert answer.status_code == request["status"] == 500
    assert answer.json() == {"error": "Internal server error", "request_id": crashed["request_id"]}
    assert (crashed["event"], crashed["route"]) == ("request.crashed", "/v1/api-key/{api_key}")
    assert crashed["exc_info"]


async def test_what_the_store_says_is_for_the_log_alone(service, key, monkeypatch):
    async def unreadable(_hash):
        raise Unavailable("disk I/O error in /var/lib/couvert")

    monkeypatch.setattr(service.store, "key", unreadable)
    answer, lines = await logged(service, "DELETE", f"/v1/api-key/{key}")

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"
    assert "disk" not in answer.text
    assert lines[0]["trouble"] == "disk I/O error in /var/lib/couvert"


# --- Addresses and methods --------------------------------------------------------------------------------------------


async def test_health_can_be_asked_for_without_a_body(service):
    answer = await service.request("HEAD", "/v1/health")

    assert (answer.status_code, answer.content, answer.headers["Content-Length"]) == (200, b"", "4")


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/v1/health", "GET, HEAD"),
        ("/v1/mail", "POST"),
        ("/v1/api-key", "POST"),
        ("/v1/api-key/ak_x", "DELETE"),
        ("/v1/api-key/ak_x/origins", "POST"),
    ],
)
@pytest.mark.parametrize("method", ["PUT", "PATCH", "OPTIONS", "QUERY"])
async def test_another_method_is_told_which_there_are(service, method, path, allowed):
    answer = await service.request(method, path)

    assert answer.status_code == 405
    assert answer.headers["Allow"] == allowed


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1/mail/", "/v1/api-key/a/b", "/v1/mail%00"])
async def test_other_addresses_lead_nowhere(service, path):
    answer = await service.request("POST", path)

    assert answer.status_code == 404
    assert list(answer.json()) == ["status", "message", "error_type", "details"]


# --- Types and lengths ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON;charset=ISO-8859-1",
        "application/ld+json",
        " application/json ",
        "",
    ],
)
async def test_json_has_many_names_and_may_go_without(service, key, content_type):
    answer = await service.post_mail(key, headers={"Content-Type": content_type})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/xml",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "text/json",
        "application/x-www-form-urlencoded",
        "json",
        "application/json, text/plain",
    ],
)
async def test_other_types_are_refused(service, key, content_type):
    assert (await service.post_mail(key, headers={"Content-Type": content_type})).status_code == 415


async def test_a_compressed_body_is_refused(service, key):
    assert (await service.post_mail(key, headers={"Content-Encoding": "gzip"})).status_code == 415


async def test_a_body_of_exactly_the_limit_fits(open_service):
    service = open_service(v1_max_body=2_000)
    key = await service.new_key()
    body = b'{"name": "' + b"x" * 1_988 + b'"}'
    assert len(body) == 2_000

    assert (await service.post_mail(key, content=body)).status_code == 422
    assert (await service.post_mail(key, content=body + b" ")).status_code == 413


async def test_a_body_of_unknown_length_is_read_no_further_than_the_limit(open_service, monkeypatch):
    monkeypatch.setattr("couvert.api.body.LINGER_BYTES", 5_000)
    service = open_service(v1_max_body=10_000)
    key = await service.new_key()
    read = []

    async def endless():
        while True:
            read.append(1_000)
            yield b"x" * 1_000

    headers = {"x-api-key": key, "origin": "https://app.example.com"}
    answer = await service.request("POST", "/v1/mail", headers=headers, content=endless())

    assert answer.status_code == 413
    assert sum(read) <= 16_000


# --- The table --------------------------------------------------------------------------------------------------------


def all_refusals(base: type[Refusal] = Refusal) -> set[type[Refusal]]:
    deeper = {each for direct in base.__subclasses__() for each in all_refusals(direct)}
    return (deeper | {base}) - {Refusal}


def is_for_edges(refusal: type[Refusal]) -> bool:
    """Those of /v2 are none of /v1's, notices of providers neither; and one is between the store and its commands."""
    return "v2" not in refusal.__module__ and refusal not in {RecipientSuppressed, NotFromProvider}


@pytest.mark.parametrize("code", sorted({each.code for each in all_refusals() if is_for_edges(each)}))
def test_every_refusal_has_its_status_and_shape(code):
    assert code in POLICY
