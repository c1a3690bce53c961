"""Who follows what a running `serve` delivers is not left alone when that stops for good."""

import asyncio
import signal
from contextlib import ExitStack

import pytest

from couvert.cli import options
from couvert.domain.delivery import State
from couvert.domain.mail import AcceptMail, Recipient, Sender
from couvert.domain.refusals import NotFound
from couvert.settings import Settings
from couvert.wiring import Parts, ServeLock

NEWS = AcceptMail(Sender("shop@example.org"), (Recipient("alice@example.com"),), "News", html="<p>Hello</p>")


@pytest.fixture(autouse=True)
def _signals_stay():
    with ExitStack() as kept:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            kept.callback(signal.signal, number, signal.getsignal(number))
        yield


def give_up(lock: ServeLock) -> None:
    assert lock._file is not None
    lock._file.close()


async def state_after(parts: Parts, seconds: float) -> State:
    accepted = await parts.mails.accept(NEWS, key=None)
    try:
        async with asyncio.timeout(seconds):
            while True:
                stored = await parts.store.delivery(accepted.mail_id + 1)
                assert stored is not None
                if stored.delivery.state is not State.QUEUED:
                    return stored.delivery.state
                await asyncio.sleep(0.01)
    except TimeoutError:
        return State.QUEUED


def test_once_no_serve_runs_any_more_the_command_delivers_itself(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(options, "UNSERVED_SECONDS", 0.1)
    lock = ServeLock(tmp_path)
    lock.take()

    async def work(parts: Parts, is_served: bool) -> State:
        assert is_served
        give_up(lock)
        return await state_after(parts, seconds=10)

    assert options.with_courier(Settings(data_dir=tmp_path), work) is State.SENT
    assert "this process delivers in its place" in capsys.readouterr().err


def test_while_a_serve_runs_the_command_leaves_the_delivering_to_it(tmp_path, monkeypatch):
    monkeypatch.setattr(options, "UNSERVED_SECONDS", 0.1)
    lock = ServeLock(tmp_path)
    lock.take()

    state = options.with_courier(Settings(data_dir=tmp_path), lambda parts, is_served: state_after(parts, seconds=0.5))

    assert state is State.QUEUED
    give_up(lock)


def test_a_serve_that_is_restarted_in_time_is_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(options, "UNSERVED_SECONDS", 0.5)
    lock = ServeLock(tmp_path)
    lock.take()

    async def work(parts: Parts, is_served: bool) -> State:
        give_up(lock)
        await asyncio.sleep(0.2)
        lock.take()
        return await state_after(parts, seconds=0.8)

    assert options.with_courier(Settings(data_dir=tmp_path), work) is State.QUEUED
    give_up(lock)


def test_a_directory_that_is_made_is_told_and_one_that_is_there_is_not(tmp_path, capsys):
    given = Settings(data_dir=tmp_path / "new")

    options.with_courier(given, lambda parts, is_served: asyncio.sleep(0))
    first = capsys.readouterr().err
    options.with_courier(given, lambda parts, is_served: asyncio.sleep(0))

    assert f"couvert: new data directory {tmp_path / 'new'}\n" in first
    assert "new data directory" not in capsys.readouterr().err


def test_who_looks_where_no_data_is_hears_how_to_begin(tmp_path):
    with pytest.raises(NotFound, match=r"There is no couvert in .*: `couvert serve` begins one there"):
        options.with_parts(tmp_path, lambda parts: asyncio.sleep(0))

    assert list(tmp_path.iterdir()) == []


def test_beside_a_script_which_has_ctrl_c_ignored_sigterm_is_obeyed_all_the_same():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)

    options.end_on(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGTERM)
