"""API tokens over HTTP: made by tokens that have the roles, shown once, edited, revoked, and nobody else's."""

import re

import pytest

from couvert.commands.accounts import open_accounts
from tests.api.v2.members import BARE, reasons

PATH = "/users/self/api-tokens"
BODY = {"description": " Build server ", "expiresAt": "2030-01-31T13:00:00+01:00", "roles": ["api_write", "api_read"]}


@pytest.fixture
async def created(bob):
    return (await bob.ask("POST", PATH, json=BODY)).json()["data"]


async def test_a_token_is_created_shown_once_and_works(bob, service):
    answer = await bob.ask("POST", PATH, json=BODY)

    data = answer.json()["data"]
    asked = await service.request("GET", "/v2/user", headers={"Authorization": f"Bearer {data['token']}"})
    assert answer.status_code == 201
    assert re.fullmatch(r"cvt_[0-9A-Za-z]{36}", data["token"])
    assert data.keys() == {"token", "apiTokenId"}
    assert answer.headers["etag"] == str(await service.store.position())
    assert asked.json()["data"]["userId"] == bob.user.user_id


async def test_a_token_is_read_as_it_was_made(bob, created):
    read = await bob.ask("GET", f"{PATH}/{created['apiTokenId']}")

    assert read.json()["data"] == {
        "apiTokenId": created["apiTokenId"],
        "description": "Build server",
        "roles": ["api_read", "api_write"],
        "createdAt": "2025-01-27T10:30:00.000Z",
        "expiresAt": "2030-01-31T12:00:00.000Z",
        "lastUsedAt": None,
    }


async def test_ones_tokens_are_listed_with_their_last_use_and_nobody_elses(alice, bob, created, service):
    service.clock.now += 1_500

    listed = (await bob.ask("GET", PATH)).json()["data"]["apiTokens"]

    assert [token["apiTokenId"] for token in listed] == [bob.token_id, created["apiTokenId"]]
    assert [token["lastUsedAt"] for token in listed] == ["2025-01-27T10:30:01.500Z", None]


async def test_what_is_absent_is_left_out_of_a_bare_answer(bob):
    created = await bob.bare("POST", PATH, json={"description": "", "roles": ["api_read"]})
    read = await bob.bare("GET", f"{PATH}/{created.json()['apiTokenId']}")
    listed = await bob.bare("GET", PATH)

    assert created.status_code == 201
    assert read.json().keys() == {"apiTokenId", "description", "roles", "createdAt"}
    assert listed.json()[1] == read.json()
    assert listed.headers["X-Pagination-TotalCount"] == "2"


async def test_a_repeat_makes_no_token_and_is_shown_none(bob):
    asked = {"headers": {"Idempotency-Key": "k1"}, "json": BODY}

    first, second = await bob.ask("POST", PATH, **asked), await bob.ask("POST", PATH, **asked)

    assert second.headers["Idempotent-Replayed"] == "true"
    assert second.json()["data"] == {**first.json()["data"], "token": None}
    assert second.headers["etag"] == first.headers["etag"]
    assert len((await bob.ask("GET", PATH)).json()["data"]["apiTokens"]) == 2


@pytest.mark.parametrize(("change", "reason"), [
    ({"roles": []}, "roles"),
    ({"roles": ["api_all"]}, "roles.0"),
    ({"roles": None}, "roles"),
    ({"description": None}, "description"),
    ({"description": "a\u2028b"}, "description"),
    ({"description": "x" * 201}, "description"),
    ({"expiresAt": "2025-01-27T10:30:00Z"}, "expiresAt"),
    ({"expiresAt": "tomorrow"}, "expiresAt"),
])  # fmt: skip
async def test_what_is_wrong_is_told_with_its_place(bob, change, reason):
    answer = await bob.ask("POST", PATH, json={**BODY, **change})

    assert (answer.status_code, reasons(answer)) == (400, [reason])


async def test_a_token_gives_no_role_that_it_lacks(bob):
    writing = await bob.with_roles("api_write")

    answer = await writing.ask("POST", PATH, json=BODY)

    assert (answer.status_code, reasons(answer)) == (403, ["missing_role"])


async def test_who_may_only_read_makes_no_tokens(rita):
    answer = await rita.ask("POST", PATH, json=BODY)

    assert (answer.status_code, reasons(answer)) == (403, ["missing_role"])


@pytest.mark.parametrize(("method", "role"), [("GET", "api_write"), ("PUT", "api_read"), ("DELETE", "api_read")])
async def test_a_token_does_what_its_roles_say(bob, method, role):
    limited = await bob.with_roles(role)

    answer = await limited.ask(method, f"{PATH}/{bob.token_id}")

    assert (answer.status_code, reasons(answer)) == (403, ["missing_role"])


async def test_a_token_is_described_anew_and_its_expiry_stays(bob, created):
    answer = await bob.ask("PUT", f"{PATH}/{created['apiTokenId']}", json={"description": "Desk"})

    data = answer.json()["data"]
    assert answer.status_code == 200
    assert (data["description"], data["expiresAt"]) == ("Desk", "2030-01-31T12:00:00.000Z")


async def test_an_expiry_is_taken_away_by_null(bob, created):
    answer = await bob.ask("PUT", f"{PATH}/{created['apiTokenId']}", json={"description": "Desk", "expiresAt": None})

    assert answer.json()["data"]["expiresAt"] is None


async def test_a_bare_change_has_no_body(bob, created):
    answer = await bob.bare("PUT", f"{PATH}/{created['apiTokenId']}", json={"description": "Desk"})

    assert (answer.status_code, answer.content) == (204, b"")
    assert int(answer.headers["etag"]) > 0


async def test_a_token_that_expired_says_so(bob, created, service):
    service.clock.now += 6 * 365 * 24 * 3_600_000

    answer = await service.request("GET", "/v2/user", headers={"X-Access-Token": created["token"]})

    assert (answer.status_code, reasons(answer)) == (401, ["token_expired"])


async def test_a_revoked_token_stops_at_once(bob, created, service):
    headers = {"X-Access-Token": created["token"]}
    assert (await service.request("GET", "/v2/user", headers=headers)).status_code == 200

    revoked = await bob.ask("DELETE", f"{PATH}/{created['apiTokenId']}")

    answer = await service.request("GET", "/v2/user", headers=headers)
    assert (revoked.status_code, revoked.json()["data"]) == (200, {})
    assert (answer.status_code, reasons(answer)) == (401, ["token_revoked"])
    assert (await bob.ask("GET", f"{PATH}/{created['apiTokenId']}")).status_code == 404


async def test_a_token_may_revoke_itself(bob):
    assert (await bob.ask("DELETE", f"{PATH}/{bob.token_id}", headers=BARE)).status_code == 204

    assert reasons(await bob.ask("GET", "/user")) == ["token_revoked"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_somebody_elses_token_is_not_there(alice, bob, method):
    body = {"description": "mine"} if method == "PUT" else None

    answer = await alice.ask(method, f"{PATH}/{bob.token_id}", json=body)

    assert (answer.status_code, reasons(answer)) == (404, ["not_found"])
    assert (await bob.ask("GET", "/user")).status_code == 200


# --- Changed by another process ---------------------------------------------------------------------------------------

MAIL = {
    "sender": {"email": "support@example.com"},
    "subject": "Hello",
    "textTemplate": "Hi",
    "recipients": [{"email": "john@example.com"}],
}


def elsewhere(service):
    """The users and tokens of another process on the same data."""
    return open_accounts(service.store, service.parts.keys.ids, service.clock)


async def test_a_token_that_another_process_revoked_sends_nothing_from_that_moment_on(bob, service):
    assert (await bob.ask("POST", "/mails", json=MAIL)).status_code == 202
    before = await service.store.position()
    await elsewhere(service).tokens.revoke(bob.user.id, bob.token_id)

    answer = await bob.ask("POST", "/mails", json=MAIL)

    assert (answer.status_code, reasons(answer)) == (401, ["token_revoked"])
    assert await service.store.position() == before + 1


async def test_a_token_that_another_process_edited_goes_on_sending(bob, service):
    assert (await bob.ask("POST", "/mails", json=MAIL)).status_code == 202
    await elsewhere(service).tokens.edit(bob.user.id, bob.token_id, description="new words", expires_at=None)

    assert (await bob.ask("POST", "/mails", json=MAIL)).status_code == 202
