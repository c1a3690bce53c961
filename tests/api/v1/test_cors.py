"""Which browser apps may read the answers, whatever the answer is."""

import sqlite3

import pytest

from couvert.api.cors import ANSWER_HEADERS, REQUEST_HEADERS
from couvert.domain.refusals import Unavailable
from tests.api.v1.service import ORIGIN

LOCAL = "http://localhost:4321"
THREE = ["Access-Control-Allow-Origin", "Access-Control-Allow-Methods", "Access-Control-Allow-Headers"]


async def allowed(service, origin, path="/v1/health", method="GET"):
    answer = await service.request(method, path, headers={"Origin": origin})
    assert answer.headers["Vary"] == "Origin"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    found = [name for name in THREE if name in answer.headers]
    assert found in ([], THREE)
    assert answer.headers.get("Access-Control-Allow-Origin", origin) == origin
    return bool(found)


@pytest.mark.parametrize(
    "origin", [LOCAL, "https://app.example.com", "https://app.example.com:8443", "http://app.example.com"]
)
async def test_configured_origins_and_those_of_keys_are_echoed(service, key, origin):
    assert await allowed(service, origin)


@pytest.mark.parametrize(
    "origin", ["http://localhost:4322", "https://localhost:4321", "https://evil.example", "null", "*", "", "x" * 9_000]
)
async def test_others_are_not(service, key, origin):
    assert not await allowed(service, origin)


async def test_origins_can_be_configured(open_service):
    service = open_service(cors_origins="https://one.example.com/, https://Two.example.com")

    assert await allowed(service, "https://one.example.com")
    assert await allowed(service, "https://two.example.com")
    assert not await allowed(service, LOCAL)


async def test_without_an_origin_there_is_nothing_to_allow_but_caches_are_told(service):
    answer = await service.request("GET", "/v1/health")

    assert answer.headers["Vary"] == "Origin"
    assert not [name for name in THREE if name in answer.headers]


async def test_an_origin_goes_with_its_key(service, key):
    await service.parts.keys.delete(key)

    assert not await allowed(service, ORIGIN)


async def test_an_origin_goes_when_its_key_expires(service):
    await service.new_key("brief.example.com", expires_at=service.clock() + 1)

    assert await allowed(service, "https://brief.example.com")
    service.clock.now += 1
    assert not await allowed(service, "https://brief.example.com")


@pytest.mark.parametrize("sent_along", [{}, {"x-api-key": "ak_its_own"}])
async def test_an_app_can_read_that_it_deleted_its_own_key(service, key, sent_along):
    answer = await service.request("DELETE", f"/v1/api-key/{key}", headers={"Origin": ORIGIN, **sent_along})

    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/v1/nothing", 404), ("PUT", "/v1/mail", 405), ("POST", "/v1/mail", 401), ("POST", "/v1/api-key", 400)],
)
async def test_errors_can_be_read_too(service, key, method, path, status):
    answer = await service.request(method, path, headers={"Origin": ORIGIN})

    assert answer.status_code == status
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN


async def test_a_crash_can_be_read_too(service, key, monkeypatch):
    async def crash(_hash):
        raise sqlite3.InternalError

    monkeypatch.setattr(service.store, "key", crash)
    answer = await service.post_mail(key)

    assert answer.status_code == 500
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN


async def test_a_store_that_cannot_be_read_leaves_the_configured_origins(service, key, monkeypatch):
    async def unreadable(_names, _now):
        raise Unavailable("no")

    monkeypatch.setattr(service.store, "is_key_origin", unreadable)

    assert await allowed(service, LOCAL)
    assert not await allowed(service, ORIGIN)


async def test_two_origins_are_none(service, key):
    answer = await service.request("GET", "/v1/health", headers=[("Origin", ORIGIN), ("Origin", LOCAL)])

    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("path", ["/v1/mail", "/v1/api-key/ak_x", "/v1/nothing"])
async def test_a_preflight_allows_and_exposes_what_clients_need(service, key, path):
    headers = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-api-key"}

    answer = await service.request("OPTIONS", path, headers=headers)

    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert {"POST", "DELETE"} <= set(answer.headers["Access-Control-Allow-Methods"].split(", "))
    assert answer.headers["Access-Control-Allow-Headers"] == REQUEST_HEADERS
    assert answer.headers["Access-Control-Expose-Headers"] == ANSWER_HEADERS
    assert "X-Request-ID" in answer.headers


async def test_a_preflight_of_v2_has_what_every_answer_there_has(service, key):
    answer = await service.request(
        "OPTIONS", "/v2/mails", headers={"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
    )

    assert answer.headers["X-RateLimit-Exempt"] == "yes"
    assert set(answer.headers.get_list("Vary")) == {"Prefer", "Origin"}


async def test_a_preflight_of_a_stranger_allows_nothing(service, key):
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}

    answer = await service.request("OPTIONS", "/v1/mail", headers=headers)

    assert not [name for name in THREE if name in answer.headers]


@pytest.mark.parametrize(
    "name",
    ["Content-Type", "X-Api-Key", "X-Access-Token", "Authorization", "If-Event-Reached", "Idempotency-Key", "Prefer"],
)
def test_what_v1_promises_to_take_is_allowed(name):
    assert name in REQUEST_HEADERS.split(", ")
