"""API keys as resources of /v2: made, read, replaced, restricted and deleted, and obeyed by /v1 at once."""

import re
from typing import Any

import pytest

from tests.api.v1.service import ORIGIN

BARE = {"Prefer": "envelope=none"}
RESTRICTED: dict[str, Any] = {
    "name": "Shop",
    "expiresAt": "2030-01-31T13:00:00+01:00",
    "origins": ["https://App.Example.com", "*.example.org"],
    "allowedSenders": ["Support@Example.com", "example.org"],
    "allowedNetworks": ["127.0.0.0/8", "2001:DB8::/32"],
    "rateLimit": {"limit": 100, "periodSeconds": 60},
    "dailyQuota": 3,
}
NOW = "2025-01-27T10:30:00.000Z"
AS_STORED: dict[str, Any] = {
    "name": "Shop",
    "createdAt": NOW,
    "expiresAt": "2030-01-31T12:00:00.000Z",
    "origins": [{"name": "app.example.com", "createdAt": NOW}, {"name": "*.example.org", "createdAt": NOW}],
    "allowedSenders": ["support@example.com", "example.org"],
    "allowedNetworks": ["127.0.0.0/8", "2001:db8::/32"],
    "rateLimit": {"limit": 100, "periodSeconds": 60},
    "dailyQuota": 3,
    "usedToday": 0,
}


@pytest.fixture
def ask(service, tokens):
    """`ask("GET", "", token="bob")`"""

    async def asking(method, path="", token="alice", headers=None, **given):
        sent = {"X-Access-Token": tokens[token], **(headers or {})}
        return await service.request(method, f"/v2/api-keys{path}", headers=sent, **given)

    return asking


@pytest.fixture
async def created(ask):
    answer = await ask("POST", json=RESTRICTED)
    return answer.json()["data"]


def reasons(answer):
    return [item["reason"] for item in answer.json()["error"]["errors"]]


async def test_a_key_is_created_and_shown_once(ask, service):
    answer = await ask("POST", json=RESTRICTED)

    data = answer.json()["data"]
    assert answer.status_code == 201
    assert re.fullmatch(r"ak_[0-9a-f]{40}", data.pop("apiKey"))
    assert data == {"keyId": data["keyId"], **AS_STORED}
    assert answer.headers["etag"] == str(await service.store.position())
    assert (await ask("GET", f"/{data['keyId']}")).json()["data"] == data


async def test_a_name_is_all_that_a_key_needs(ask):
    data = (await ask("POST", json={"name": " till "})).json()["data"]

    assert (data["name"], data["origins"], data["allowedSenders"], data["allowedNetworks"]) == ("till", [], [], [])
    assert (data["expiresAt"], data["rateLimit"], data["dailyQuota"], data["usedToday"]) == (None, None, None, None)


async def test_a_bare_answer_is_the_key_without_what_is_absent(ask):
    answer = await ask("POST", headers=BARE, json={"name": "till"})

    assert answer.status_code == 201
    assert set(answer.json()) == {
        "keyId", "name", "createdAt", "origins", "allowedSenders", "allowedNetworks", "apiKey",
    }  # fmt: skip


async def test_a_repeat_makes_no_second_key_and_shows_no_secret(ask):
    first = await ask("POST", headers={"Idempotency-Key": "k"}, json=RESTRICTED)
    again = await ask("POST", headers={"Idempotency-Key": "k"}, json=RESTRICTED)

    assert again.status_code == 201
    assert again.json()["data"] == {**first.json()["data"], "apiKey": None}
    assert again.headers["etag"] == first.headers["etag"]
    assert len((await ask("GET")).json()["data"]["apiKeys"]) == 1


@pytest.mark.parametrize(("changes", "reason"), [
    ({"name": " "}, "name"),
    ({"name": "two\nlines"}, "name"),
    ({"expiresAt": "2025-01-27T10:30:00Z"}, "expiresAt"),
    ({"expiresAt": "2030-01-31T12:00:00"}, "expiresAt"),
    ({"expiresAt": "0001-01-01T00:00:00+23:59"}, "expiresAt"),
    ({"expiresAt": 1_900_000_000}, "expiresAt"),
    ({"origins": ["app.example.com."]}, "origins.0"),
    ({"origins": None}, "origins"),
    ({"allowedSenders": ["example.com", "shop@"]}, "allowedSenders.1"),
    ({"allowedNetworks": ["192.0.2.1/24"]}, "allowedNetworks.0"),
    ({"rateLimit": {"limit": 0, "periodSeconds": 60}}, "rateLimit.limit"),
    ({"rateLimit": {"limit": 1}}, "rateLimit.periodSeconds"),
    ({"dailyQuota": 0}, "dailyQuota"),
])  # fmt: skip
async def test_a_fault_is_told_with_its_place_and_nothing_is_made(ask, service, changes, reason):
    answer = await ask("POST", json={**RESTRICTED, **changes})

    assert (answer.status_code, reasons(answer)) == (400, [reason])
    assert await service.store.keys() == []


async def test_keys_are_listed_by_page_without_deleted_ones(ask):
    ids = [(await ask("POST", json={"name": f"n{n}"})).json()["data"]["keyId"] for n in range(4)]
    await ask("DELETE", f"/{ids[1]}")

    listed = await ask("GET", "?limit=2&page=2")
    bare = await ask("GET", "?limit=2", headers=BARE)

    assert [key["name"] for key in listed.json()["data"]["apiKeys"]] == ["n3"]
    assert listed.json()["meta"]["totalCount"] == 3
    assert [key["name"] for key in bare.json()] == ["n0", "n2"]
    assert bare.headers["X-Pagination-TotalCount"] == "3"


async def test_nobody_reads_a_secret_again(ask, created):
    for answer in (await ask("GET"), await ask("GET", f"/{created['keyId']}")):
        assert '"apiKey"' not in answer.text
        assert created["apiKey"] not in answer.text


async def test_a_replaced_key_has_what_was_asked_for_and_nothing_else(ask, created, service):
    answer = await ask("PUT", f"/{created['keyId']}", json={"name": "till", "dailyQuota": 7})

    data = answer.json()["data"]
    assert answer.status_code == 200
    assert (data["name"], data["expiresAt"], data["allowedSenders"], data["rateLimit"]) == ("till", None, [], None)
    assert (data["dailyQuota"], data["origins"]) == (7, AS_STORED["origins"])
    assert answer.headers["etag"] == str(await service.store.position())
    assert (await ask("GET", f"/{created['keyId']}")).json()["data"] == data


async def test_a_key_that_is_replaced_by_itself_answers_where_the_log_is(ask, created, service):
    before = await service.store.position()

    answer = await ask("PUT", f"/{created['keyId']}", json=RESTRICTED)

    assert (answer.status_code, answer.headers["etag"]) == (200, str(before))
    assert await service.store.position() == before


async def test_a_bare_put_or_delete_answers_nothing_but_its_event(ask, created):
    put = await ask("PUT", f"/{created['keyId']}", headers=BARE, json={"name": "till"})
    delete = await ask("DELETE", f"/{created['keyId']}", headers=BARE)

    assert [(each.status_code, each.content) for each in (put, delete)] == [(204, b""), (204, b"")]
    assert int(put.headers["etag"]) < int(delete.headers["etag"])


async def test_a_deleted_key_is_gone(ask, created, service):
    answer = await ask("DELETE", f"/{created['keyId']}")

    assert (answer.status_code, answer.json()["data"]) == (200, {})
    assert (await ask("GET", f"/{created['keyId']}")).status_code == 404
    assert (await ask("DELETE", f"/{created['keyId']}")).status_code == 404
    assert (await service.post_mail(created["apiKey"])).status_code == 401


@pytest.mark.parametrize(("method", "path", "body"), [
    ("GET", "/unknown", None),
    ("PUT", "/unknown", {"name": "till"}),
    ("DELETE", "/unknown", None),
    ("GET", "/unknown/origins", None),
    ("POST", "/unknown/origins", {"name": "a.example"}),
    ("DELETE", "/unknown/origins/a.example", None),
])  # fmt: skip
async def test_a_key_that_never_was_is_not_found(ask, method, path, body):
    answer = await ask(method, path, json=body)

    assert (answer.status_code, reasons(answer)) == (404, ["not_found"])


async def test_a_token_that_may_only_read_changes_nothing(ask, created):
    assert (await ask("GET", token="bob")).status_code == 200
    assert reasons(await ask("POST", token="bob", json=RESTRICTED)) == ["missing_role"]
    assert reasons(await ask("DELETE", f"/{created['keyId']}", token="bob")) == ["missing_role"]


# --- Origins ----------------------------------------------------------------------------------------------------------


async def test_an_origin_is_added_listed_and_removed(ask, created, service):
    path = f"/{created['keyId']}/origins"
    added = await ask("POST", path, json={"name": "http://localhost:4321"})
    removed = await ask("DELETE", f"{path}/app.example.com")
    listed = await ask("GET", path)

    assert (added.status_code, added.json()["data"]) == (201, {"name": "localhost:4321", "createdAt": NOW})
    assert (removed.status_code, removed.json()["data"]) == (200, {})
    assert int(added.headers["etag"]) < int(removed.headers["etag"])
    assert [origin["name"] for origin in listed.json()["data"]["origins"]] == ["*.example.org", "localhost:4321"]
    assert (await service.post_mail(created["apiKey"], origin="http://localhost:4321")).status_code == 200
    assert (await service.post_mail(created["apiKey"])).status_code == 401


async def test_an_origin_that_is_there_stays_as_it_is(ask, created, service):
    service.clock.now += 1_000
    before = await service.store.position()

    answer = await ask("POST", f"/{created['keyId']}/origins", json={"name": "app.example.com"})

    assert (answer.status_code, answer.json()["data"]["createdAt"]) == (201, NOW)
    assert answer.headers["etag"] == str(before)


async def test_a_repeated_origin_is_replayed(ask, created):
    path = f"/{created['keyId']}/origins"
    first = await ask("POST", path, headers={"Idempotency-Key": "k"}, json={"name": "new.example"})
    again = await ask("POST", path, headers={"Idempotency-Key": "k"}, json={"name": "new.example"})

    assert again.json()["data"] == first.json()["data"]
    assert (again.headers["etag"], again.headers["Idempotent-Replayed"]) == (first.headers["etag"], "true")


@pytest.mark.parametrize("name", ["a.example.org", "%2A.example.net", "%0A", "app.example.com."])
async def test_an_origin_that_is_not_there_cannot_be_removed(ask, created, name):
    assert (await ask("DELETE", f"/{created['keyId']}/origins/{name}")).status_code == 404


async def test_a_wildcard_is_removed_by_its_encoded_name(ask, created):
    assert (await ask("DELETE", f"/{created['keyId']}/origins/%2A.example.org")).status_code == 200


async def test_a_bare_list_of_origins_is_an_array(ask, created):
    answer = await ask("GET", f"/{created['keyId']}/origins?limit=1", headers=BARE)

    assert answer.json() == AS_STORED["origins"][:1]
    assert answer.headers["X-Pagination-TotalCount"] == "2"


# --- What /v1 makes of them -------------------------------------------------------------------------------------------


async def test_what_was_sent_today_is_told_with_the_quota(ask, created, service):
    await service.post_mail(created["apiKey"], recipients=[{"mail": "a@example.com"}, {"mail": "b@example.com"}])

    assert (await ask("GET", f"/{created['keyId']}")).json()["data"]["usedToday"] == 2


async def test_a_restriction_holds_with_the_next_request_and_is_lifted_as_soon(ask, created, service):
    narrow = {**RESTRICTED, "allowedSenders": ["shop@example.com"]}

    statuses = [(await service.post_mail(created["apiKey"], origin=ORIGIN)).status_code]
    for body in (narrow, RESTRICTED):
        await ask("PUT", f"/{created['keyId']}", json=body)
        statuses.append((await service.post_mail(created["apiKey"], origin=ORIGIN)).status_code)

    assert statuses == [200, 400, 200]


async def test_a_token_that_was_revoked_meanwhile_changes_nothing(ask, service, tokens, monkeypatch):
    """By another process: this one still remembers it as good."""
    [token] = await service.store.tokens((await service.parts.callers.find(tokens["alice"], fresh=False)).user)
    monkeypatch.setattr(type(service.parts.callers), "forget", lambda _: None)
    await service.parts.accounts.tokens.revoke(token.token.user, token.token.token_id)

    answer = await ask("POST", json=RESTRICTED)

    assert answer.status_code in {401, 409}
    assert await service.store.keys() == []
