"""Webhooks are told of what happened: what they asked for, signed, without anything personal they did not ask for."""

import json
import time

import pytest
from standardwebhooks.webhooks import Webhook as Verifier

from couvert.domain import ids
from couvert.domain.mail import AcceptMail, Recipient, References, Sender
from couvert.readmodels.webhooks.messages import queued
from tests.delivery.webhooks.receiver import receiving
from tests.workers.webhooks.telling import quiet, told, types

MAIL = AcceptMail(
    Sender("alice@example.com"), (Recipient("bob@example.net", "Bob", "Acme", "r-1"),), "Hello", text="Hi",
    references=References("msg-1", "env-1", "project-1", "closure-1"), tags=("welcome",),
)  # fmt: skip


async def test_every_event_of_a_mail_is_told(telling):
    async with receiving() as receiver:
        await telling.webhook(receiver, "*")
        async with telling.pumping():
            await telling.world.accept()
            await telling.world.work("taken")
            await telling.world.tell(telling.world.deliveries[0], "delivered")
            await telling.until(lambda: len(receiver.requests) == 4)
    assert types(receiver) == ["mail.accepted", "delivery.begun", "delivery.sent", "delivery.delivered"]


async def test_what_happened_while_nobody_was_there_is_told_later(telling):
    async with receiving() as receiver:
        await telling.webhook(receiver, "delivery.sent")
        await telling.world.accept(3)
        await telling.world.work("taken", "taken", "later")
        async with telling.pumping():
            await telling.until(lambda: len(receiver.requests) == 2)
            await quiet()
        async with telling.pumping():
            await quiet()
    assert types(receiver) == ["delivery.sent"] * 2


async def test_what_happened_before_it_was_created_is_not_told(telling):
    async with receiving() as first, receiving() as second:
        await telling.webhook(first, "mail.accepted")
        await telling.world.accept()
        await telling.webhook(second, "mail.accepted")
        await telling.world.accept()
        async with telling.pumping():
            await telling.until(lambda: len(first.requests) == 2)
            await quiet()
    assert (len(first.requests), len(second.requests)) == (2, 1)


async def test_a_message_names_what_the_client_knows_and_nobody(telling):
    async with receiving() as receiver:
        await telling.webhook(receiver, "delivery.bounced")
        mail = await telling.world.post(MAIL)
        await telling.world.work("taken")
        await telling.world.tell(mail + 1, "soft bounce")
        position = await telling.world.store.position()
        async with telling.pumping():
            await telling.until(lambda: bool(receiver.requests))
    assert told(receiver.requests[0]) == {
        "type": "delivery.bounced",
        "timestamp": "2025-01-27T17:46:40.000Z",
        "data": {
            "eventId": str(position),
            "mailId": ids.encode("mail", mail),
            "deliveryId": ids.encode("dlv", mail + 1),
            "emailId": "msg-1",
            "clientEnvId": "env-1",
            "projectId": "project-1",
            "closureId": "closure-1",
            "tags": ["welcome"],
            "state": "bounced",
            "attempt": 1,
            "detail": "attempt 1, kind soft",
        },
    }


async def test_who_asks_for_the_recipient_is_told(telling):
    async with receiving() as receiver:
        await telling.webhook(receiver, "delivery.bounced", includes_recipient=True)
        mail = await telling.world.post(MAIL)
        await telling.world.work("taken")
        await telling.world.tell(mail + 1, "hard bounce")
        async with telling.pumping():
            await telling.until(lambda: bool(receiver.requests))
    data = told(receiver.requests[0])["data"]
    assert data["detail"] == "the provider's words"
    assert data["recipient"] == {
        "email": "bob@example.net", "name": "Bob", "company": "Acme", "emailRecipientId": "r-1",
    }  # fmt: skip


async def test_a_late_message_tells_the_state_that_its_event_left(telling):
    async with receiving() as receiver:
        await telling.webhook(receiver, "delivery.sent")
        mail = await telling.world.accept()
        await telling.world.work("taken")
        await telling.world.tell(mail + 1, "complaint")
        async with telling.pumping():
            await telling.until(lambda: bool(receiver.requests))
    assert told(receiver.requests[0])["data"]["state"] == "sent"


@pytest.mark.parametrize(
    ("terms", "comes"),
    [
        ({"tags": ("welcome", "x")}, True),
        ({"tags": ("x",)}, False),
        ({"project_id": "project-1"}, True),
        ({"project_id": "x"}, False),
    ],
    ids=["a tag", "another tag", "the project", "another project"],
)
async def test_a_webhook_may_want_some_mails_alone(telling, terms, comes):
    async with receiving() as receiver, receiving() as control:
        await telling.webhook(receiver, "mail.accepted", **terms)
        await telling.webhook(control, "mail.accepted")
        await telling.world.post(MAIL)
        async with telling.pumping():
            await telling.until(lambda: bool(control.requests))
            await quiet()
    assert len(receiver.requests) == comes


async def test_a_message_is_signed_with_the_secret_and_for_a_day_with_the_former_one(telling):
    telling.world.now = int(time.time() * 1000)  # the library believes no other clock
    async with receiving() as receiver:
        webhook = await telling.webhook(receiver, "mail.accepted")
        rotated = (await telling.webhooks.rotate(webhook.webhook_id)).webhook
        await telling.world.accept()
        async with telling.pumping():
            await telling.until(lambda: bool(receiver.requests))
    (request,) = receiver.requests
    assert rotated.secrets.current != webhook.secrets.current
    for secret in (rotated.secrets.current, webhook.secrets.current):
        Verifier(secret).verify(request.body, request.headers)


async def test_a_trial_is_told_too(telling):
    async with receiving() as receiver:
        webhook = await telling.webhook(receiver, "delivery.bounced")
        async with telling.pumping():
            await telling.until(lambda: telling.waiting() == 0)
            from couvert.readmodels.webhooks.box import Box

            with Box(telling.world.directory) as box:
                box.add(queued(webhook.id, -telling.world.now, telling.world.now))
            await telling.until(lambda: bool(receiver.requests))
    event = told(receiver.requests[0])
    assert (event["type"], event["data"]["webhookId"]) == ("webhook.test", webhook.webhook_id)


async def test_neither_address_nor_secret_is_in_an_event_or_a_log_line(telling, capfd):
    async with receiving() as receiver:
        receiver.otherwise = receiver.otherwise
        webhook = await telling.webhook(receiver, "*")
        await telling.webhooks.rotate(webhook.webhook_id)
        await telling.world.accept()
        async with telling.pumping():
            await telling.until(lambda: bool(receiver.requests))
    events = telling.world.store._read("select payload from event")
    printed = capfd.readouterr()
    for secret in (webhook.secrets.current, str(receiver.port)):
        assert secret not in json.dumps(events)
        assert secret not in printed.out + printed.err


# --- Suppressions -----------------------------------------------------------------------------------------------------


async def test_suppressions_are_told_as_each_event_left_them(telling):
    async with receiving() as receiver:
        await telling.webhook(receiver, "suppression.*")
        mail = await telling.world.post(MAIL)
        await telling.world.work("taken")
        await telling.world.tell(mail + 1, "hard bounce")
        known = await telling.world.suppressions.find("bob@example.net")
        await telling.world.suppressions.remove(known.id)
        async with telling.pumping():
            await telling.until(lambda: len(receiver.requests) == 2)
    added, removed = sorted(map(told, receiver.requests), key=lambda event: int(event["data"]["eventId"]))
    assert (added["type"], removed["type"]) == ("suppression.added", "suppression.removed")
    assert {name: value for name, value in added["data"].items() if name != "eventId"} == {
        "suppressionId": ids.encode("sup", known.id),
        "deliveryId": ids.encode("dlv", mail + 1),
        "reason": "hard_bounce",
        "expiresAt": None,
        "isActive": True,
    }
    assert removed["data"]["isActive"] is False


async def test_who_asks_for_the_recipient_is_told_who_is_suppressed_while_that_lasts(telling):
    async with receiving() as receiver:
        await telling.webhook(receiver, "suppression.*", includes_recipient=True)
        await telling.world.suppress("bob@example.net")
        gone = await telling.world.suppress("eve@example.net")
        await telling.world.suppressions.remove(gone)
        async with telling.pumping():
            await telling.until(lambda: len(receiver.requests) == 3)
    events = sorted(map(told, receiver.requests), key=lambda event: int(event["data"]["eventId"]))
    assert [event["data"]["recipient"] for event in events] == [{"email": "bob@example.net"}, None, None]


async def test_who_wants_some_mails_alone_hears_of_no_suppressions(telling):
    async with receiving() as receiver, receiving() as control:
        await telling.webhook(receiver, "*", tags=("welcome",))
        await telling.webhook(control, "*")
        await telling.world.suppress("bob@example.net")
        async with telling.pumping():
            await telling.until(lambda: bool(control.requests))
            await quiet()
    assert receiver.requests == []
