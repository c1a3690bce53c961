"""A delivery read alone: its timeline, and what was or will be sent."""

import email
from email import policy

import pytest

from couvert.domain import ids
from couvert.store.changes import Change
from couvert.store.rows import SandboxMail


def path_of(mail_id, n=1, more=""):
    return f"/v2/deliveries/{ids.encode('dlv', mail_id + n)}{more}"


# --- The timeline -----------------------------------------------------------------------------------------------------


async def test_the_timeline_has_every_event_oldest_first_with_the_providers_words(room):
    mail_id = await room.post()
    await room.world.work("later")
    room.world.now += 3_600_000
    await room.world.work("taken")
    await room.world.tell(mail_id + 1, "hard bounce", 2)

    delivery = await room.data(path_of(mail_id))

    told = [(entry["type"], entry["detail"]) for entry in delivery["timeline"]]
    assert told == [
        ("mail.accepted", None),
        ("delivery.begun", "attempt 1"),
        ("delivery.deferred", "451 try again"),
        ("delivery.begun", "attempt 2"),
        ("delivery.sent", "attempt 2, provider id 0102018f-1"),
        ("delivery.bounced", "the provider's words"),
    ]
    assert delivery["state"] == "bounced"
    assert delivery["lastError"] == "the provider's words"
    events = [int(entry["eventId"]) for entry in delivery["timeline"]]
    assert events == sorted(events)
    assert delivery["timeline"][0]["at"] == delivery["queuedAt"]
    assert delivery["timeline"][-1]["data"] == {"attempt": 2, "kind": "hard"}


async def test_the_timeline_has_nothing_of_other_recipients(room):
    mail_id = await room.post("Hello", "a@example.net", "b@example.net")
    await room.world.work("taken", "refused")

    types = [entry["type"] for entry in (await room.data(path_of(mail_id, 2)))["timeline"]]

    assert types == ["mail.accepted", "delivery.begun", "delivery.failed"]


async def test_a_delivery_is_what_the_list_says_and_its_timeline(room):
    mail_id = await room.post()

    delivery = await room.data(path_of(mail_id))
    [row] = (await room.data(f"/v2/mails/{ids.encode('mail', mail_id)}/deliveries"))["deliveries"]

    assert {name: value for name, value in delivery.items() if name != "timeline"} == row


@pytest.mark.parametrize("more", ["", "/content"])
async def test_a_delivery_that_is_not_there(room, more):
    mail_id = await room.post()

    assert (await room.get(path_of(mail_id, 2, more))).status_code == 404
    assert (await room.get(path_of(mail_id, 0, more))).status_code == 404
    assert (await room.get(f"/v2/deliveries/nonsense{more}")).status_code == 404


# --- The content ------------------------------------------------------------------------------------------------------


async def test_what_will_be_sent_can_be_looked_at_before(room):
    mail_id = await room.post("Für {{name}}", "bob@example.net", html="<p>Hello {{name}}</p>")

    content = await room.data(path_of(mail_id, more="/content"))

    assert (content["attempt"], content["isExact"]) == (0, False)
    assert content["subject"] == "Für Zoë"
    assert content["html"] == "<p>Hello Zoë</p>\n"
    assert content["text"].strip() == "Hello Zoë"
    assert content["headers"]["From"] == "Alice <alice@example.com>"
    assert content["headers"]["To"] == "Zoë <bob@example.net>"
    assert content["attachments"] == []


async def test_the_raw_message_is_the_same_each_time_and_says_when_it_was_sent(room):
    mail_id = await room.post()
    room.world.now += 5_000
    await room.world.work("taken")
    room.world.now += 60_000

    first, second = [
        await room.get(path_of(mail_id, more="/content"), headers={"Accept": "message/rfc822"}) for _ in range(2)
    ]

    assert first.headers["content-type"] == "message/rfc822"
    assert "Accept" in first.headers["vary"]
    assert first.content == second.content
    message = email.message_from_bytes(first.content, policy=policy.default)
    assert message["Date"] == "Mon, 27 Jan 2025 17:46:45 +0000"
    assert message["To"] == "Zoë <bob@example.net>"


async def test_what_the_sandbox_kept_is_told_to_the_byte(room):
    mail_id = await room.post()
    kept = b"Subject: kept\r\nTo: bob@example.net\r\n\r\nThese very bytes.\r\n"
    await room.world.store.commit(Change(at=room.world.now, sandbox_mail=SandboxMail(mail_id + 1, 1, 0, kept)))

    answer = await room.get(path_of(mail_id, more="/content"), headers={"Accept": "message/rfc822"})
    content = await room.data(path_of(mail_id, more="/content"))

    assert answer.content == kept
    assert (content["isExact"], content["html"], content["text"]) == (True, None, "These very bytes.\n")


async def test_who_refuses_the_raw_message_gets_json(room):
    mail_id = await room.post()

    answer = await room.get(path_of(mail_id, more="/content"), headers={"Accept": "message/rfc822;q=0, */*"})

    assert answer.headers["content-type"] == "application/json"


async def test_a_raw_message_has_the_headers_of_every_answer(room):
    mail_id = await room.post()

    answer = await room.get(path_of(mail_id, more="/content"), headers={"Accept": "message/rfc822"})

    assert answer.headers["x-ratelimit-limit"] == "3000"
    assert "x-request-id" in answer.headers
