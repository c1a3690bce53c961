"""Accepting a mail: whole and durable, or refused before anything is stored."""

import sqlite3
from contextlib import closing, nullcontext
from hashlib import sha256

import pytest

from couvert.commands.accept import MOST_RECIPIENTS, Lease
from couvert.commands.claims import Claim
from couvert.domain.attachments import Attachment
from couvert.domain.delivery import State
from couvert.domain.mail import Recipient, References
from couvert.domain.refusals import Conflict, RuleBroken, Unavailable
from couvert.store.sqlite.store import FILE
from tests.commands.desk import ALICE, BOB, CHARLIE, LEASE_MS, OTHER, OWNER, mail
from tests.commands.people import caller, new_token
from tests.store.changes import NOW


async def test_an_accepted_mail_is_stored_with_everything_it_was_asked_with(mails, store):
    command = mail(
        BOB, CHARLIE, text="Hi", reply_to="alice@example.com", variables={"code": "1"}, references=References("e-1")
    )

    accepted = await mails.accept(command, key=None)

    content = await store.content(accepted.mail_id)
    assert accepted.content == content
    assert (content.sender, content.subject, content.reply_to) == (ALICE, command.subject, "alice@example.com")
    assert (content.variables, content.references) == ({"code": "1"}, References("e-1"))
    assert (await store.body(content.html), await store.body(content.text)) == ("<p>Hi</p>", "Hi")
    assert [await store.recipient(row.delivery.id) for row in accepted.deliveries] == [BOB, CHARLIE]
    assert [await store.delivery(row.delivery.id) for row in accepted.deliveries] == accepted.deliveries


async def test_bodies_are_known_by_their_hash(mails):
    accepted = await mails.accept(mail(html="<p>Grüße</p>"), key=None)

    assert accepted.content.html == sha256("<p>Grüße</p>".encode()).digest()
    assert accepted.content.text is None


async def test_every_recipient_waits_in_the_queue_under_the_mails_own_ids(mails, store):
    accepted = await mails.accept(mail(BOB, CHARLIE), key=None)

    assert [row.delivery.id - accepted.mail_id for row in accepted.deliveries] == [1, 2]
    assert {row.delivery.state for row in accepted.deliveries} == {State.QUEUED}
    assert await store.next_wake() == NOW
    assert accepted.position == await store.position() == 1


async def test_a_mail_for_later_waits_until_then(mails, store):
    await mails.accept(mail(due_at=NOW + 60_000), key=None)

    assert await store.next_wake() == NOW + 60_000


async def test_a_mail_accepted_under_a_lease_is_its_workers_until_the_lease_runs_out(mails, store):
    accepted = await mails.accept(mail(), key=None, lease=Lease(OWNER, NOW + LEASE_MS))

    assert await store.take(owner=OTHER, now=NOW + LEASE_MS - 1, until=NOW + 2 * LEASE_MS, limit=1) == []
    (taken,) = await store.take(owner=OTHER, now=NOW + LEASE_MS, until=NOW + 2 * LEASE_MS, limit=1)
    assert taken.stored.delivery == accepted.deliveries[0].delivery


@pytest.mark.parametrize(("command", "words"), [
    (mail(subject="{{nope}}"), '"nope"'),
    (mail(html="<p>{{nope}}</p>"), '"nope"'),
    (mail(text="{{nope}}"), '"nope"'),
    (mail(html="{{first name}}"), "first name"),
    (mail(Recipient("bob@example.org", variables={"code": "1"}), CHARLIE, html="{{code}}"), "charlie@example.org"),
    (mail(variables={"name": "x"}), "built in"),
    (mail(html=None), "needs an HTML or a text"),
    (mail(subject="Hello\nBcc: charlie@example.org"), "one line"),
    (mail(Recipient("bob@example.org", "Bob\r\nBcc: x")), "one line"),
])  # fmt: skip
async def test_a_mail_that_could_not_be_sent_is_refused_before_anything_is_stored(mails, store, command, words):
    with pytest.raises(RuleBroken, match=words):
        await mails.accept(command, key=None)

    assert store.commits == 0


async def test_ten_thousand_recipients_are_accepted_by_one_event(mails, store):
    everybody = [Recipient(f"charlie{n}@example.org") for n in range(MOST_RECIPIENTS)]

    accepted = await mails.accept(mail(*everybody), key=None)

    assert await store.position() == 1
    assert await store.states(first=accepted.mail_id + 1, last=accepted.mail_id + 10_000) == {State.QUEUED: 10_000}


@pytest.mark.parametrize("count", [0, MOST_RECIPIENTS + 1])
async def test_nobody_and_too_many_are_refused(mails, store, count):
    command = mail()._replace(recipients=(CHARLIE,) * count)

    with pytest.raises(RuleBroken, match="10,000 recipients"):
        await mails.accept(command, key=None)

    assert store.commits == 0


async def test_a_key_deleted_since_it_was_read_accepts_nothing(mails, keys, store):
    secret = (await keys.create(name="shop", origins=["a.example"], expires_at=None)).secret
    key = await keys.find(secret)
    await keys.delete(secret)
    before = await store.position()

    with pytest.raises(Conflict):
        await mails.accept(mail(), key=key)

    assert await store.position() == before


async def test_the_event_names_the_key_that_asked(mails, keys, store):
    created = await keys.create(name="shop", origins=[], expires_at=None)

    accepted = await mails.accept(mail(), key=await keys.find(created.secret))

    (noted,) = await store.timeline(accepted.mail_id, 0)
    assert noted.logged.event.key_id == created.key.id


async def test_a_mail_and_its_idempotency_key_are_one_commit(mails, store):
    accepted = await mails.accept(mail(), key=None, claim=Claim(b"scope", b"body"))

    found = await store.idempotency(b"scope")
    assert (found.mail_id, found.position, found.request, found.answer) == (
        accepted.mail_id, accepted.position, b"body", None,
    )  # fmt: skip
    with pytest.raises(Conflict):
        await mails.accept(mail(), key=None, claim=Claim(b"scope", b"body"))
    assert await store.position() == 1


async def test_a_store_that_cannot_commit_is_not_asked_twice(mails, store):
    store.ends = ["kept unseen"]

    with pytest.raises(Unavailable) as caught:
        await mails.accept(mail(), key=None)

    assert caught.value.may_be_kept
    assert store.commits == 1


async def test_no_personal_word_is_in_the_log(mails, tmp_path):
    await mails.accept(mail(BOB, variables={"code": "secret"}, references=References("e-1")), key=None)

    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        ((payload,),) = connection.execute("select payload from event").fetchall()
    assert not any(word in payload for word in ("bob", "Bob", "alice", "secret", "Hello", "e-1"))


# --- Tags, headers, attachments, times --------------------------------------------------------------------------------

PDF = Attachment("invoice.pdf", "application/pdf", b"\xff\x00%PDF" * 1_000)


async def test_tags_headers_and_attachments_are_in_the_vault(mails, store):
    command = mail(tags=("welcome", "Grüße"), headers={"X-Campaign": "é"}, attachments=(PDF, PDF))

    accepted = await mails.accept(command, key=None)

    content = await store.content(accepted.mail_id)
    assert content == accepted.content
    assert (content.tags, content.headers) == (("welcome", "Grüße"), {"X-Campaign": "é"})
    assert [(each.filename, each.size) for each in content.attachments] == [("invoice.pdf", 6_000)] * 2
    assert await store.attachment(content.attachments[0].sha256) == PDF.content


async def test_an_attachment_is_stored_once_however_often_it_is_sent(mails, tmp_path):
    await mails.accept(mail(html="<p>1</p>", attachments=(PDF,)), key=None)
    await mails.accept(mail(html="<p>1</p>", attachments=(PDF,)), key=None)

    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        assert connection.execute("select count(*) from body").fetchone() == (2,)


async def test_everything_that_is_wrong_is_said_at_once(mails, store):
    command = mail(
        Recipient("bob@example.org", "Bob\nBcc: x", variables={"email": "x"}),
        subject="{{nope}}",
        html="{{first name}}",
        tags=("", "ok"),
        headers={"To": "x"},
        attachments=(Attachment("", "pdf", b""),),
        expires_at=NOW,
    )

    with pytest.raises(RuleBroken) as caught:
        await mails.accept(command, key=None)

    assert sorted(fault.path for fault in caught.value.faults) == [
        "attachments.0.content_type", "attachments.0.filename", "expires_at", "headers.To", "html_template",
        "recipients.0.name", "recipients.0.variables.email", "subject", "tags.0",
    ]  # fmt: skip
    assert store.commits == 0


@pytest.mark.parametrize(("times", "is_refused"), [
    ({"due_at": NOW + 10, "expires_at": NOW + 11}, False),
    ({"due_at": NOW + 10, "expires_at": NOW + 10}, True),
    ({"due_at": NOW - 10, "expires_at": NOW + 1}, False),
    ({"expires_at": NOW}, True),
])  # fmt: skip
async def test_a_mail_that_would_expire_before_it_is_due_is_refused(mails, times, is_refused):
    with pytest.raises(RuleBroken, match="expires_at") if is_refused else nullcontext():
        await mails.accept(mail(**times), key=None)


async def test_the_event_names_the_user_that_asked(mails, store, accounts, alice):
    accepted = await mails.accept(mail(), key=None, by=await caller(accounts, await new_token(accounts, alice)))

    (noted,) = await store.timeline(accepted.mail_id, 0)
    assert noted.logged.event.user_id == alice.id


async def test_a_token_revoked_since_it_was_read_accepts_nothing(mails, store, accounts, alice):
    token = await new_token(accounts, alice)
    by = await caller(accounts, token)
    await accounts.tokens.revoke(alice.id, token.token.token_id)
    before = await store.position()

    with pytest.raises(Conflict):
        await mails.accept(mail(), key=None, by=by)
    with pytest.raises(Conflict):
        await mails.accept_all([mails.checked(mail())], key=None, by=by)

    assert await store.position() == before


# --- Several mails ----------------------------------------------------------------------------------------------------


async def test_several_mails_and_their_key_are_one_commit(mails, store):
    commands = [mails.checked(mail(subject=f"No. {n}")) for n in range(3)]

    accepted = await mails.accept_all(
        commands, key=None, claim=Claim(b"scope", b"body", lambda all_: b"%d" % len(all_))
    )

    assert store.commits == 1
    assert {each.position for each in accepted} == {3} == {await store.position()}
    assert [(await store.content(each.mail_id)).subject for each in accepted] == ["No. 0", "No. 1", "No. 2"]
    found = await store.idempotency(b"scope")
    assert (found.position, found.answer) == (3, b"3")


async def test_of_several_mails_none_is_kept_if_their_key_is_taken(mails, store):
    commands = [mails.checked(mail()) for _ in range(3)]
    await mails.accept_all(commands, key=None, claim=Claim(b"scope", b"body"))

    with pytest.raises(Conflict):
        await mails.accept_all(commands, key=None, claim=Claim(b"scope", b"body"))

    assert await store.position() == 3


async def test_of_no_mails_the_answer_is_kept_all_the_same(mails, store):
    assert await mails.accept_all([], key=None, claim=Claim(b"scope", b"body", lambda _: b"none")) == []
    assert (await store.idempotency(b"scope")).answer == b"none"


async def test_two_mails_may_say_the_same(mails, store):
    accepted = await mails.accept_all([mails.checked(mail()), mails.checked(mail())], key=None)

    assert accepted[0].content.html == accepted[1].content.html
    assert await store.body(accepted[0].content.html) == "<p>Hi</p>"
