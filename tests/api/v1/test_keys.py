"""API keys over HTTP: what is shown once, what is kept, and how names of origins are read."""

from datetime import UTC, datetime, timedelta

import pytest

from couvert.commands.keys import hash_of
from tests.api.v1.service import TEN_THIRTY


async def create(service, **changes):
    body = {"name": "My API Key", "origin_names": ["app.example.com"], **changes}
    return await service.request("POST", "/v1/api-key", json=body)


async def test_a_new_key_sends_mail_at_once(service):
    key = (await create(service)).json()["data"]["api_key"]

    assert (await service.post_mail(key)).status_code == 200


async def test_a_key_is_kept_as_a_hash_only(service):
    key = (await create(service)).json()["data"]["api_key"]

    dump = "\n".join(service.store._reader.iterdump())
    assert key not in dump
    assert hash_of(key).hex() in dump.lower()


async def test_a_deleted_key_sends_nothing_and_cannot_be_deleted_twice(service, key):
    assert (await service.request("DELETE", f"/v1/api-key/{key}")).status_code == 200

    assert (await service.post_mail(key)).status_code == 401
    assert (await service.request("DELETE", f"/v1/api-key/{key}")).status_code == 404
    assert (await service.request("POST", f"/v1/api-key/{key}/origins", json={"origin_names": []})).status_code == 404


async def test_an_added_origin_counts_at_once(service, key):
    before = await service.post_mail(key, origin="https://new.example.com")
    await service.request("POST", f"/v1/api-key/{key}/origins", json={"origin_names": ["new.example.com"]})
    after = await service.post_mail(key, origin="https://new.example.com")

    assert (before.status_code, after.status_code) == (401, 200)


async def test_origins_that_a_key_has_already_are_not_added_again(service, key):
    answer = await service.request("POST", f"/v1/api-key/{key}/origins", json={"origin_names": ["APP.example.com"]})

    assert answer.json()["data"]["added_origins"] == []


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("example.com", "example.com"),
        ("https://App.Example.com", "app.example.com"),
        ("https://app.example.com:8443/", "app.example.com:8443"),
        (" app.example.com ", "app.example.com"),
        ("*.example.com", "*.example.com"),
        ("localhost:4321", "localhost:4321"),
        ("bücher.example", "xn--bcher-kva.example"),
    ],
)
async def test_an_origin_is_kept_as_a_host(service, given, kept):
    answer = await create(service, origin_names=[given])

    assert [origin["name"] for origin in answer.json()["data"]["origins"]] == [kept]


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "*",
        "https://",
        "a b",
        "example.com/path",
        "user@example.com",
        "a..b",
        "exa\nmple.com",
        "\x00",
        "x" * 1_001,
        7,
    ],
)
async def test_what_is_no_origin_is_a_fault_in_its_place(service, wrong):
    answer = await create(service, origin_names=["good.example.com", wrong])

    assert answer.status_code == 422
    assert [fault["loc"] for fault in answer.json()["details"]] == [["origin_names", 1]]


async def test_a_hundred_origins_fit_into_a_request_and_one_more_does_not(service):
    hundred = [f"o{n}.example.com" for n in range(100)]

    assert (await create(service, origin_names=hundred)).status_code == 200
    assert (await create(service, origin_names=[*hundred, "one.more.example.com"])).status_code == 422


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("2026-01-27T10:30:00Z", "2026-01-27T10:30:00Z"),
        ("2026-01-27T12:30:00+02:00", "2026-01-27T10:30:00Z"),
        ("2026-01-27T10:30:00", "2026-01-27T10:30:00Z"),
        ("2026-01-27T10:30:00.999Z", "2026-01-27T10:30:00Z"),
        ("2026-01-27", "2026-01-27T00:00:00Z"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
        (None, None),
    ],
)
async def test_an_expiry_is_read_as_utc_where_it_names_no_zone(service, given, shown):
    assert (await create(service, expires_at=given)).json()["data"]["expires_at"] == shown


@pytest.mark.parametrize(
    "wrong", ["tomorrow", "", True, [], "9999-12-31T23:59:59-12:00", "2026-13-01T00:00:00Z", 1e300]
)
async def test_what_is_no_time_is_a_fault(service, wrong):
    answer = await create(service, expires_at=wrong)

    assert answer.status_code == 422
    assert [fault["loc"] for fault in answer.json()["details"]] == [["expires_at"]]


@pytest.mark.parametrize("past", ["2025-01-27T10:30:00Z", "0001-01-01T00:00:00Z", "1969-12-31"])
async def test_an_expiry_in_the_past_breaks_a_rule(service, past):
    answer = await create(service, expires_at=past)

    assert answer.status_code == 400
    assert "past" in answer.json()["message"]


async def test_a_key_expires_at_its_time(service):
    expires_at = (datetime.fromtimestamp(TEN_THIRTY / 1000, UTC) + timedelta(hours=1)).isoformat()
    key = (await create(service, expires_at=expires_at)).json()["data"]["api_key"]

    service.clock.now += 3_599_999
    assert (await service.post_mail(key)).status_code == 200
    service.clock.now += 1
    assert (await service.post_mail(key)).status_code == 401


@pytest.mark.parametrize("name", ["", "a\nb", None, 7, "x" * 1_001])
async def test_a_key_has_a_name_of_one_line(service, name):
    answer = await create(service, name=name)

    assert [fault["loc"] for fault in answer.json()["details"]] == [["name"]]
