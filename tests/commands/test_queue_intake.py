"""Messages of the bulk queue become mails, once each, whatever they are made of and however often they come."""

import json

import pytest
from structlog.testing import CapturingLogger

from couvert.api.v1.queue import read_message
from couvert.commands import queue_intake
from couvert.commands.idempotency import IdempotencyKeys
from couvert.commands.queue_intake import (
    OURS,
    WINDOW_MS,
    Accepted,
    Known,
    Malformed,
    NotNow,
    Ours,
    QueueMessage,
    TakeMessages,
)
from couvert.domain import ids
from couvert.domain.mail import BULK
from couvert.store.messages import Echo, ResultDue
from couvert.store.sqlite import committer
from tests.workers.queue.post import BODY

BOB = {"recipient_email": "bob@example.org"}
CHARLIE = {"recipient_email": "charlie@example.org"}


def message(id_="m-1", /, *without, **changes):
    body = {name: value for name, value in (BODY | changes).items() if name not in without}
    return QueueMessage(id_, json.dumps(body))


@pytest.fixture
def intake(store, mails, clock):
    return TakeMessages(store, mails, clock, read_message, IdempotencyKeys(store, clock, WINDOW_MS), tells_results=True)


@pytest.fixture
def take(intake):
    async def take(taken):
        (fate,) = await intake.take([taken])
        return fate

    return take


async def total(store):
    return len(await store.latest_deliveries(1_000))


# --- What a message becomes -------------------------------------------------------------------------------------------


async def test_a_message_becomes_a_mail_to_one_recipient_that_lets_others_pass(take, store, clock):
    fate = await take(message())

    stored = await store.delivery(fate.delivery_id)
    assert isinstance(fate, Accepted)
    assert (stored.delivery.priority, stored.wake_at, stored.owner) == (BULK, clock.now, 0)


async def test_what_a_result_repeats_is_kept_as_it_came(take, store):
    fate = await take(message(queued_at="whenever"))

    content = await store.content(fate.delivery_id - 1)
    recipient = await store.recipient(fate.delivery_id)
    references = content.references
    assert (references.email_id, references.client_env_id, references.queued_at) == ("msg-123", "env-123", "whenever")
    assert (recipient.email, recipient.email_recipient_id) == ("john@example.com", "recipient-123")
    assert (recipient.name, recipient.company) == ("John Doe", "Acme Corp")


async def test_only_four_fields_are_needed(take):
    needed = ("sender_email", "subject", "html_template", "recipient_email")
    body = {name: BODY[name] for name in needed}

    assert isinstance(await take(QueueMessage("m-1", json.dumps(body))), Accepted)


async def test_unknown_fields_are_ignored(take):
    assert isinstance(await take(message(colour="blue")), Accepted)


async def test_of_a_field_that_comes_twice_the_last_one_counts_as_in_v1(take, store):
    twice = json.dumps(BODY)[:-1] + ', "recipient_email": "bob@example.org"}'

    fate = await take(QueueMessage("m-1", twice))

    assert (await store.recipient(fate.delivery_id)).email == "bob@example.org"


async def test_a_batch_is_answered_message_by_message_in_its_order(intake):
    fates = await intake.take([message("m-1", **BOB), QueueMessage("m-2", "{"), message("m-3", **CHARLIE)])

    assert [type(fate) for fate in fates] == [Accepted, Malformed, Accepted]


async def test_whoever_hands_over_is_woken_once_for_what_was_accepted(store, mails, clock):
    woken = []
    seen = IdempotencyKeys(store, clock, WINDOW_MS)
    intake = TakeMessages(store, mails, clock, read_message, seen, tells_results=False, wake=lambda: woken.append(1))

    await intake.take([message("m-1", **BOB), message("m-2", **CHARLIE)])
    await intake.take([message("m-1", **BOB)])

    assert woken == [1]


# --- The same message -------------------------------------------------------------------------------------------------


async def test_a_message_that_comes_again_is_not_sent_again_and_its_result_is_due_again(take, store):
    first = await take(message("m-1"))

    again = await take(message("m-2"))

    assert again == Known(first.delivery_id)
    assert await total(store) == 1
    assert await store.results_due(10) == [ResultDue(first.delivery_id, None, 1)]


async def test_two_of_the_same_in_one_batch_are_one_mail(intake, store, monkeypatch):
    said = CapturingLogger()
    monkeypatch.setattr(committer, "log", said)

    fates = await intake.take([message("m-1"), message("m-2"), message("m-3")])

    assert sorted(type(fate).__name__ for fate in fates) == ["Accepted", "Known", "Known"]
    assert await total(store) == 1
    assert said.calls == [], "nothing went wrong"


@pytest.mark.parametrize("change", [BOB, {"queued_at": "2025-01-27T10:30:01Z"}, {"subject": "Another"}])
async def test_a_message_that_differs_in_anything_is_another_one(take, store, change):
    await take(message("m-1"))

    assert isinstance(await take(message("m-1", **change)), Accepted)


@pytest.mark.parametrize("without", [("queued_at",), ("email_id", "email_recipient_id")])
async def test_without_a_time_or_ids_the_name_that_the_queue_gave_decides(take, store, without):
    first = await take(message("m-1", *without))

    assert isinstance(await take(message("m-2", *without)), Accepted)
    assert await take(message("m-1", *without)) == Known(first.delivery_id)


async def test_after_fourteen_days_it_is_another_message(take, clock):
    await take(message("m-1"))
    clock.now += WINDOW_MS - 1
    assert isinstance(await take(message("m-2")), Known)

    clock.now += 1

    assert isinstance(await take(message("m-3")), Accepted)


async def test_nothing_is_due_where_nobody_tells_results(store, mails, clock):
    seen = IdempotencyKeys(store, clock, WINDOW_MS)
    intake = TakeMessages(store, mails, clock, read_message, seen, tells_results=False)

    await intake.take([message("m-1")])
    await intake.take([message("m-2"), QueueMessage("m-3", "{")])

    assert await store.results_due(10) == []


# --- Malformed messages -----------------------------------------------------------------------------------------------


POISON = {
    "nothing": "",
    "no JSON": "hello",
    "cut off": '{"subject": ',
    "a list": "[]",
    "a number": "1e999",
    "NaN": '{"subject": NaN}',
    "deep": "[" * 100_000,
    "deep and closed": '{"a":' * 50_000 + "1" + "}" * 50_000,
    "a huge number": '{"subject": ' + "9" * 100_000 + "}",
    "half a pair": json.dumps(BODY | {"subject": "\ud800"}),
    "half a pair, raw": json.dumps(BODY | {"subject": "\ud800"}, ensure_ascii=False),
    "a null byte": json.dumps(BODY | {"subject": "a\0b"}),
    "a line break": json.dumps(BODY | {"subject": "a\nBcc: x@example.org"}),
    "no subject": json.dumps({name: value for name, value in BODY.items() if name != "subject"}),
    "a null": json.dumps(BODY | {"recipient_email": None}),
    "a number for a text": json.dumps(BODY | {"email_id": 123}),
    "an object for a text": json.dumps(BODY | {"recipient_name": {"first": "John"}}),
    "no address": json.dumps(BODY | {"recipient_email": "john"}),
    "two addresses": json.dumps(BODY | {"recipient_email": "a@example.org, b@example.org"}),
    "an unknown variable": json.dumps(BODY | {"html_template": "{{nickname}}"}),
    "a name of v2": json.dumps(BODY | {"html_template": "{{senderName}}"}),
    "a long line": json.dumps(BODY | {"recipient_name": "x" * 1_001}),
    "an empty template": json.dumps(BODY | {"html_template": ""}),
}


@pytest.mark.parametrize("body", POISON.values(), ids=POISON.keys())
async def test_a_malformed_message_is_kept_with_its_failure_and_its_neighbours_are_accepted(intake, store, body):
    fates = await intake.take([message("m-1", **BOB), QueueMessage("m-2", body), message("m-3", **CHARLIE)])

    (kept,) = await store.kept_messages(10)
    assert [type(fate) for fate in fates] == [Accepted, Malformed, Accepted]
    assert (kept.message_id, kept.body, kept.fault) == ("m-2", body, fates[1].fault)
    assert await store.results_due(10) == [ResultDue(None, "m-2", 1)]


async def test_a_failure_says_what_is_wrong_and_repeats_what_could_be_read(take, store):
    fate = await take(message("m-1", "subject", recipient_email="john"))

    (kept,) = await store.kept_messages(10)
    assert "subject: Field required" in fate.fault
    assert "recipient_email: value is not a valid email address" in fate.fault
    assert kept.echo == Echo("msg-123", "recipient-123", "john", "2025-01-27T10:30:00Z")


async def test_an_unknown_variable_is_named_in_the_log_too(take, monkeypatch):
    said = CapturingLogger()
    monkeypatch.setattr(queue_intake, "log", said)

    fate = await take(message(html_template="{{nickname}}"))

    assert "nickname" in fate.fault
    assert said.calls == [("warning", ("queue.malformed",), {"message": "m-1", "fault": fate.fault})]


async def test_what_is_repeated_is_never_more_than_a_line(take, store):
    await take(message(email_id="x" * 1_001, recipient_email=7, queued_at="a\nb"))

    (kept,) = await store.kept_messages(10)
    assert kept.echo == Echo(None, "recipient-123", None, None)


async def test_a_malformed_message_that_comes_again_is_kept_once_and_fails_again(take, store):
    await take(QueueMessage("m-1", "{"))

    await take(QueueMessage("m-1", "{"))

    assert await store.count_kept_messages() == 1
    assert [due.message_id for due in await store.results_due(10)] == ["m-1", "m-1"]


async def test_a_megabyte_is_judged_like_everything_else(take):
    assert isinstance(await take(message(html_template="<p>" + "x" * 1_000_000)), Accepted)


# --- Our own, and trouble ---------------------------------------------------------------------------------------------


async def test_a_message_of_our_own_is_about_its_delivery_and_no_mail(take, store):
    accepted = await take(message())
    ours = message()._replace(attributes={OURS: ids.encode("dlv", accepted.delivery_id)})

    assert await take(ours) == Ours(accepted.delivery_id)
    assert await total(store) == 1


@pytest.mark.parametrize("named", ["4711", ids.encode("dlv", 4711)], ids=["no id", "of nobody here"])
async def test_an_attribute_that_names_no_delivery_makes_a_message_malformed(take, store, named):
    assert isinstance(await take(message()._replace(attributes={OURS: named})), Malformed)
    assert await total(store) == 0


async def test_what_could_not_be_committed_stays_in_the_queue_and_its_neighbours_do_not(intake, store):
    store.ends = ["refused"]

    fates = await intake.take([message("m-1", **BOB), message("m-2", **CHARLIE)])

    assert sorted(type(fate).__name__ for fate in fates) == ["Accepted", "NotNow"]
    assert await total(store) == 1


async def test_a_commit_that_nobody_saw_end_is_known_when_the_message_comes_again(take, store):
    store.ends = ["kept unseen"]
    assert isinstance(await take(message()), NotNow)

    fate = await take(message())

    assert isinstance(fate, Known)
    assert await total(store) == 1


async def test_a_malformed_message_that_could_not_be_kept_stays_in_the_queue(take, store):
    store.ends = ["refused"]

    assert isinstance(await take(QueueMessage("m-1", "{")), NotNow)
    assert await store.count_kept_messages() == 0


async def test_one_that_we_stumble_over_keeps_nobody_else(store, mails, clock):
    def stumbling(text):
        if "bob" in text:
            raise ZeroDivisionError
        return read_message(text)

    seen = IdempotencyKeys(store, clock, WINDOW_MS)
    intake = TakeMessages(store, mails, clock, stumbling, seen, tells_results=True)

    fates = await intake.take([message("m-1", **BOB), message("m-2", **CHARLIE)])

    assert [type(fate) for fate in fates] == [NotNow, Accepted]
