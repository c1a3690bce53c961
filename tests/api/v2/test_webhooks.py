"""`/v2/webhooks`: made, read, replaced, rotated, deleted; attempts listed, messages told again, tests sent."""

import pytest

from couvert.domain import ids
from couvert.domain.user import Role
from couvert.readmodels.webhooks.box import Box
from couvert.readmodels.webhooks.messages import Attempt, MessageState, queued
from couvert.settings import Settings
from tests.api.v1.service import Service
from tests.api.v2.members import member, reasons

BODY = {"url": "https://shop.example.com/hooks", "types": ["delivery.*", "mail.accepted"], "description": " Shop "}
NOWHERE = "0b8e7a52-6a3f-4c58-9d55-3f0f6a1f2b7c"


async def made(alice, **changes):
    answer = await alice.ask("POST", "/webhooks", json={**BODY, **changes})
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


async def test_the_secret_is_shown_once(alice):
    created = await made(alice)
    assert created["secret"].startswith("whsec_")
    for answer in (await alice.ask("GET", "/webhooks"), await alice.ask("GET", f"/webhooks/{created['webhookId']}")):
        assert "secret" not in answer.text.replace("formerSecretUntil", "")
    assert (await alice.ask("GET", f"/webhooks/{created['webhookId']}")).json()["data"] == {
        "webhookId": created["webhookId"], "url": "https://shop.example.com/hooks", "description": "Shop",
        "types": ["delivery.*", "mail.accepted"], "tags": [], "projectId": None, "includeRecipient": False,
        "isActive": True, "offReason": None, "createdAt": created["createdAt"], "formerSecretUntil": None,
            "messages": {"waiting": 0, "oldestAt": None, "dropped": 0},
    }  # fmt: skip


async def test_a_repeat_with_the_same_key_is_not_shown_the_secret(alice):
    first, again = [
        await alice.ask("POST", "/webhooks", json=BODY, headers={"Idempotency-Key": "one"}) for _ in range(2)
    ]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json()["data"] == {**first.json()["data"], "secret": None}
    assert len((await alice.ask("GET", "/webhooks")).json()["data"]["webhooks"]) == 1


async def test_it_is_replaced_as_a_whole(alice):
    created = await made(alice, tags=["a"], projectId="p", includeRecipient=True)
    answer = await alice.ask("PUT", f"/webhooks/{created['webhookId']}", json={**BODY, "isActive": False})
    replaced = answer.json()["data"]
    assert (replaced["tags"], replaced["projectId"], replaced["includeRecipient"], replaced["isActive"]) == (
        [], None, False, False,
    )  # fmt: skip
    assert int(answer.headers["etag"]) > 0


async def test_a_new_secret_overlaps_with_the_former_one(alice):
    created = await made(alice)
    answer = await alice.ask("POST", f"/webhooks/{created['webhookId']}/rotate-secret")
    assert answer.status_code == 200
    assert answer.json()["data"]["secret"] not in (None, created["secret"])
    assert answer.json()["data"]["formerSecretUntil"] == "2025-01-28T10:30:00.000Z"


async def test_a_deleted_one_is_gone(alice):
    path = f"/webhooks/{(await made(alice))['webhookId']}"
    assert (await alice.ask("DELETE", path)).status_code == 200
    assert (await alice.ask("GET", path)).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None), ("PUT", "", BODY), ("DELETE", "", None), ("POST", "/rotate-secret", None),
        ("GET", "/attempts", None), ("POST", "/replay", {"messageId": "msg_1"}), ("POST", "/test", None),
    ],
)  # fmt: skip
async def test_what_is_not_there_is_a_404(alice, method, path, body):
    answer = await alice.ask(method, f"/webhooks/{NOWHERE}{path}", json=body)
    assert (answer.status_code, reasons(answer)) == (404, ["not_found"])


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"url": "http://shop.example.com"}, "url"),
        ({"url": "https://10.0.0.1/hooks"}, "url"),
        ({"url": "https://[::1]/hooks"}, "url"),
        ({"url": "https://u:p@example.com"}, "url"),
        ({"url": ""}, "url"),
        ({"types": []}, "types"),
        ({"types": ["delivery.bought"]}, "types.0"),
        ({"types": ["user.*"]}, "types.0"),
        ({"description": "two\nlines"}, "description"),
    ],
    ids=str,
)
async def test_what_is_wrong_is_named(alice, changes, reason):
    answer = await alice.ask("POST", "/webhooks", json={**BODY, **changes})
    assert (answer.status_code, reasons(answer)) == (400, [reason])


async def test_settings_open_http_and_private_networks(tmp_path):
    settings = Settings(_env_file=None, data_dir=tmp_path, webhook_allow_http=True, webhook_allow_private=True)
    service = Service(tmp_path, settings)
    alice = await member(service, "Alice", Role.ADMIN)
    assert (await made(alice, url="http://127.0.0.1:9000/hooks"))["url"] == "http://127.0.0.1:9000/hooks"
    await service.close()


async def test_who_may_only_read_changes_nothing(alice, rita):
    path = f"/webhooks/{(await made(alice))['webhookId']}"
    assert (await rita.ask("GET", path)).status_code == 200
    assert (await rita.ask("DELETE", path)).status_code == 403
    assert (await rita.ask("POST", path + "/test")).status_code == 403


# What stands in the box.


@pytest.fixture
async def webhook(alice, service):
    """With three messages that failed and one that was told, a second apart."""
    created = await made(alice)
    stored = await service.store.webhook(created["webhookId"])
    with Box(service.settings.data_dir) as box:
        for position in (1, 2, 3, 4):
            state = MessageState.TOLD if position == 4 else MessageState.FAILED
            message = queued(stored.webhook.id, position, service.clock.now + position * 1_000)
            box.add(message)
            box.record(
                message._replace(state=state, due_at=None, attempts=1),
                Attempt(1, message.created_at, 5, 500, None, "no"),
            )
    return stored.webhook


async def test_attempts_are_listed_in_pages(alice, webhook):
    path = f"/webhooks/{webhook.webhook_id}/attempts?limit=3"
    first = (await alice.ask("GET", path)).json()
    second = (await alice.ask("GET", f"{path}&cursor={first['meta']['nextCursor']}")).json()
    listed = first["data"]["attempts"] + second["data"]["attempts"]
    assert [attempt["eventId"] for attempt in listed] == ["4", "3", "2", "1"]
    assert second["meta"]["nextCursor"] is None
    assert listed[0] == {
        "messageId": ids.encode("msg", webhook.id) + "_4", "eventId": "4", "number": 1,
        "at": "2025-01-27T10:30:04.000Z", "milliseconds": 5, "status": 500, "error": None, "excerpt": "no",
        "messageState": "told", "nextAttemptAt": None,
    }  # fmt: skip
    bare = await alice.bare("GET", path.removesuffix("?limit=3"))
    assert len(bare.json()) == 4


async def test_a_cursor_of_another_webhook_is_refused(alice, webhook):
    cursor = (await alice.ask("GET", f"/webhooks/{webhook.webhook_id}/attempts?limit=1")).json()["meta"]["nextCursor"]
    other = await made(alice)
    answer = await alice.ask("GET", f"/webhooks/{other['webhookId']}/attempts?cursor={cursor}")
    assert (answer.status_code, reasons(answer)) == (400, ["cursor"])


async def test_one_message_is_told_again(alice, webhook, service):
    body = {"messageId": ids.encode("msg", webhook.id) + "_4"}
    answer = await alice.ask("POST", f"/webhooks/{webhook.webhook_id}/replay", json=body)
    assert answer.json()["data"] == {"replayed": 1}
    with Box(service.settings.data_dir) as box:
        assert [message.position for message in box.due(webhook.id, service.clock.now, 9)] == [4]


async def test_all_that_failed_since_a_time_are_told_again(alice, webhook):
    path = f"/webhooks/{webhook.webhook_id}/replay"
    assert (await alice.ask("POST", path, json={"since": "2025-01-27T10:30:02Z"})).json()["data"] == {"replayed": 2}
    assert (await alice.ask("POST", path, json={"since": "2025-01-01T00:00:00Z"})).json()["data"] == {"replayed": 1}


@pytest.mark.parametrize("body", [{}, {"messageId": "x", "since": "2025-01-27T10:30:02Z"}], ids=["neither", "both"])
async def test_a_replay_names_one_message_or_a_time(alice, webhook, body):
    answer = await alice.ask("POST", f"/webhooks/{webhook.webhook_id}/replay", json=body)
    assert answer.status_code == 400


async def test_a_test_is_due_at_once_and_a_repeat_with_its_key_is_not_another(alice, webhook, service):
    headers = {"Idempotency-Key": "one"}
    first, again = [await alice.ask("POST", f"/webhooks/{webhook.webhook_id}/test", headers=headers) for _ in range(2)]
    assert (first.status_code, again.json()["data"]) == (202, first.json()["data"])
    with Box(service.settings.data_dir) as box:
        assert [message.position for message in box.due(webhook.id, service.clock.now, 9)] == [-service.clock.now]


@pytest.mark.parametrize(("path", "body"), [("replay", {"since": "2025-01-01T00:00:00Z"}), ("test", None)])
async def test_nothing_is_told_to_one_that_is_switched_off(alice, webhook, path, body):
    await alice.ask("PUT", f"/webhooks/{webhook.webhook_id}", json={**BODY, "isActive": False})
    answer = await alice.ask("POST", f"/webhooks/{webhook.webhook_id}/{path}", json=body)
    assert (answer.status_code, reasons(answer)) == (409, ["conflict"])
