"""Of suppressions and of whom they stopped, the audit is shown one lie after the other, and says which it was."""

import asyncio
import shutil
import sqlite3
from contextlib import closing

import pytest

from couvert.domain.ids import encode
from couvert.domain.mail import AcceptMail, Recipient, Sender
from couvert.readmodels.audit import audit
from couvert.store.sqlite.store import FILE
from tests.readmodels.world import World

LIES = {
    "its row lost": ("delete from suppression where id = {bounced}", "The row of suppression {sup_bounced} is lost."),
    "a row too many": (
        "insert into suppression values (7, 1, x'07', 'x@example.net', 'manual', null, null, 1, null, 1, 1)",
        "There is a row of suppression sup_0000000000007, which was never added.",
    ),
    "its reason": (
        "update suppression set reason = 'manual' where id = {bounced}",
        "In the row of suppression {sup_bounced}: reason is manual, by the log hard_bounce.",
    ),
    "its delivery": ("update suppression set delivery = 1 where id = {bounced}", "delivery is 1, by the log "),
    "its end": ("update suppression set expires_at = 5 where id = {bounced}", "expires_at is 5, by the log None."),
    "ended by nobody": ("update suppression set is_active = 0 where id = {bounced}", "is_active is 0, by the log 1."),
    "in force again": ("update suppression set is_active = 1 where id = {removed}", "is_active is 1, by the log 0."),
    "an address kept": (
        "update suppression set address = 'rest@example.net' where id = {removed}",
        "address is rest@example.net, by the log .",
    ),
    "found by another's mark": ("update suppression set mark = x'07' where id = {bounced}", "mark is "),
    "stopped by one that was not there": (
        "update event set payload = replace(payload, '{bounced}', '{removed}') where type = 54",
        "was suppressed by suppression {sup_removed}, which was not in force.",
    ),
    "stopped by one of another address": (
        "update event set payload = replace(payload, '{bounced}', '{other}') where type = 54",
        "was suppressed by suppression {sup_other}, which is another address's.",
    ),
    "sent to despite it": (
        "insert into event values ({last} + 1, 1, {mail}, 1, 2, {now}, '{{\"attempt\": 1}}')",
        "delivery {dlv_mail} was begun despite suppression {sup_bounced}.",
    ),
    "a bounce not counted": (
        "update soft_bounce set in_a_row = 5",
        "5 soft bounces in a row are counted, by the log 1.",
    ),
    "an event of something else": (
        "update event set type = 22 where stream = {bounced}",
        "There is a row of suppression {sup_bounced}, which was never added.",
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_no_lie_goes_unnoticed(lie, healthy, tmp_path):
    source, names = healthy
    directory = shutil.copytree(source, tmp_path / "data")
    sql, sentence = (text.format(**names) for text in LIES[lie])

    with closing(sqlite3.connect(directory / FILE)) as connection:
        connection.execute(sql)
        connection.commit()

    assert [fault for fault in audit(directory).faults.first if sentence in fault] != []


def test_without_a_lie_it_finds_nothing(healthy):
    assert audit(healthy[0]).faults.first == []


@pytest.fixture(scope="module")
def healthy(tmp_path_factory):
    """Bob bounced, and a mail to him was stopped; Dora bounced softly; Erin was entered, and Rest removed again."""
    directory = tmp_path_factory.mktemp("healthy")
    names = asyncio.run(happen(directory))
    shown = {f"sup_{name}": encode("sup", names[name]) for name in ("bounced", "other", "removed")}
    return directory, {**names, **shown, "dlv_mail": encode("dlv", names["mail"] + 1)}


async def happen(directory):
    async with World(directory) as world:
        bounced, soft = await mail_to(world, "bob@example.net"), await mail_to(world, "dora@example.net")
        await world.work("taken", "taken")
        await world.tell(bounced + 1, "hard bounce")
        await world.tell(soft + 1, "soft bounce")
        removed = await world.suppress("rest@example.net")
        await world.suppressions.remove(removed)
        other = await world.suppress("erin@example.net")
        stopped = await mail_to(world, "bob@example.net")
        await world.work("taken")
        found = await world.suppressions.find("bob@example.net")
        assert found is not None
        return {
            "bounced": found.id, "other": other, "removed": removed, "mail": stopped, "now": world.now,
            "last": await world.store.position(),
        }  # fmt: skip


async def mail_to(world, address):
    return await world.post(
        AcceptMail(Sender("alice@example.com"), (Recipient(address),), "Hello", html="<p>Hello</p>")
    )
