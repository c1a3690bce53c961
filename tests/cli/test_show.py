"""`couvert show`: from a mail to its deliveries, and from there to what happened."""

import asyncio
from pathlib import Path

import pytest

from couvert import wiring
from couvert.cli import app
from couvert.domain import ids
from couvert.domain.refusals import NotFound
from couvert.settings import Settings
from tests.commands.desk import BOB, CHARLIE, mail


async def _accepted(directory: Path) -> int:
    parts = wiring.open_parts(Settings(_env_file=None, data_dir=directory))
    async with wiring.running(parts, delivers=False):
        return (await parts.mails.accept(mail(BOB, CHARLIE), key=None)).mail_id


@pytest.fixture
def mail_id(tmp_path):
    return asyncio.run(_accepted(tmp_path))


def show(tmp_path, which):
    app(["show", which, "--data", str(tmp_path)], standalone_mode=False)


def test_a_mail_is_shown_as_its_deliveries(tmp_path, mail_id, capsys):
    show(tmp_path, ids.encode("mail", mail_id))

    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        [ids.encode("dlv", mail_id + 1), "queued", BOB.email],
        [ids.encode("dlv", mail_id + 2), "queued", CHARLIE.email],
    ]


def test_a_delivery_is_shown_with_its_timeline(tmp_path, mail_id, capsys):
    show(tmp_path, ids.encode("dlv", mail_id + 2))

    shown = capsys.readouterr().out
    assert f"to:           {CHARLIE.email}" in shown
    assert "mail.accepted" in shown


@pytest.mark.parametrize("which", ["foo", "mail_nope", "dlv_", "key_1000000000000"])
def test_what_is_no_id_is_told_how_both_kinds_look(tmp_path, mail_id, which):
    with pytest.raises(NotFound, match=f"{which} is neither .+ like mail_.+ like dlv_"):
        show(tmp_path, which)


@pytest.mark.parametrize("which", ["mail_1000000000000", "dlv_1000000000000"])
def test_what_is_not_there_is_refused(tmp_path, mail_id, which):
    with pytest.raises(NotFound, match=f"no .+ {which} here"):
        show(tmp_path, which)
