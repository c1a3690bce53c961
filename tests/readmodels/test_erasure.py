"""What is erased from the vault is found no more, and the read models can still be made anew and compared."""

import sqlite3
from contextlib import closing

from couvert.domain.mail import AcceptMail, Recipient, References, Sender
from couvert.readmodels import mark_table
from couvert.readmodels.connections import transaction
from couvert.readmodels.delivery_views import deliveries, delivery
from couvert.readmodels.mail_filter import MailFilter
from couvert.readmodels.mail_views import mail, mails
from couvert.readmodels.marking import marker_of
from couvert.readmodels.pages import Wanted
from couvert.readmodels.read import ReadModels
from couvert.readmodels.rebuild import rebuild
from couvert.store.sqlite.store import FILE
from tests.readmodels.following import FIRST, follow


async def a_mail_to(world, *to):
    command = AcceptMail(
        sender=Sender("alice@example.com"), recipients=tuple(map(Recipient, to)), subject="Hello", html="<p>",
        references=References(email_id="e-1"),
    )  # fmt: skip
    return await world.post(command)


def erase(world, sql, *values):
    with closing(sqlite3.connect(world.directory / FILE)) as database, database:
        database.execute(sql, values)


def found(world, **wanted):
    with ReadModels(world.directory) as files:
        marker = marker_of(files.database)
        return [view.mail_id for view in mails(files, MailFilter(**wanted), Wanted(), marker).items]


async def test_an_address_that_was_forgotten_is_not_found_and_its_neighbours_are(world):
    mail_id = await a_mail_to(world, "bob@example.net", "carol@example.net")
    follow(world.directory)
    erase(world, "delete from recipient where email = 'bob@example.net'")

    with ReadModels(world.directory) as files, closing(sqlite3.connect(world.directory / FIRST)) as models:
        models.isolation_level = None
        with transaction(models):
            mark = marker_of(files.database).mark("recipient", "bob@example.net")
            mark_table.forget(models, mail_id, [mark, mark])

    assert found(world, recipient="bob@example.net") == []
    assert found(world, recipient="carol@example.net") == [mail_id]
    assert found(world, email_id="e-1", text="hello") == [mail_id]


async def test_forgetting_the_same_again_and_again_does_no_harm(world):
    ids = [await a_mail_to(world, f"{n}@example.net") for n in range(5)]
    follow(world.directory)

    with ReadModels(world.directory) as files, closing(sqlite3.connect(world.directory / FIRST)) as models:
        models.isolation_level = None
        marker = marker_of(files.database)
        with transaction(models):
            for _ in range(50):
                for mail_id in ids:
                    mark_table.forget(models, mail_id, [marker.mark("email_id", "e-1"), *marker.search("hello")])
            models.execute("insert into mark(mark) values ('integrity-check')")

    assert found(world, email_id="e-1") == []
    assert found(world, recipient="3@example.net") == [ids[3]]


async def test_a_rebuild_after_an_erasure_ends_with_the_same_checksum_and_does_not_find_it_again(world):
    mail_id = await a_mail_to(world, "bob@example.net", "carol@example.net")
    await world.work("taken")
    follow(world.directory)
    erase(world, "delete from recipient where email = 'bob@example.net'")
    erase(world, "delete from content where mail_id = ?", mail_id)

    rebuilt = rebuild(world.directory)

    assert rebuilt.has_agreed
    assert found(world, recipient="bob@example.net") == []
    assert found(world, email_id="e-1") == []
    assert found(world, recipient="carol@example.net") == [mail_id]


async def test_what_was_erased_is_absent_and_the_rest_is_told(world):
    mail_id = await a_mail_to(world, "bob@example.net", "carol@example.net")
    await world.work("taken")
    follow(world.directory)
    erase(world, "delete from recipient where email = 'bob@example.net'")
    erase(world, "delete from content where mail_id = ?", mail_id)

    with ReadModels(world.directory) as files:
        one, rows, alone = mail(files, mail_id), deliveries(files, mail_id, Wanted()), delivery(files, mail_id + 1)

    assert one is not None and rows is not None and alone is not None  # noqa: PT018 - for the type checker
    assert (one.subject, one.sender, one.recipient_count) == (None, None, 2)
    assert [row.recipient and row.recipient.email for row in rows.items] == [None, "carol@example.net"]
    assert [event.type for event in alone[1]] == ["mail.accepted", "delivery.begun", "delivery.sent"]
