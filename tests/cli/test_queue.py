"""`couvert queue`: what no mail could be made of is listed, shown, tried again and dropped."""

import asyncio
import json

import pytest

from couvert import wiring
from couvert.cli import app
from couvert.commands.queue_intake import OURS, QueueMessage
from couvert.domain.refusals import NotFound
from couvert.settings import Settings
from tests.workers.queue.post import body


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


@pytest.fixture
def kept(data):
    """`kept(message)`: it came, and was malformed."""

    async def take(message):
        parts = wiring.open_parts(Settings(_env_file=None, data_dir=data))
        async with wiring.running(parts, delivers=False):
            await parts.take_messages.take([message])

    return lambda message: asyncio.run(take(message))


@pytest.fixture
def couvert(data, capsys):
    """Run a command on the data; its exit code and what it printed."""

    def run(*arguments):
        capsys.readouterr()
        code = app(["queue", *arguments, "--data", str(data)], standalone_mode=False)
        return code or 0, capsys.readouterr().out

    return run


def test_a_malformed_message_is_listed_with_what_is_wrong_and_shown_as_it_came(couvert, kept):
    kept(QueueMessage("m-1", "{"))

    code, listed = couvert("list")

    assert code == 0
    assert listed.startswith("m-1  20")
    assert "not JSON" in listed
    assert couvert("show", "m-1") == (0, "{\n")


def test_one_that_is_no_mail_yet_stays_and_says_why(couvert, kept):
    kept(QueueMessage("m-1", "{"))

    code, said = couvert("retry", "m-1")

    assert code == 1
    assert "not JSON" in said
    assert "m-1" in couvert("list")[1]


def test_one_that_is_a_mail_by_now_is_accepted_and_gone(couvert, kept):
    # As if an earlier couvert had not been able to read it.
    kept(QueueMessage("m-1", body(), {OURS: "no delivery"}))

    code, said = couvert("retry", "m-1")

    assert code == 0
    assert said.startswith("m-1  dlv_")
    assert couvert("list") == (0, "")


def test_one_that_nobody_wants_is_dropped(couvert, kept):
    kept(QueueMessage("m-1", json.dumps("no object")))

    assert couvert("drop", "m-1") == (0, "")
    assert couvert("list") == (0, "")


@pytest.mark.parametrize("command", ["show", "retry", "drop"])
def test_one_that_is_not_there_is_a_clear_refusal(couvert, kept, command):
    kept(QueueMessage("m-1", "{"))

    with pytest.raises(NotFound, match="There is no message m-9 here"):
        couvert(command, "m-9")
