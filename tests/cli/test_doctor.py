"""The doctor says what is wrong, what to do about it, and in its exit code whether anything is."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import typer

from couvert import wiring
from couvert.cli.checks import clock, delivery, files, notices, webhooks
from couvert.cli.checks.settings import suspicions
from couvert.cli.doctor import CHECKS, doctor
from couvert.commands.attempts import Attempts
from couvert.delivery.transport import Unknown
from couvert.delivery.transports.smtp.examination import examined
from couvert.delivery.transports.smtp.relay import Relay
from couvert.domain import ids
from couvert.domain.delivery import State
from couvert.domain.finding import Verdict
from couvert.domain.mail import AcceptMail, Recipient, Sender
from couvert.domain.webhook import Terms
from couvert.readmodels.webhooks.box import Box
from couvert.readmodels.webhooks.messages import queued
from couvert.settings import Settings
from couvert.store.changes import Change
from couvert.store.port import Examination
from couvert.store.sqlite import examination
from couvert.store.sqlite.connections import open_reader
from couvert.store.sqlite.examination import examine
from couvert.wiring import Parts, ServeLock
from tests.crash.relay import Relay as RunningRelay

NEWS = AcceptMail(Sender("shop@example.org"), (Recipient("alice@example.com"),), "News", html="<p>Hello</p>")


@pytest.fixture
async def open_parts(tmp_path: Path) -> AsyncIterator[Callable[..., Parts]]:
    opened: list[Parts] = []

    def open_one(**given: Any) -> Parts:
        opened.append(wiring.open_parts(Settings(_env_file=None, data_dir=tmp_path, **given)))
        return opened[-1]

    yield open_one
    for parts in opened:
        await parts.store.close()


@pytest.fixture
def parts(open_parts):
    return open_parts()


def verdicts(findings):
    return [finding.verdict for finding in findings]


async def test_a_mailbox_for_bounces_that_is_none_is_wrong(open_parts, tmp_path):
    found = await notices.notices(open_parts(bounce_mailbox=tmp_path / "bounces"))

    assert verdicts(found) == [Verdict.WRONG]
    assert "COUVERT_BOUNCE_MAILBOX" in found[0].sentence


async def test_a_mailbox_for_bounces_that_mails_can_be_moved_in_is_well(open_parts, tmp_path):
    (tmp_path / "bounces" / "new").mkdir(parents=True)

    assert verdicts(await notices.notices(open_parts(bounce_mailbox=tmp_path / "bounces"))) == [Verdict.OK]


async def test_of_a_new_installation_only_the_missing_serve_is_noted(parts):
    findings = [finding for check in CHECKS for finding in await check(parts)]

    assert {finding.subject for finding in findings if finding.verdict is Verdict.WRONG} == set()
    assert {finding.subject for finding in findings} >= {
        "database", "disk", "clock", "serve", "transport", "queue", "outcomes", "read models", "settings"
    }  # fmt: skip
    assert "serve" in {finding.subject for finding in findings if finding.verdict is Verdict.NOTE}


async def test_a_running_serve_is_named_with_its_address(parts, tmp_path):
    lock = ServeLock(tmp_path)
    lock.take()
    lock.announce("http://127.0.0.1:8000")

    [finding] = await delivery.serve(parts)

    assert (finding.verdict, finding.sentence) == (Verdict.OK, "`couvert serve` runs at http://127.0.0.1:8000")
    assert lock._file is not None
    lock._file.close()


# --- Files ------------------------------------------------------------------------------------------------------------


async def test_a_damaged_database_is_found(parts, tmp_path):
    await parts.mails.accept(NEWS, key=None)
    with closing(sqlite3.connect(tmp_path / "couvert.db")) as connection:
        connection.execute("pragma wal_checkpoint(truncate)").fetchall()
        [(page,)] = connection.execute("select rootpage from sqlite_schema where name = 'content'").fetchall()
    with (tmp_path / "couvert.db").open("r+b") as file:
        file.seek((page - 1) * 8192)
        file.write(b"\x0d" + bytes(range(1, 120)))

    assert examine(tmp_path / "couvert.db", 10).faults != []


async def test_a_database_that_is_too_large_to_look_at_in_time_is_said_to_be_so(parts, tmp_path, monkeypatch):
    def ends_at_once(path):
        connection = open_reader(path)
        connection.set_progress_handler(lambda: 1, 1)
        return connection

    monkeypatch.setattr(examination, "open_reader", ends_at_once)

    assert not examine(tmp_path / "couvert.db", 10).is_complete
    [finding] = await files.database(parts)
    assert finding.verdict is Verdict.OK
    assert "shows no fault in 10 s" in finding.sentence


async def test_what_is_found_in_the_database_is_said_with_what_to_do(parts, monkeypatch):
    async def found(_seconds):
        return Examination(["row 1 missing from index"], True, 10, 10)

    monkeypatch.setattr(type(parts.store), "examine", lambda _, seconds: found(seconds))

    [finding] = await files.database(parts)

    assert finding.verdict is Verdict.WRONG
    assert "row 1 missing from index" in finding.sentence
    assert "backup" in finding.sentence


async def test_a_wal_that_only_grows_is_wrong(parts, monkeypatch):
    async def found(_seconds):
        return Examination([], True, 10, 3_000_000_000)

    monkeypatch.setattr(type(parts.store), "examine", lambda _, seconds: found(seconds))

    assert verdicts(await files.database(parts)) == [Verdict.OK, Verdict.WRONG]


@pytest.mark.parametrize(("free", "verdict"), [(3e9, Verdict.OK), (1e9, Verdict.NOTE), (1e8, Verdict.WRONG)])
async def test_the_disk_has_to_have_room(parts, monkeypatch, free, verdict):
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": free}))

    assert verdicts(await files.disk(parts)) == [verdict]


# --- Clock ------------------------------------------------------------------------------------------------------------


async def test_a_clock_behind_the_log_is_wrong(parts):
    await parts.store.commit(Change(at=wiring.now_ms()))
    await parts.mails.accept(NEWS, key=None)
    parts_in_the_future = wiring.now_ms() + 3_600_000

    async def later():
        return parts_in_the_future

    object.__setattr__(parts.store, "last_event_at", later)

    [finding] = await clock.clock(parts)

    assert finding.verdict is Verdict.WRONG
    assert "set the clock" in finding.sentence


async def test_a_clock_that_jumps_is_wrong(parts, monkeypatch):
    async def jumped():
        return 4_000.0

    monkeypatch.setattr(clock, "_jumped_ms", jumped)

    assert verdicts(await clock.clock(parts)) == [Verdict.WRONG]


@pytest.mark.parametrize(("says", "verdict"), [(True, Verdict.OK), (None, Verdict.OK), (False, Verdict.NOTE)])
async def test_a_clock_that_nothing_synchronises_is_noted(parts, monkeypatch, says, verdict):
    monkeypatch.setattr(clock, "is_synchronised", lambda: says)

    assert verdicts(await clock.clock(parts)) == [verdict]


# --- Delivery ---------------------------------------------------------------------------------------------------------


async def test_a_delivery_that_nobody_takes_is_wrong(parts):
    await parts.mails.accept(NEWS, key=None)
    an_hour_ago = wiring.now_ms() - 3_600_000
    [stored] = await parts.store.deliveries(first=0, last=(1 << 63) - 1, states=State)
    overdue = stored._replace(wake_at=an_hour_ago, revision=stored.revision + 1)
    await parts.store.commit(Change(at=wiring.now_ms(), deliveries=[overdue]))

    [finding] = await delivery.queue(parts)

    assert (finding.verdict, finding.sentence) == (
        Verdict.WRONG,
        "a delivery has been due for 60 minutes: start `couvert serve`",
    )


async def test_what_is_in_doubt_is_named(parts):
    accepted = await parts.mails.accept(NEWS, key=None)
    now = wiring.now_ms()
    [taken] = await parts.store.take(owner=7, now=now, until=now + 30_000, limit=1)
    attempts = Attempts(parts.store, wiring.now_ms, "hold", 30_000)
    begun = await attempts.begin(taken.stored)
    assert begun is not None
    await attempts.record(begun, Unknown("nobody answered"))

    [finding] = await delivery.outcomes(parts)

    assert finding.verdict is Verdict.NOTE
    assert ids.encode("dlv", accepted.mail_id + 1) in finding.sentence
    assert "couvert resolve" in finding.sentence


async def test_a_relay_that_nobody_reaches_is_wrong(open_parts):
    [finding] = await delivery.transport(open_parts(transport="smtp://127.0.0.1:1"))

    assert finding.verdict is Verdict.WRONG
    assert "127.0.0.1:1" in finding.sentence


async def test_a_relay_that_answers_is_asked_how_with_the_real_client(open_parts):
    relay = await asyncio.to_thread(RunningRelay)
    try:
        [finding] = await delivery.transport(open_parts(transport=relay.url))
    finally:
        await asyncio.to_thread(relay.close)

    assert (finding.verdict, finding.sentence) == (
        Verdict.OK,
        f"the relay 127.0.0.1:{relay.port} answers, unencrypted, without a login",
    )


def test_a_relay_far_away_that_is_not_encrypted_is_noted():
    assert verdicts(examined(Relay(host="mx.example.com", port=25), None)) == [Verdict.OK, Verdict.NOTE]
    assert verdicts(examined(Relay(host="mx.example.com", port=25), "TLSv1.3")) == [Verdict.OK]
    assert verdicts(examined(Relay(host="mx.example.com", port=25, verifies=False), "TLSv1.3")) == [
        Verdict.OK,
        Verdict.NOTE,
    ]


# --- Settings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, []),
        ({"v1_key_management": "public"}, []),
        ({"v1_key_management": "public", "transport": "smtp://localhost"}, [Verdict.WRONG]),
        ({"public_url": "https://mail.example.com", "trusted_proxies": "10.0.0.5"}, [Verdict.WRONG]),
        (
            {"public_url": "https://mail.example.com", "transport": "smtp://localhost", "trusted_proxies": "10.0.0.5"},
            [],
        ),
        ({"public_url": "http://mail.example.com", "transport": "smtp://localhost"}, [Verdict.NOTE, Verdict.NOTE]),
        ({"projection_delay_ms": 5}, [Verdict.NOTE]),
    ],
)
def test_settings_that_are_hardly_meant_are_told(given, expected):
    assert verdicts(suspicions(Settings(_env_file=None, **given))) == expected


# --- The command ------------------------------------------------------------------------------------------------------


@pytest.fixture
def installed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    async def make():
        await wiring.open_parts(Settings(_env_file=None, data_dir=tmp_path)).store.close()

    asyncio.run(make())
    return tmp_path


def test_if_nothing_is_wrong_the_doctor_ends_well(installed, capsys):
    doctor(installed)

    assert "WRONG" not in capsys.readouterr().out


def test_if_anything_is_wrong_the_exit_code_says_so(installed, capsys, monkeypatch):
    monkeypatch.setenv("COUVERT_TRANSPORT", "smtp://127.0.0.1:1")

    with pytest.raises(typer.Exit) as ended:
        doctor(installed)

    assert ended.value.exit_code == 1
    assert "WRONG  transport" in capsys.readouterr().out


def test_a_setting_that_cannot_be_read_is_wrong_too(installed, capsys, monkeypatch):
    monkeypatch.setenv("COUVERT_TRANSPORT", "carrier-pigeon")

    with pytest.raises(typer.Exit):
        doctor(installed)

    assert "WRONG  settings     COUVERT_TRANSPORT" in capsys.readouterr().out


def test_a_look_that_fails_leaves_the_others(installed, capsys, monkeypatch):
    async def outcomes(_parts):
        raise ZeroDivisionError

    monkeypatch.setattr("couvert.cli.doctor.CHECKS", (outcomes, delivery.queue))

    with pytest.raises(typer.Exit):
        doctor(installed)

    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("WRONG  outcomes     cannot be looked at")
    assert second.startswith("ok     queue")


# --- Webhooks ---------------------------------------------------------------------------------------------------------

TWO_HOURS_AGO = wiring.now_ms() - 2 * 3_600_000


@pytest.fixture
async def webhook(parts):
    terms = Terms("https://shop.example.com/hooks?token=secret", "", ("*",))
    return (await parts.webhooks.create(terms)).webhook


async def test_of_webhooks_that_keep_up_one_line_is_enough(parts, webhook):
    [finding] = await webhooks.webhooks(parts)

    assert finding.verdict is Verdict.OK


@pytest.mark.parametrize(
    ("messages", "most", "verdict"), [(1, 100, Verdict.NOTE), (30, 20, Verdict.WRONG)], ids=["behind", "too far behind"]
)
async def test_a_webhook_that_falls_behind_is_told_by_its_id(parts, webhook, tmp_path, messages, most, verdict):
    with Box(tmp_path) as box:
        for position in range(1, messages + 1):
            box.add(queued(webhook.id, position, TWO_HOURS_AGO))
        box.drop(most=most, overdue_at=0)

    [finding] = await webhooks.webhooks(parts)

    assert finding.verdict is verdict
    assert webhook.webhook_id in finding.sentence
    assert "secret" not in finding.sentence


async def test_a_webhook_whose_receiver_is_gone_is_noted(parts, webhook):
    await parts.webhooks.switch_off(webhook.webhook_id, webhook.terms.url)

    [finding] = await webhooks.webhooks(parts)

    assert finding.verdict is Verdict.NOTE
    assert "gone" in finding.sentence
