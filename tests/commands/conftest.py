"""The commands on a real store, with a clock that stands still until it is set."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from couvert.commands.accept import AcceptMails
from couvert.commands.attempts import Attempts
from couvert.commands.keys import Keys
from couvert.commands.notices import Notices
from couvert.domain.ids import IdSource
from couvert.store.sqlite.store import SqliteStore
from tests.commands.desk import LEASE_MS, Desk
from tests.commands.unreliable import UnreliableStore
from tests.store.changes import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(tmp_path: Path, clock: Clock) -> AsyncIterator[UnreliableStore]:
    store = UnreliableStore(SqliteStore(tmp_path, clock))
    yield store
    await store.close()


@pytest.fixture
def mails(store: UnreliableStore, clock: Clock) -> AcceptMails:
    return AcceptMails(store, IdSource(1, clock), clock)


@pytest.fixture
def keys(store: UnreliableStore, clock: Clock) -> Keys:
    return Keys(store, IdSource(2, clock), clock)


@pytest.fixture
def notices(store: UnreliableStore, clock: Clock) -> Notices:
    return Notices(store, clock)


@pytest.fixture
def attempts(store: UnreliableStore, clock: Clock) -> Attempts:
    return Attempts(store, clock, "hold", LEASE_MS, chance=lambda: 0.5)


@pytest.fixture
def resending(store: UnreliableStore, clock: Clock) -> Attempts:
    """Attempts where what was lost is sent again, once."""
    return Attempts(store, clock, "resend", LEASE_MS, chance=lambda: 0.5)


@pytest.fixture
def desk(store: UnreliableStore, clock: Clock, mails: AcceptMails) -> Desk:
    return Desk(store, clock, mails)
