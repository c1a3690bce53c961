"""Suppressions as resources of /v2: entered, found, replaced, deleted, imported and exported, and obeyed by /v1."""

import threading
from typing import Any

import pytest

from couvert.commands import suppression_lists
from couvert.commands.consequences import Consequences
from couvert.commands.notices import Notices
from couvert.delivery.transport import Taken
from couvert.domain.delivery_events import Bounced
from couvert.domain.ids import IdSource, encode
from tests.api.v1.service import Service

BARE = {"Prefer": "envelope=none"}
NOW = "2025-01-27T10:30:00.000Z"
CSV = {"Content-Type": "text/csv"}
HEADER = "email,reason,expiresAt,createdAt,deliveryId,suppressionId\r\n"


@pytest.fixture
def ask(service, tokens):
    """`ask("GET", "/export", token="bob")`"""

    async def asking(method, path="", token="alice", headers=None, **given):
        sent = {"X-Access-Token": tokens[token], **(headers or {})}
        return await service.request(method, f"/v2/suppressions{path}", headers=sent, **given)

    return asking


@pytest.fixture
async def created(ask):
    return (await ask("POST", json={"email": "Charlie@Example.org"})).json()["data"]


def reasons(answer):
    return [(item["reason"], item["message"]) for item in answer.json()["error"]["errors"]]


async def emails(ask, query=""):
    return [each["email"] for each in (await ask("GET", query)).json()["data"]["suppressions"]]


async def test_an_address_is_enough(ask, service):
    answer = await ask("POST", json={"email": "Charlie@Example.org"})

    data = answer.json()["data"]
    assert answer.status_code == 201
    assert data == {
        "suppressionId": data["suppressionId"], "email": "Charlie@example.org", "reason": "manual", "deliveryId": None,
        "createdAt": NOW, "expiresAt": None,
    }  # fmt: skip
    assert answer.headers["etag"] == str(await service.store.position())
    assert (await ask("GET", f"/{data['suppressionId']}")).json()["data"] == data


async def test_a_bare_answer_is_the_suppression_without_what_is_absent(ask):
    answer = await ask("POST", headers=BARE, json={"email": "charlie@example.org", "reason": "complaint"})

    assert answer.status_code == 201
    assert set(answer.json()) == {"suppressionId", "email", "reason", "createdAt"}


async def test_a_repeat_enters_nothing_and_is_told_the_same(ask):
    body = {"email": "charlie@example.org", "expiresAt": "2030-01-31T13:00:00+01:00"}
    first = await ask("POST", headers={"Idempotency-Key": "k"}, json=body)
    again = await ask("POST", headers={"Idempotency-Key": "k"}, json=body)

    assert (again.status_code, again.json()["data"]) == (201, first.json()["data"])
    assert first.json()["data"]["expiresAt"] == "2030-01-31T12:00:00.000Z"
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["Idempotent-Replayed"] == "true"


async def test_an_address_that_is_suppressed_is_a_conflict_that_names_its_suppression(ask, created):
    answer = await ask("POST", json={"email": "charlie@example.ORG"})

    assert answer.status_code == 409
    assert created["suppressionId"] in answer.json()["error"]["errors"][0]["message"]


@pytest.mark.parametrize(("changes", "reason"), [
    ({"email": "nobody"}, "email"), ({"reason": "dislike"}, "reason"),
    ({"expiresAt": "2020-01-31T12:00:00Z"}, "expiresAt"),
    ({"expiresAt": "soon"}, "expiresAt"), ({"email": None}, "email"),
])  # fmt: skip
async def test_what_is_wrong_is_named(ask, changes, reason):
    answer = await ask("POST", json={"email": "charlie@example.org"} | changes)

    assert answer.status_code == 400
    assert [path for path, _ in reasons(answer)] == [reason]


async def test_they_are_listed_newest_first_by_pages(ask):
    for n in range(5):
        await ask("POST", json={"email": f"{n}@example.org"})

    first = (await ask("GET", "?limit=2")).json()
    cursor = first["meta"]["nextCursor"]
    second = (await ask("GET", f"?limit=2&cursor={cursor}")).json()
    last = (await ask("GET", f"?limit=2&cursor={second['meta']['nextCursor']}")).json()

    pages = [[each["email"] for each in page["data"]["suppressions"]] for page in (first, second, last)]
    assert pages == [["4@example.org", "3@example.org"], ["2@example.org", "1@example.org"], ["0@example.org"]]
    assert (first["meta"]["totalCount"], last["meta"]["nextCursor"]) == (5, None)
    assert (await ask("GET", f"?cursor={cursor}&reason=manual")).status_code == 400


async def test_bare_pages_are_told_in_headers(ask):
    for n in range(3):
        await ask("POST", json={"email": f"{n}@example.org"})

    answer = await ask("GET", "?limit=2&page=2", headers=BARE)

    assert [each["email"] for each in answer.json()] == ["0@example.org"]
    assert (answer.headers["X-Pagination-TotalCount"], answer.headers["X-Pagination-Skip"]) == ("3", "2")


async def test_they_are_found_by_address_and_by_reason(ask, created):
    await ask("POST", json={"email": "dora@example.org", "reason": "complaint"})

    assert await emails(ask, "?email=CHARLIE@example.org") == ["Charlie@example.org"]
    assert await emails(ask, "?email=erin@example.org") == []
    assert await emails(ask, "?reason=complaint") == ["dora@example.org"]


async def test_one_is_replaced(ask, created):
    path = f"/{created['suppressionId']}"
    answer = await ask("PUT", path, json={"expiresAt": "2030-01-31T12:00:00Z"})

    assert answer.status_code == 200
    assert answer.json()["data"] == created | {"expiresAt": "2030-01-31T12:00:00.000Z"}
    assert (await ask("PUT", path, headers=BARE, json={"reason": "complaint"})).status_code == 204
    assert (await ask("GET", path)).json()["data"] == created | {"reason": "complaint"}
    assert [path for path, _ in reasons(await ask("PUT", path, json={"expiresAt": "2020-01-31T12:00:00Z"}))] == [
        "expiresAt"
    ]


async def test_one_is_deleted(ask, created):
    path = f"/{created['suppressionId']}"

    assert (await ask("DELETE", path, headers=BARE)).status_code == 204
    for method in ("GET", "DELETE", "PUT"):
        assert (await ask(method, path, json={} if method == "PUT" else None)).status_code == 404
    assert await emails(ask) == []


async def test_one_whose_end_has_come_is_gone(ask, service):
    data = (await ask("POST", json={"email": "c@example.org", "expiresAt": "2025-01-27T10:30:01Z"})).json()["data"]
    service.clock.now += 1_000

    assert (await ask("GET", f"/{data['suppressionId']}")).status_code == 404
    assert await emails(ask) == []
    assert (await ask("GET", "/export")).text == HEADER


@pytest.mark.parametrize("id_", ["sup_0000000000000", "sup_", "mail_0000000000000", "unknown"])
async def test_what_is_no_suppression_is_not_found(ask, id_):
    assert (await ask("GET", f"/{id_}")).status_code == 404


async def test_who_may_only_read_changes_nothing(ask, created):
    path = f"/{created['suppressionId']}"

    for method, where in (("POST", ""), ("PUT", path), ("DELETE", path), ("POST", "/import")):
        assert (await ask(method, where, token="bob", json={})).status_code == 403
    assert (await ask("GET", "/export", token="bob")).status_code == 200


# --- Lists ------------------------------------------------------------------------------------------------------------


async def test_what_is_exported_can_be_imported(ask, created):
    await ask("POST", json={"email": "d@example.org", "reason": "complaint", "expiresAt": "2030-01-31T12:00:00Z"})

    exported = await ask("GET", "/export")
    for id_ in [each["suppressionId"] for each in (await ask("GET")).json()["data"]["suppressions"]]:
        await ask("DELETE", f"/{id_}")
    imported = await ask("POST", "/import", headers=CSV, content=exported.content)

    assert exported.headers["content-type"] == "text/csv; charset=utf-8"
    assert exported.text.startswith(
        HEADER + "d@example.org,complaint,2030-01-31T12:00:00.000Z,2025-01-27T10:30:00.000Z,,"
    )
    assert imported.json()["data"] == {"added": 2, "replaced": 0, "unchanged": 0}
    assert sorted(await emails(ask)) == ["Charlie@example.org", "d@example.org"]
    again = await ask("POST", "/import", headers=CSV | BARE, content=exported.content)
    assert (again.status_code, again.json()) == (200, {"added": 0, "replaced": 0, "unchanged": 2})


async def test_a_long_list_is_read_beside_the_event_loop(ask, monkeypatch):
    threads, read = set(), suppression_lists.read

    def noting(text, now):
        threads.add(threading.current_thread() is threading.main_thread())
        return read(text, now)

    monkeypatch.setattr(suppression_lists, "read", noting)

    answer = await ask(
        "POST", "/import", headers=CSV, content="email\n" + "".join(f"u{n}@b.example\n" for n in range(5_000))
    )

    assert (answer.json()["data"]["added"], threads) == (5_000, {False})


async def test_a_list_beyond_all_bounds_is_not_read_to_its_end(ask):
    answer = await ask("POST", "/import", headers=CSV, content="email\n" + "a\n" * 1_000_000)

    assert [path for path, _ in reasons(answer)] == ["lines"]


async def test_a_list_with_a_fault_is_refused_as_a_whole_and_every_fault_is_told(ask, service):
    lines = ["E-Mail;Reason;expires_at", "a@example.org;;", "nobody;;", "b@example.org;dislike;", "A@example.org;;",
             "", "c@example.org;Bounce;yesterday", "d@example.org;complaint;2020-01-01T00:00:00Z"]  # fmt: skip
    answer = await ask("POST", "/import", headers=CSV, content="\r\n".join(lines))

    assert answer.status_code == 400
    assert [path for path, _ in reasons(answer)] == ["lines.3", "lines.4", "lines.5", "lines.7", "lines.8"]
    assert await emails(ask) == []
    bare = await ask("POST", "/import", headers=CSV | BARE, content="\r\n".join(lines))
    assert bare.json()["validationErrors"][0]["path"] == ".lines[3]"


@pytest.mark.parametrize(("content", "reason"), [
    (b"name\r\nBob\r\n", "lines.1"), (b"", "lines.1"), (b'email\r\n"b@example.org\r\n', "lines.2"),
    (b"email\r\n\xff@example.org\r\n", "body"), (b"email,email\r\n", "lines.1"),
])  # fmt: skip
async def test_what_is_no_list_is_refused(ask, content, reason):
    answer = await ask("POST", "/import", headers=CSV, content=content)

    assert answer.status_code == 400
    assert [path for path, _ in reasons(answer)] == [reason]


async def test_a_list_is_text(ask):
    assert (await ask("POST", "/import", json={"email": "a@example.org"})).status_code == 415


async def test_a_list_imported_again_with_its_key_is_imported_once(ask):
    headers = CSV | {"Idempotency-Key": "k"}
    first = await ask("POST", "/import", headers=headers, content="email\na@example.org\n")
    again = await ask("POST", "/import", headers=headers, content="email\na@example.org\n")
    other = await ask("POST", "/import", headers=headers, content="email\nb@example.org\n")

    assert again.json()["data"] == first.json()["data"] == {"added": 1, "replaced": 0, "unchanged": 0}
    assert other.status_code == 409


# --- Its effect -------------------------------------------------------------------------------------------------------


async def test_a_bounce_is_listed_with_its_delivery(ask, service):
    delivery = await bounced(service)

    (listed,) = (await ask("GET")).json()["data"]["suppressions"]
    assert (listed["email"], listed["reason"]) == ("john@example.com", "hard_bounce")
    assert listed["deliveryId"] == encode("dlv", delivery.id)


async def test_v1_is_told_that_its_recipient_is_suppressed(ask, service):
    created = (await ask("POST", json={"email": "john@example.com", "reason": "complaint"})).json()["data"]
    service.courier.says = Taken("ses-1")

    answer = await service.post_mail(await service.new_key())

    data = answer.json()["data"]
    assert (answer.status_code, answer.json()["message"]) == (200, "Email suppressed")
    assert (data["message_id"], data["status"]["status"]) == (None, "suppressed")
    assert data["status"]["status_detail"] == (f"the recipient is suppressed: complaint, {created['suppressionId']}")


async def test_events_name_ids_and_no_address(ask, service, tokens):
    await bounced(service)

    answer = await service.request(
        "GET", "/v2/events?type=suppression.added", headers={"X-Access-Token": tokens["alice"]}
    )

    (event,) = answer.json()["data"]["events"]
    assert event["subject"].startswith("sup_")
    assert (
        event["data"]["deliveryId"].startswith("dlv_") if "deliveryId" in event["data"] else event["data"]["delivery"]
    )
    assert "@" not in answer.text


async def bounced(service: Service) -> Any:
    """A mail to John that came back."""
    service.courier.says = Taken("ses-1")
    await service.post_mail(await service.new_key())
    (delivery_id,) = await service.store.latest_deliveries(1)
    consequences = Consequences(service.store, IdSource(9, service.clock), 3)
    await Notices(service.store, service.clock, consequences).record(delivery_id, Bounced(1, "hard"))
    stored = await service.store.delivery(delivery_id)
    assert stored is not None
    return stored.delivery
