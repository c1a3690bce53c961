"""`couvert notice`: bounces are read from files, listed, and read again."""

import asyncio
from pathlib import Path

import pytest

from couvert import wiring
from couvert.cli import app
from couvert.delivery import bounce_mail
from couvert.delivery.letters import message_id
from couvert.delivery.transport import Taken
from couvert.domain import ids
from couvert.domain.refusals import NotFound, RuleBroken
from couvert.settings import Settings
from couvert.wiring import now_ms
from tests.commands.desk import mail
from tests.commands.ses_notices import ses_notice
from tests.delivery.test_bounce_mail import group, report


async def _sent(directory: Path) -> int:
    parts = wiring.open_parts(Settings(_env_file=None, data_dir=directory))
    async with wiring.running(parts, delivers=False):
        await parts.mails.accept(mail(), key=None)
        (taken,) = await parts.store.take(owner=1, now=now_ms(), until=now_ms() + 30_000, limit=1)
        begun = await parts.courier._attempts.begin(taken.stored)
        assert begun is not None
        await parts.courier._attempts.record(begun, Taken("queued as 1"))
        return begun.delivery.id


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


@pytest.fixture
def delivery(data):
    return asyncio.run(_sent(data))


@pytest.fixture
def bounce(tmp_path, delivery):
    file = tmp_path / "bounce.eml"
    file.write_bytes(report(group("failed", "5.1.1"), own_id=message_id(delivery, "alice@example.com")))
    return file


@pytest.fixture
def couvert(data, capsys):
    """Run a command on the data; its exit code and what it printed."""

    def run(*arguments):
        capsys.readouterr()
        code = app([*map(str, arguments), "--data", str(data)], standalone_mode=False)
        return code or 0, capsys.readouterr().out

    return run


def test_a_bounce_in_a_file_is_told_to_its_delivery(couvert, bounce, delivery):
    code, printed = couvert("notice", "read", bounce)

    assert code == 0
    assert printed.startswith(f"{bounce}: ")
    assert printed.split()[-4:] == ["file", "read", "bounced", ids.encode("dlv", delivery)]
    shown = couvert("show", ids.encode("dlv", delivery))[1]
    assert "state:        bounced" in shown
    assert "5.1.1: smtp; 550 no" in shown


def test_the_same_file_is_told_once(couvert, bounce, delivery):
    couvert("notice", "read", bounce, bounce)
    couvert("notice", "read", bounce)
    couvert("notice", "replay", "--all")

    assert couvert("show", ids.encode("dlv", delivery))[1].count("delivery.bounced") == 1
    assert len(couvert("notice", "list")[1].splitlines()) == 1


def test_a_list_of_notices_says_what_each_tells_and_of_which_delivery(couvert, tmp_path, delivery):
    file = tmp_path / "notice.json"
    file.write_bytes(ses_notice("Complaint", "bob@example.org", tagged=(delivery, 1), provider_id="queued as 1"))
    opened = tmp_path / "opened.json"
    opened.write_bytes(ses_notice("Open", "bob@example.org"))
    couvert("notice", "read", file, opened)

    of_open, of_complaint = (line.split() for line in couvert("notice", "list")[1].splitlines())

    assert of_complaint[4:] == ["read", "complained", ids.encode("dlv", delivery)]
    assert of_open[4:] == ["unknown", "Open"]


def test_what_tells_nothing_is_kept_listed_and_read_again(couvert, tmp_path, delivery):
    other = tmp_path / "other.eml"
    other.write_bytes(b"From: bob@example.org\n\nThanks!\n")

    code, _ = couvert("notice", "read", other)
    listed = couvert("notice", "list", "--failed")[1]
    again, _ = couvert("notice", "replay", "--failed")

    assert (code, again) == (1, 1)
    assert "unreadable" in listed
    assert couvert("notice", "list", "--unread")[1] == ""
    assert couvert("notice", "show", 1)[1] == "From: bob@example.org\n\nThanks!\n\n"


def test_one_that_trips_us_is_listed_among_the_others(couvert, bounce, tmp_path, monkeypatch):
    other = tmp_path / "other.eml"
    other.write_bytes(b"trips")
    real = bounce_mail.read
    monkeypatch.setattr(bounce_mail, "read", lambda raw: 1 / 0 if raw == b"trips" else real(raw))

    code, _ = couvert("notice", "read", bounce, other)
    first, second = couvert("notice", "list")[1].splitlines()

    assert code == 1
    assert "failed" in first
    assert "ZeroDivisionError" in first
    assert "bounced" in second


def test_it_is_said_which_notices_are_read_again(couvert, delivery):
    with pytest.raises(RuleBroken, match="Say which"):
        couvert("notice", "replay")


def test_a_file_that_is_not_there_is_told(couvert, tmp_path, delivery):
    with pytest.raises(RuleBroken, match="cannot be read"):
        couvert("notice", "read", tmp_path / "nowhere.eml")


def test_so_is_a_notice_that_is_not_there(couvert, delivery):
    with pytest.raises(NotFound, match="couvert notice list"):
        couvert("notice", "show", 7)
