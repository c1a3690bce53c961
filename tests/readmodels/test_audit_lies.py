"""Each check of the audit is shown one lie, planted by one statement, and says which it was."""

import asyncio
import shutil
import sqlite3
from contextlib import closing

import pytest

from couvert.commands.webhooks import Webhooks
from couvert.domain.ids import IdSource, encode
from couvert.domain.refusals import NotFound
from couvert.domain.user import Role
from couvert.domain.webhook import Terms
from couvert.readmodels.audit import audit
from couvert.readmodels.audit.report import MOST_KEPT
from couvert.store.sqlite.store import FILE
from tests.readmodels.following import FIRST, follow
from tests.readmodels.world import World

LIES = {
    # The queue.
    "no row": ("delete from delivery where id = {a} + 2", "Accepted and lost: delivery {dlv_a2} has no row."),
    "a row too many": (
        "update delivery set id = id + 9 where id = {c} + 1",
        "There is a row of delivery {dlv_c10}, which was never accepted.",
    ),
    "a state": (
        "update delivery set state = 2 where id = {b} + 1",
        "In the row of delivery {dlv_b1}: state is sent, by the log unknown.",
    ),
    "no state at all": ("update delivery set state = 77 where id = {b} + 1", "state is 77, by the log unknown"),
    "attempts": ("update delivery set attempt = 0 where id = {a} + 1", "attempt is 0, by the log 1"),
    "begun": ("update delivery set is_begun = 1 where id = {a} + 1", "is_begun is 1, by the log 0"),
    "deferrals": ("update delivery set deferrals = 0 where id = {a} + 2", "deferrals is 0, by the log 1"),
    "sent again": ("update delivery set is_resent = 1 where id = {a} + 1", "is_resent is 1, by the log 0"),
    "due": ("update delivery set due_at = due_at + 1 where id = {a} + 3", "due_at is "),
    "expiry": ("update delivery set expires_at = null where id = {b} + 1", "expires_at is None, by the log "),
    "giving up": ("update delivery set give_up_at = 0 where id = {a} + 1", "give_up_at is 0, by the log "),
    "priority": ("update delivery set priority = 0 where id = {a} + 1", "priority is 0, by the log 1"),
    "mail": ("update delivery set mail_id = {b} where id = {a} + 1", "mail_id is {b}, by the log {a}"),
    "tenant": ("update delivery set tenant = 2 where id = {a} + 1", "tenant is 2, by the log 1"),
    "forgotten": (
        "update delivery set wake_at = null where id = {a} + 3",
        "No worker will ever look at delivery {dlv_a3}, which is not finished.",
    ),
    "poster": ("update delivery set poster = 7 where id = {a} + 1", "poster is 7, by the log "),
    "a line that nobody looks into": (
        "delete from queue where priority = 1",
        "No worker will ever look at delivery {dlv_a3}, which is not finished.",
    ),
    "a line that is looked into too late": (
        "update queue set wake_at = wake_at + 1000000000 where priority = 1",
        "No worker will ever look at delivery {dlv_a3}, which is not finished.",
    ),
    "forgotten under way": (
        "update delivery set wake_at = null where id = {c} + 1",
        "No worker will ever look at delivery {dlv_c1}, which is not finished.",
    ),
    "looked at for nothing": (
        "update delivery set wake_at = 1 where id = {a} + 1",
        "A worker is to look at delivery {dlv_a1}, with which nothing is to be done.",
    ),
    # Webhooks.
    "no webhook": ("delete from webhook where id = {hook}", "The row of webhook {uuid_hook} is lost."),
    "a webhook too many": (
        "update webhook set id = {after_unhooked} where id = {unhooked}",
        "There is a row of webhook {after_unhooked}, which was never created.",
    ),
    "a webhook that is off": (
        "update webhook set is_active = 0 where id = {hook}",
        "In the row of webhook {uuid_hook}: is_active is 0, by the log 1.",
    ),
    "a webhook that hears more": (
        "update webhook set types = '[\"*\"]' where id = {hook}",
        "In the row of webhook {uuid_hook}: types is ",
    ),
    "a secret of nobody": (
        "update webhook set secret = 'whsec_x' where id = {unhooked}",
        "Webhook {uuid_unhooked} was deleted, and its address or secret is still there.",
    ),
    # The vault.
    "no recipient": (
        "delete from recipient where delivery_id = {a} + 3",
        "The recipient of delivery {dlv_a3} is not in the vault.",
    ),
    "a recipient too many": (
        "update recipient set delivery_id = {c} + 2 where delivery_id = {c} + 1",
        "The vault has a recipient of delivery {dlv_c2}, which was never accepted.",
    ),
    "no content": ("delete from content where mail_id = {b}", "The content of mail {mail_b} is not in the vault."),
    "a content too many": (
        "update content set mail_id = {c} + 1 where mail_id = {c}",
        "The vault has the content of mail {mail_c1}, which was never accepted.",
    ),
    "no HTML": (
        "delete from body where sha256 = (select html from content where mail_id = {b})",
        "A body of mail {mail_b} is not in the vault.",
    ),
    "no text": (
        "delete from body where sha256 = (select text from content where mail_id = {c})",
        "A body of mail {mail_c} is not in the vault.",
    ),
    "no attachment": (
        "delete from body where sha256 = (select sha256 from attachment where mail_id = {b})",
        "An attachment of mail {mail_b} is not in the vault.",
    ),
    "an attachment unnamed": (
        "delete from attachment where mail_id = {b}",
        "An attachment of mail {mail_b} is not in the vault.",
    ),
    "nothing to say": (
        "update content set html = null, text = null where mail_id = {b}",
        "The content of mail {mail_b} has no body.",
    ),
    # The log.
    "an event lost": (
        "delete from event where stream = {a} and type = 9",
        "1 events before position {last} are gone from the log.",
    ),
    "an acceptance lost": (
        "delete from event where stream = {b} and part = 0",
        "There are events of mail {mail_b}, which was never accepted.",
    ),
    "accepted twice": (
        "insert into event values ({last} + 1, 1, {b}, 0, 1, 0, (select payload from event where position = 1))",
        "Event {after_last} has no place in the history of mail {mail_b}.",
    ),
    "an unknown kind": (
        "update event set type = 77 where stream = {a} and type = 9",
        "is of kind 77, which this couvert does not know.",
    ),
    "nonsense": (
        'update event set payload = \'{{"attempt": "one"}}\' where stream = {a} and type = 9',
        "cannot be read: Expected `int`, got `str`",
    ),
    "somebody else's event": (
        "update event set part = 4 where stream = {a} and type = 9",
        "There are events of recipient 4 of mail {mail_a}, which has no such recipient.",
    ),
    "a key's event": (
        "update event set stream = {a}, part = 1 where type = 20",
        "has no place in the history of delivery {dlv_a1}.",
    ),
    # Users and tokens.
    "a user lost": ("delete from user where id = {alice}", "The row of user {uuid_alice} is lost."),
    "a user too many": (
        "update user set id = {bob} + 1 where id = {bob}",
        "There is a row of user {after_bob}, who was never added.",
    ),
    "a role taken": (
        "update user set role = 'admin' where id = {bob}",
        "In the row of user {uuid_bob}: role is admin, by the log member.",
    ),
    "a user deleted by nobody": ("update user set is_active = 0 where id = {alice}", "is_active is 0, by the log 1"),
    "somebody else's tenant": ("update user set tenant = 2 where id = {alice}", "tenant is 2, by the log 1"),
    "when they came": ("update user set registered_at = 1 where id = {alice}", "registered_at is 1, by the log "),
    "who was deleted": (
        "update user set last_name = 'Dogwood' where id = {dan}",
        "User {uuid_dan} was deleted, and something personal is still there.",
    ),
    "a token lost": ("delete from token where id = {token}", "The row of API token {uuid_token} is lost."),
    "a token too many": (
        "update token set id = id + 99 where id = {token}",
        "which was never created.",
    ),
    "a token's roles": (
        "update token set roles = 'api_read api_write' where id = {token}",
        "In the row of API token {uuid_token}: roles is api_read api_write, by the log api_read.",
    ),
    "a token come back": ("update token set is_revoked = 0 where id = {revoked}", "is_revoked is 0, by the log 1"),
    "a token for ever": ("update token set expires_at = null where id = {token}", "expires_at is None, by the log "),
    "a user's limit": (
        "update user set rate_limit = 9, rate_period_seconds = 1 where id = {alice}",
        "rate_limit is 9, by the log None",
    ),
    "somebody else's token": ("update token set user = {bob} where id = {token}", "user is {bob}, by the log {alice}"),
    "a token's event among a user's": (
        "update event set stream = {alice} where type = 42",
        "has no place in the history of stream {alice}.",
    ),
    "a user's beginning lost": (
        "delete from event where stream = {bob} and type = 30",
        "There is a row of user {bob}, who was never added.",
    ),
    # Keys.
    "a key's row": ("delete from api_key", "is lost."),
    "a key's name": ("update api_key set name = 'shop'", "name is shop, by the log app."),
    "a key deleted by nobody": ("update api_key set is_active = 0", "is_active is 0, by the log 1."),
    "a key without its restrictions": (
        "update api_key set restrictions = '[[],null,null]'",
        "restrictions is [[],null,null], by the log [[],null,5]",
    ),
    "an origin that finds no key": ("delete from api_key_origin", "is found by other origins than it has."),
    "a use forgotten": ("update key_usage set recipients = 0", "0 recipients are counted on day 20115, by the log 1."),
    "a use invented": ("insert into key_usage values (1, 7, 3)", "Of API key 1, 3 recipients are counted on day 7"),
    # Notices.
    "a notice that lies forgotten": (
        "insert into notice values (7, 1, 'sns', 1, x'01', x'', null, null, 'unread', null)",
        "Notice 7 is not read, and nobody will look at it.",
    ),
    "a notice that is read for ever": (
        "insert into notice values (7, 1, 'sns', 1, x'01', x'', 5, 3, 'read', null)",
        "Notice 7 is read, and is to be read again.",
    ),
    "a notice read at no time": (
        "insert into notice values (7, 1, 'sns', 1, x'01', x'', null, null, 'unmatched', null)",
        "Notice 7 is unmatched, but the time at which it was read says otherwise.",
    ),
    "a notice of which nobody knows": (
        "insert into notice values (7, 1, 'sns', 1, x'01', x'', null, 3, 'lost', null)",
        "Of reading notice 7 came 'lost', which this couvert does not know.",
    ),
    # Hand-overs.
    "handed over twice": (
        "insert into event values ({last} + 1, 1, {c}, 1, 2, 0, '{{\"attempt\": 2}}')",
        "At event {after_last}, delivery {dlv_c1} began attempt 2 although nobody had decided attempt 1.",
    ),
    "handed over though unknown": (
        "insert into event values ({last} + 1, 1, {b}, 1, 2, 0, '{{\"attempt\": 2}}')",
        "At event {after_last}, delivery {dlv_b1} began attempt 2 although nobody had decided attempt 1.",
    ),
    "handed over though delivered": (
        "insert into event values ({last} + 1, 1, {a}, 1, 2, 0, '{{\"attempt\": 2}}')",
        "At event {after_last}, delivery {dlv_a1} began attempt 2 although it had ended.",
    ),
    # Results.
    "results of what is to come": (
        "insert into results_mark values (1, 1, {after_last})",
        "Results are told up to event {after_last}, but the log ends at {last}",
    ),
    "a result of nothing": (
        "insert into result_due values (9, 1, {c} + 9, null)",
        "Result 9 is due of a delivery or a message that is not there.",
    ),
    # The read models.
    "a mail unknown": ("delete from models.mail where mail_id = {a}", "The read models do not know mail {mail_a}."),
    "a delivery unknown": (
        "delete from models.delivery where id = {a} + 1",
        "The read models do not know delivery {dlv_a1}.",
    ),
    "a mail invented": (
        "update models.mail set mail_id = {c} + 1 where mail_id = {c}",
        "The read models know mail {mail_c1}, of which the log says nothing up to there.",
    ),
    "a delivery invented": (
        "update models.delivery set id = {c} + 2 where id = {c} + 1",
        "The read models know delivery {dlv_c2}, of which the log says nothing up to there.",
    ),
    "counts that add up to another truth": (
        "update models.mail set queued = queued - 1, sent = sent + 1 where mail_id = {a}",
        "In the read models, of mail {mail_a}: queued is 1, by the log 2; sent is 1, by the log 0.",
    ),
    "a delivery's state": (
        "update models.delivery set state = 5 where id = {b} + 1",
        "In the read models, of delivery {dlv_b1}: state is complained, by the log unknown.",
    ),
    "a total of the read models": (
        "update models.total set deliveries = deliveries + 5 where state = 8",
        "The read models count 5 cancelled deliveries, by the log 0.",
    ),
    "ahead of the log": (
        "update models.checkpoint set position = position + 1",
        "The read models followed another log, or this one lost its end",
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_no_lie_goes_unnoticed(lie, healthy, tmp_path):
    source, names = healthy
    directory = shutil.copytree(source, tmp_path / "data")
    sql, sentence = (text.format(**names) for text in LIES[lie])

    plant(directory, sql)

    assert [fault for fault in audit(directory).faults.first if sentence in fault] != []


def test_without_a_lie_it_finds_nothing(healthy):
    directory, names = healthy

    report = audit(directory)

    assert report.faults.first == []
    assert report.read_models == names["last"]


def test_a_lost_table_is_counted_and_told_in_part(tmp_path):
    asyncio.run(accept(tmp_path, 3 * MOST_KEPT))

    plant(tmp_path, "delete from recipient")

    faults = audit(tmp_path).faults
    assert (faults.count, len(faults.first)) == (3 * MOST_KEPT, MOST_KEPT)


def test_a_damaged_database_is_not_sound(healthy, tmp_path):
    directory = shutil.copytree(healthy[0], tmp_path / "data")
    pages = (directory / FILE).read_bytes()
    # The schema stays readable; everything else is gone.
    (directory / FILE).write_bytes(pages[:8192] + bytes(len(pages) - 8192))

    assert "The audit could not go on" in audit(directory).faults.first[-1]


def test_read_models_that_are_gone_are_no_fault(healthy, tmp_path):
    directory = shutil.copytree(healthy[0], tmp_path / "data")
    (directory / FIRST).unlink()

    report = audit(directory)

    assert report.is_sound
    assert report.read_models is None


def test_without_a_database_there_is_nothing_to_prove(tmp_path):
    with pytest.raises(NotFound):
        audit(tmp_path)


@pytest.fixture(scope="module")
def healthy(tmp_path_factory):
    """A key, and three mails: of a's recipients the first has it, the second is put off and the third waits; what
    became of b is unknown; c is under way."""
    directory = tmp_path_factory.mktemp("healthy")
    mails, last, people = asyncio.run(happen(directory))
    follow(directory)
    deliveries = {f"dlv_{name}{n}": encode("dlv", id_ + n) for name, id_ in mails.items() for n in range(1, 11)}
    shown = {f"mail_{name}": encode("mail", id_) for name, id_ in mails.items()}
    invented = {f"mail_{name}1": encode("mail", id_ + 1) for name, id_ in mails.items()}
    return directory, {**people, **mails, **deliveries, **shown, **invented, "last": last, "after_last": last + 1}


async def happen(directory):
    async with World(directory) as world:
        a = await world.accept(3)
        await world.create_key(daily_quota=5)
        await world.work("taken", "later")
        await world.tell(a + 1, "delivered")
        b = await world.accept(expires_after_ms=60_000)
        await world.work("unknown")
        c = await world.accept(has_key=True)
        await world.work("nothing")
        people = {**await live(world), **await listen(world)}
        return {"a": a, "b": b, "c": c}, await world.store.position(), people


async def live(world):
    """Alice has a token, and one that was revoked; Bob is a member; Dan was deleted."""
    users, tokens = world.accounts.users, world.accounts.tokens
    alice, dan = [await world.add_user(f"{name}@example.com") for name in ("alice", "dan")]
    bob = (await users.add(email="bob@example.com", role=Role.MEMBER)).user
    token, revoked = [
        (await tokens.create(alice.id, description="", roles=["api_read"], expires_at=world.now + 1)).token
        for _ in range(2)
    ]
    await tokens.revoke(alice.id, revoked.token_id)
    await users.delete(dan.user_id)
    ids = {"alice": alice.id, "bob": bob.id, "after_bob": bob.id + 1, "dan": dan.id, "token": token.id}
    uuids = {"uuid_alice": alice.user_id, "uuid_bob": bob.user_id, "uuid_dan": dan.user_id}
    return {**ids, **uuids, "uuid_token": token.token_id, "revoked": revoked.id}


async def listen(world):
    """A webhook, and one that was deleted."""
    webhooks = Webhooks(world.store, IdSource(2, lambda: world.now), lambda: world.now)
    terms = Terms("https://example.com/hooks", "", ("delivery.*",))
    hook, deleted = [(await webhooks.create(terms)).webhook for _ in range(2)]
    await webhooks.rotate(hook.webhook_id)
    await webhooks.delete(deleted.webhook_id)
    return {
        "hook": hook.id, "uuid_hook": hook.webhook_id, "unhooked": deleted.id, "after_unhooked": deleted.id + 1,
        "uuid_unhooked": deleted.webhook_id,
    }  # fmt: skip


async def accept(directory, recipients):
    async with World(directory) as world:
        await world.accept(recipients)


def plant(directory, sql):
    with closing(sqlite3.connect(directory / FILE)) as connection:
        connection.execute("attach ? as models", (str(directory / FIRST),))
        connection.execute(sql)
        connection.commit()
