"""The token book: who asks, from memory for a second, from the store where it counts, and when they last did."""

import asyncio

import pytest

from couvert.commands import token_uses
from couvert.commands.accounts import open_accounts
from couvert.commands.token_book import MOST, TokenBook
from couvert.commands.token_uses import TokenUses
from couvert.domain.ids import IdSource
from couvert.domain.refusals import TokenExpired, TokenRevoked, Unauthenticated
from couvert.store.sqlite.store import SqliteStore
from tests.commands.people import new_token
from tests.store.changes import NOW, SECOND


class Reads:
    """The store, with its looks at tokens counted."""

    def __init__(self, store):
        self._store = store
        self.count = 0

    async def token(self, token_hash):
        self.count += 1
        return await self._store.token(token_hash)

    def __getattr__(self, name):
        return getattr(self._store, name)


class Seconds:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def seconds():
    return Seconds()


@pytest.fixture
def reads(store):
    return Reads(store)


@pytest.fixture
def uses(store):
    return TokenUses(store)


@pytest.fixture
def book(reads, uses, clock, seconds):
    return TokenBook(reads, uses, clock, seconds)


@pytest.fixture
async def elsewhere(tmp_path, clock):
    """Another process on the same data."""
    store = SqliteStore(tmp_path, clock)
    yield open_accounts(store, IdSource(9, clock), clock)
    await store.close()


async def test_a_token_says_whose_it_is_and_what_it_may(book, accounts, alice, bob):
    token = await new_token(accounts, bob, "api_read")

    caller = await book.find(token.secret, fresh=False)

    assert (caller.user, caller.user_id, caller.is_admin) == (bob.id, bob.user_id, False)
    assert (caller.token, caller.roles) == (token.token.id, {"api_read"})
    assert caller.guard == {token.token.id: 1}
    assert (await book.find((await new_token(accounts, alice)).secret, fresh=True)).is_admin


@pytest.mark.parametrize("secret", ["", "cvt_", "cvt_" + "0" * 36, "\ud83d", "x" * 10_000])
@pytest.mark.parametrize("fresh", [False, True])
async def test_what_is_no_token_is_nobodys(book, alice, secret, fresh):
    with pytest.raises(Unauthenticated) as refused:
        await book.find(secret, fresh=fresh)

    assert refused.value.code == "unauthenticated"
    assert not book.knows(secret)


async def test_within_a_second_the_store_is_asked_once(book, reads, seconds, accounts, bob):
    token = await new_token(accounts, bob)

    await book.find(token.secret, fresh=False)
    seconds.now += 0.999
    await book.find(token.secret, fresh=False)
    assert reads.count == 1

    seconds.now += 0.001
    await book.find(token.secret, fresh=False)
    assert reads.count == 2


async def test_who_has_to_be_certain_asks_the_store(book, reads, accounts, bob):
    token = await new_token(accounts, bob)

    await book.find(token.secret, fresh=True)
    await book.find(token.secret, fresh=True)

    assert reads.count == 2


async def test_a_stranger_is_looked_up_each_time_and_fills_no_memory(book, reads, alice):
    asked = [book.find("cvt_stranger", fresh=False) for _ in range(3)]

    outcomes = await asyncio.gather(*asked, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [Unauthenticated] * 3
    assert reads.count == 3
    assert book._entries == {}


async def test_a_token_that_was_revoked_here_stops_at_once(accounts, bob):
    token = await new_token(accounts, bob)
    await accounts.book.find(token.secret, fresh=False)

    await accounts.tokens.revoke(bob.id, token.token.token_id)

    with pytest.raises(TokenRevoked):
        await accounts.book.find(token.secret, fresh=False)


async def test_a_token_that_was_revoked_elsewhere_reads_for_a_second_and_never_writes(
    book, seconds, accounts, bob, elsewhere
):
    token = await new_token(accounts, bob)
    await book.find(token.secret, fresh=False)

    await elsewhere.tokens.revoke(bob.id, token.token.token_id)

    assert await book.find(token.secret, fresh=False)
    with pytest.raises(TokenRevoked):
        await book.find(token.secret, fresh=True)
    seconds.now += 1
    with pytest.raises(TokenRevoked):
        await book.find(token.secret, fresh=False)


async def test_what_is_seen_fresh_is_not_forgotten_for_what_was_seen_before(book, accounts, bob, elsewhere):
    token = await new_token(accounts, bob)
    await book.find(token.secret, fresh=False)
    await elsewhere.tokens.revoke(bob.id, token.token.token_id)

    with pytest.raises(TokenRevoked):
        await book.find(token.secret, fresh=True)

    with pytest.raises(TokenRevoked):
        await book.find(token.secret, fresh=False)


async def test_a_change_that_is_made_while_a_token_is_looked_up_is_not_overlooked(book, reads, accounts, bob):
    token = await new_token(accounts, bob)
    original = reads._store.token

    class Slow:
        async def token(self, token_hash):
            found = await original(token_hash)
            await accounts.tokens.revoke(bob.id, token.token.token_id)
            book.forget()
            return found

        def __getattr__(self, name):
            return getattr(reads, name)

    book._store, kept = Slow(), book._store
    await book.find(token.secret, fresh=False)
    book._store = kept

    with pytest.raises(TokenRevoked):
        await book.find(token.secret, fresh=False)


async def test_a_remembered_token_expires_to_the_millisecond(book, clock, accounts, bob):
    token = await new_token(accounts, bob, expires_at=NOW + 5)
    await book.find(token.secret, fresh=False)

    clock.now += 5

    with pytest.raises(TokenExpired):
        await book.find(token.secret, fresh=False)


async def test_a_token_that_was_good_a_moment_ago_is_known(book, seconds, accounts, bob):
    token = await new_token(accounts, bob)
    assert not book.knows(token.secret)

    await book.find(token.secret, fresh=True)
    seconds.now += 60
    book.forget()

    assert book.knows(token.secret)


async def test_memory_is_bounded(book, accounts, bob):
    token = await new_token(accounts, bob)
    await book.find(token.secret, fresh=False)
    (entry,) = book._entries.values()
    book._entries = {str(n).encode(): entry for n in range(MOST)}

    await book.find(token.secret, fresh=False)

    assert len(book._entries) == MOST
    assert b"0" not in book._entries


# --- Uses -------------------------------------------------------------------------------------------------------------


async def test_a_use_is_shown_at_once_and_written_later(accounts, store, bob, clock):
    token = await new_token(accounts, bob)
    commits = store.commits
    clock.now += 7

    await accounts.book.find(token.secret, fresh=False)

    (shown,) = await accounts.tokens.of(bob.id)
    (stored,) = await store.tokens(bob.id)
    assert (shown.last_used_at, stored.last_used_at) == (NOW + 7, None)
    await accounts.uses.flush()
    assert [each.last_used_at for each in await store.tokens(bob.id)] == [NOW + 7]
    assert store.commits == commits


async def test_a_refused_token_is_not_used(book, uses, accounts, bob):
    token = await new_token(accounts, bob)
    await accounts.tokens.revoke(bob.id, token.token.token_id)

    with pytest.raises(TokenRevoked):
        await book.find(token.secret, fresh=False)

    assert uses.noted(token.token.id) is None


async def test_uses_are_written_while_it_runs_and_when_it_stops(accounts, store, bob, clock, monkeypatch):
    monkeypatch.setattr(token_uses, "FLUSH_SECONDS", 0.01)
    token = await new_token(accounts, bob)
    accounts.uses.start()

    await accounts.book.find(token.secret, fresh=False)
    async with asyncio.timeout(5):
        await store.uses_noted.wait()
    assert (await store.tokens(bob.id))[0].last_used_at == NOW
    monkeypatch.setattr(token_uses, "FLUSH_SECONDS", 60)
    clock.now += 1
    await accounts.book.find(token.secret, fresh=False)
    await accounts.uses.stop()

    assert (await store.tokens(bob.id))[0].last_used_at == NOW + 1


async def test_uses_that_cannot_be_written_wait(store, accounts, bob):
    token = await new_token(accounts, bob)

    uses = TokenUses(store)
    uses.note(token.token.id, NOW + SECOND)
    store.uses_fail = 1
    await uses.flush()
    assert (await store.tokens(bob.id))[0].last_used_at is None

    await uses.flush()

    assert (await store.tokens(bob.id))[0].last_used_at == NOW + SECOND
    assert uses.noted(token.token.id) is None
