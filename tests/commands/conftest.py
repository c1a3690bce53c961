"""The commands on a real store, with a clock that stands still until it is set."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from couvert.commands.accept import AcceptMails
from couvert.commands.accounts import Accounts, open_accounts
from couvert.commands.attempts import Attempts
from couvert.commands.consequences import Consequences
from couvert.commands.keys import Keys
from couvert.commands.notices import Notices
from couvert.commands.passwords import Passwords
from couvert.commands.suppressions import Suppressions
from couvert.domain.ids import IdSource
from couvert.domain.user import Person, Role, User
from couvert.store.sqlite.store import SqliteStore
from tests.commands.desk import LEASE_MS, Desk
from tests.commands.people import PASSWORD
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
def accounts(store: UnreliableStore, clock: Clock) -> Accounts:
    """With passwords that cost next to nothing."""
    return open_accounts(store, IdSource(3, clock), clock, Passwords(memory_kib=8, passes=1))


@pytest.fixture
async def alice(accounts: Accounts) -> User:
    """An admin."""
    return (await accounts.users.add(email="alice@example.com", role=Role.ADMIN, password=PASSWORD)).user


@pytest.fixture
async def bob(accounts: Accounts, alice: User) -> User:
    """A member, without a password."""
    return (await accounts.users.add(email="bob@example.com", role=Role.MEMBER, person=Person("Bob", "Birch"))).user


@pytest.fixture
def notices(store: UnreliableStore, clock: Clock) -> Notices:
    return Notices(store, clock, Consequences(store, IdSource(4, clock), 3))


@pytest.fixture
def suppressions(store: UnreliableStore, clock: Clock) -> Suppressions:
    return Suppressions(store, IdSource(5, clock), clock)


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
