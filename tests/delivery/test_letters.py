"""Letters: what the recipients of a mail share is read and encoded once, attachments above all."""

from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from couvert.commands.accept import AcceptMails
from couvert.delivery.letters import Letters
from couvert.delivery.mime_files import file_part
from couvert.domain.attachments import Attachment
from couvert.domain.ids import IdSource
from couvert.domain.mail import AcceptMail, Recipient, Sender
from couvert.store.sqlite.store import SqliteStore
from tests.store.changes import Clock

BIG = Attachment("big.zip", "application/zip", b"\x01\x02" * 5_000_000)
IDS = IdSource(0, Clock())
SAME = Attachment("page.html", "text/html", b"<p>{{name}}</p>")


@pytest.fixture
async def store(tmp_path: Path):
    store = SqliteStore(tmp_path, Clock())
    yield store
    await store.close()


@pytest.fixture
def encoded(monkeypatch):
    """The names of files as they are encoded."""
    names: list[str] = []

    def counting(attachment, *, is_inline):
        names.append(attachment.filename)
        return file_part(attachment, is_inline=is_inline)

    monkeypatch.setattr("couvert.delivery.mime.file_part", counting)
    return names


async def accepted(store, *attachments):
    everybody = tuple(Recipient(f"c{n}@example.org", f"Charlie {n}") for n in range(3))
    command = AcceptMail(
        Sender("alice@example.com"), everybody, "Hi", html="<p>{{name}}</p>", attachments=attachments,
        headers={"X-A": "b"},
    )  # fmt: skip
    return await AcceptMails(store, IDS, Clock()).accept(command, key=None)


async def messages(store, letters, mail):
    return [
        (await letters.message(row.delivery, await store.recipient(row.delivery.id))).content for row in mail.deliveries
    ]


async def test_the_recipients_of_a_mail_share_its_encoded_attachments(store, encoded):
    mail = await accepted(store, BIG)

    sent = await messages(store, Letters(store, Clock()), mail)

    assert encoded == ["big.zip"]
    assert [message.count(b"Charlie") for message in sent] == [3, 3, 3]
    for message in sent:
        (file,) = message_from_bytes(message, policy=default).iter_attachments()
        assert file.get_payload(decode=True) == BIG.content


async def test_a_mail_without_any_makes_no_room_of_theirs(store, encoded):
    letters = Letters(store, Clock())
    laden, plain = await accepted(store, BIG), await accepted(store)
    await messages(store, letters, laden)
    await messages(store, letters, plain)
    await messages(store, letters, laden)

    assert encoded == ["big.zip"]


async def test_an_attachment_may_say_what_the_body_says(store):
    mail = await accepted(store, SAME)
    letters = Letters(store, Clock())
    letters.remember(mail.content, mail.bodies)

    (first, *_) = await messages(store, letters, mail)

    (file,) = message_from_bytes(first, policy=default).iter_attachments()
    assert file.get_payload(decode=True) == SAME.content
    assert b"X-A: b\r\n" in first
