"""Users over HTTP: oneself for everybody, the others for admins, and nobody's business else."""

import pytest

from couvert.domain.allowance import Allowance
from tests.api.v2.members import BARE, reasons

NOW = "2025-01-27T10:30:00.000Z"


def shown(member):
    return {
        "userId": member.user.user_id,
        "email": member.user.email,
        "person": {"firstName": member.user.person.first_name, "lastName": "Ash"},
        "registeredAt": NOW,
        "role": member.user.role.value,
        "isAdmin": member.user.role == "admin",
    }


@pytest.mark.parametrize("path", ["/user", "/users/self", "/users/{}"])
async def test_everybody_can_read_who_they_are(bob, path):
    answer = await bob.ask("GET", path.format(bob.user.user_id))

    assert answer.status_code == 200
    assert answer.json()["data"] == shown(bob)
    assert "etag" not in answer.headers


async def test_a_bare_user_is_the_answer_itself(rita):
    answer = await rita.bare("GET", "/users/self")

    assert answer.json() == shown(rita)
    assert answer.headers["Preference-Applied"] == "envelope=none"


@pytest.mark.parametrize("names", [{"firstName": "Robert", "lastName": "Birch"}, {}])
async def test_ones_name_can_be_changed(bob, service, names):
    answer = await bob.ask("PUT", "/users/self", json={"person": names})

    assert answer.status_code == 200
    assert answer.json()["data"]["person"] == {"firstName": "", "lastName": "", **names}
    assert answer.headers["etag"] == str(await service.store.position())
    assert (await bob.ask("GET", "/user")).json()["data"] == answer.json()["data"]


async def test_ones_name_can_be_changed_by_ones_id_and_nobody_elses(alice, bob):
    body = {"person": {"firstName": "Robert", "lastName": "Ash"}}

    own = await bob.ask("PUT", f"/users/{bob.user.user_id}", json=body)
    others = await alice.ask("PUT", f"/users/{bob.user.user_id}", json={"person": {"firstName": "Rob"}})

    assert (own.status_code, own.json()["data"]["person"]) == (200, body["person"])
    assert (others.status_code, reasons(others)) == (404, ["not_found"])


async def test_the_same_name_again_is_no_event(bob, service):
    position = await service.store.position()

    answer = await bob.bare("PUT", "/users/self", json={"person": {"firstName": "Bob", "lastName": "Ash"}})

    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["etag"] == str(position) == str(await service.store.position())


@pytest.mark.parametrize(("body", "reason"), [
    ({}, "person"),
    ({"person": {"firstName": "a\nb"}}, "person.firstName"),
    ({"person": {"lastName": "x" * 101}}, "person.lastName"),
    ({"person": {"lastName": None}}, "person.lastName"),
])  # fmt: skip
async def test_a_name_that_is_none_is_refused_with_its_place(bob, body, reason):
    answer = await bob.ask("PUT", "/users/self", json=body)

    assert (answer.status_code, reasons(answer)) == (400, [reason])


async def test_an_admin_sees_everybody(alice, bob, rita):
    listed = await alice.ask("GET", "/users")
    read = await alice.ask("GET", f"/users/{bob.user.user_id}")

    assert listed.json()["data"] == {"users": [shown(alice), shown(bob), shown(rita)]}
    assert listed.json()["meta"]["totalCount"] == 3
    assert read.json()["data"] == shown(bob)


async def test_a_bare_list_is_cut_into_pages(alice, bob, rita):
    answer = await alice.bare("GET", "/users?limit=1&page=2")

    assert answer.json() == [shown(bob)]
    assert [answer.headers[f"X-Pagination-{name}"] for name in ("Limit", "Skip", "Page", "TotalCount")] == [
        "1", "1", "2", "3",
    ]  # fmt: skip


@pytest.mark.parametrize("path", ["/users/{}", "/users/unknown"])
async def test_somebody_else_is_not_there(alice, bob, path):
    answer = await bob.ask("GET", path.format(alice.user.user_id))

    assert (answer.status_code, reasons(answer)) == (404, ["not_found"])


@pytest.mark.parametrize(("method", "path"), [("GET", "/users"), ("POST", "/users"), ("DELETE", "/users/any")])
async def test_only_admins_manage_users(bob, method, path):
    answer = await bob.ask(method, path, json={"email": "eve@example.com"} if method == "POST" else None)

    assert (answer.status_code, reasons(answer)) == (403, ["access_denied"])


async def test_a_user_is_added_and_comes_in_by_their_link(alice, service):
    answer = await alice.ask("POST", "/users", json={
        "email": " Carol@Example.COM ", "role": "readonly", "person": {"firstName": "Carol"},
    })  # fmt: skip

    data = answer.json()["data"]
    start, _, code = data["setupUrl"].partition("=")
    added = await service.parts.accounts.users.find(data["userId"])
    assert answer.status_code == 201
    assert (data["email"], data["role"], data["isAdmin"]) == ("Carol@example.com", "readonly", False)
    assert start == "http://localhost:8000/console/setup?code"
    assert await service.parts.accounts.set_up.whose(code) == added.user
    assert int(answer.headers["etag"]) == await service.store.position()


async def test_a_repeat_adds_nobody_and_is_told_no_link(alice):
    asked = {"headers": {"Idempotency-Key": "k1"}, "json": {"email": "carol@example.com"}}

    first, second = await alice.ask("POST", "/users", **asked), await alice.ask("POST", "/users", **asked)

    assert (first.status_code, second.status_code) == (201, 201)
    assert second.headers["Idempotent-Replayed"] == "true"
    assert second.json()["data"] == {**first.json()["data"], "setupUrl": None}
    assert second.headers["etag"] == first.headers["etag"]


@pytest.mark.parametrize(("body", "reason"), [
    ({}, "email"),
    ({"email": "nobody"}, "email"),
    ({"email": "carol@example.com", "role": "king"}, "role"),
    ({"email": "carol@example.com", "person": {"firstName": 7}}, "person.firstName"),
])  # fmt: skip
async def test_what_is_wrong_about_a_new_user_is_told_with_its_place(alice, body, reason):
    answer = await alice.ask("POST", "/users", json=body)

    assert (answer.status_code, reasons(answer)) == (400, [reason])


async def test_an_address_is_taken_once(alice, bob):
    answer = await alice.ask("POST", "/users", json={"email": "BOB@example.com"})

    assert (answer.status_code, reasons(answer)) == (409, ["conflict"])


async def test_a_deleted_user_is_gone_and_so_are_their_tokens(alice, bob):
    answer = await alice.ask("DELETE", f"/users/{bob.user.user_id}")

    assert (answer.status_code, answer.json()["data"]) == (200, {})
    assert reasons(await bob.ask("GET", "/user")) == ["token_revoked"]
    assert (await alice.ask("GET", f"/users/{bob.user.user_id}")).status_code == 404
    assert (await alice.ask("DELETE", f"/users/{bob.user.user_id}")).status_code == 404


async def test_a_bare_deletion_has_no_body(alice, bob):
    answer = await alice.bare("DELETE", f"/users/{bob.user.user_id}")

    assert (answer.status_code, answer.content) == (204, b"")
    assert int(answer.headers["etag"]) > 0


async def test_the_last_admin_stays(alice, bob):
    answer = await alice.ask("DELETE", f"/users/{alice.user.user_id}")

    assert (answer.status_code, reasons(answer)) == (409, ["conflict"])


async def test_bare_refusals_have_the_names_that_clients_know(alice, bob):
    gone = await bob.bare("GET", "/users/unknown")
    denied = await bob.bare("GET", "/users")
    unknown = await alice.service.request("GET", "/v2/user", headers={**BARE, "X-Access-Token": "cvt_unknown"})

    assert [answer.json()["type"] for answer in (gone, denied, unknown)] == [
        "NotFound", "PermissionDenied", "Unauthenticated",
    ]  # fmt: skip


async def test_a_user_may_have_a_limit_of_their_own(service, alice, bob):
    await service.parts.accounts.users.limit(bob.user.id, Allowance(2, 60))

    answers = [await bob.ask("GET", "/user") for _ in range(3)]
    other = await alice.ask("GET", "/user")

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert {answer.headers["x-ratelimit-limit"] for answer in answers} == {"2"}
    assert other.headers["x-ratelimit-limit"] == "3000"
