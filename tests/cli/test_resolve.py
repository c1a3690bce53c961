"""`couvert resolve`: an unknown delivery is decided from the command line."""

import asyncio
from pathlib import Path

import pytest

from couvert import wiring
from couvert.cli import app
from couvert.delivery.transport import Unknown
from couvert.domain import ids
from couvert.domain.refusals import NotFound, NothingToDecide, RuleBroken
from couvert.settings import Settings
from couvert.wiring import now_ms
from tests.commands.desk import mail


async def _lost(directory: Path) -> str:
    parts = wiring.open_parts(Settings(_env_file=None, data_dir=directory))
    async with wiring.running(parts, delivers=False):
        await parts.mails.accept(mail(), key=None)
        (taken,) = await parts.store.take(owner=1, now=now_ms(), until=now_ms() + 30_000, limit=1)
        begun = await parts.courier._attempts.begin(taken.stored)
        assert begun is not None
        await parts.courier._attempts.record(begun, Unknown("the connection broke"))
        return ids.encode("dlv", begun.delivery.id)


@pytest.fixture
def delivery(tmp_path):
    return asyncio.run(_lost(tmp_path))


@pytest.mark.parametrize(("option", "state"), [("--sent", "sent"), ("--resend", "queued")])
def test_an_unknown_delivery_is_decided(tmp_path, delivery, capsys, option, state):
    app(["resolve", delivery, option, "--data", str(tmp_path)], standalone_mode=False)

    assert f"state:        {state}" in capsys.readouterr().out


def test_what_is_decided_is_not_decided_again(tmp_path, delivery):
    app(["resolve", delivery, "--sent", "--data", str(tmp_path)], standalone_mode=False)

    with pytest.raises(NothingToDecide, match="it is sent"):
        app(["resolve", delivery, "--resend", "--data", str(tmp_path)], standalone_mode=False)


@pytest.mark.parametrize("options", [[], ["--sent", "--resend"]])
def test_one_decision_is_needed(tmp_path, delivery, options):
    with pytest.raises(RuleBroken, match="either"):
        app(["resolve", delivery, *options, "--data", str(tmp_path)], standalone_mode=False)


def test_an_id_must_be_a_deliverys(tmp_path, delivery):
    with pytest.raises(NotFound):
        app(["resolve", "dlv_nonsense", "--sent", "--data", str(tmp_path)], standalone_mode=False)
