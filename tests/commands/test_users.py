"""Users: added once, renamed, deleted with all that is theirs, and nothing personal in the log."""

import asyncio
import sqlite3
from contextlib import closing

import pytest

from couvert.commands.idempotency import claim_of
from couvert.commands.tokens import CreatedToken
from couvert.domain.allowance import Allowance
from couvert.domain.refusals import Conflict, NotFound, RuleBroken, TokenRevoked, Unauthenticated
from couvert.domain.token import TokenWithdrawn
from couvert.domain.user import (
    PasswordSet,
    Person,
    Role,
    UserAdded,
    UserDeleted,
    UserLimited,
    UserRenamed,
    UserRoleChanged,
)
from couvert.readmodels.audit import audit
from couvert.store.sqlite.store import FILE
from tests.commands.people import PASSWORD, caller, new_token
from tests.store.changes import NOW


async def events(store, stream):
    return [noted.logged.event for noted in await store.timeline(stream, 0)]


async def test_an_added_user_is_found_by_address_and_by_id(accounts, bob):
    assert (await accounts.users.by_email("Bob@EXAMPLE.com")).user == bob
    assert (await accounts.users.find(bob.user_id)).user == bob
    assert (bob.email, bob.role, bob.person, bob.registered_at) == (
        "bob@example.com", Role.MEMBER, Person("Bob", "Birch"), NOW,
    )  # fmt: skip


@pytest.mark.parametrize("email", ["alice@example.com", " Alice@Example.COM "])
async def test_an_address_is_added_once(accounts, alice, email):
    with pytest.raises(Conflict, match="already"):
        await accounts.users.add(email=email, role=Role.MEMBER)


async def test_of_those_who_add_an_address_at_the_same_moment_one_does(accounts, store):
    added = (accounts.users.add(email="carol@example.com", role=Role.MEMBER) for _ in range(3))

    outcomes = await asyncio.gather(*added, return_exceptions=True)

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["ChangedUser", "Conflict", "Conflict"]


@pytest.mark.parametrize(("given", "words"), [
    ({"email": "nobody"}, "email: "),
    ({"email": "carol@example.com", "password": "short"}, "password"),
    ({"email": "carol@example.com", "password": "x" * 1_001}, "password"),
    ({"email": "carol@example.com", "person": Person("a\nb")}, "firstName"),
])  # fmt: skip
async def test_what_is_wrong_adds_nobody(accounts, store, given, words):
    with pytest.raises(RuleBroken, match=words):
        await accounts.users.add(role=Role.MEMBER, **given)

    assert store.commits == 0


async def test_a_repeat_is_told_of_the_first_user(accounts, store):
    claim = claim_of(who="alice", method="POST", path="/v2/users", key="k", body=b"{}")
    claim = type(claim)(claim.scope, claim.request, lambda added: added.user.user_id.encode())

    added = await accounts.users.add(email="carol@example.com", role=Role.MEMBER, claim=claim)

    kept = await store.idempotency(claim.scope)
    assert (kept.answer, kept.position) == (added.user.user_id.encode(), added.position)


async def test_a_new_name_is_kept_and_not_told_to_the_log(accounts, store, bob):
    changed = await accounts.users.rename(bob.id, Person("Robert", "Birch"))

    assert (await store.user(bob.id)).user == bob._replace(person=Person("Robert", "Birch")) == changed.user
    assert changed.position == await store.position()
    assert await events(store, bob.id) == [UserAdded(bob.user_id, Role.MEMBER), UserRenamed()]


async def test_the_same_name_is_no_event(accounts, store, bob):
    commits = store.commits

    changed = await accounts.users.rename(bob.id, bob.person)

    assert (changed.position, store.commits) == (await store.position(), commits)


async def test_a_write_by_a_token_that_was_just_revoked_changes_nothing(accounts, store, alice, bob):
    token = await new_token(accounts, alice)
    asking = await caller(accounts, token)
    await accounts.tokens.revoke(alice.id, token.token.token_id)

    writes = [
        accounts.users.add(email="carol@example.com", role=Role.MEMBER, by=asking),
        accounts.users.rename(alice.id, Person("Eve"), by=asking),
        accounts.users.delete(bob.user_id, by=asking),
    ]
    outcomes = await asyncio.gather(*writes, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [Conflict] * 3
    assert [each.user for each in await store.users()] == [alice, bob]


async def test_nothing_is_left_of_a_deleted_user_but_that_they_were_there(accounts, store, bob, tmp_path):
    await accounts.users.delete(bob.user_id)

    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        dump = "\n".join(connection.iterdump())
    assert "bob@" not in dump
    assert "Birch" not in dump
    assert await accounts.users.find(bob.user_id) is None
    assert await events(store, bob.id) == [UserAdded(bob.user_id, Role.MEMBER), UserDeleted()]


async def test_with_a_user_go_their_tokens_sessions_and_links(accounts, store, bob):
    token = await new_token(accounts, bob)
    link = await accounts.set_up.new_path(bob.id)
    session = await accounts.sessions.begin(await store.user(bob.id))

    await accounts.users.delete(bob.user_id)

    with pytest.raises(TokenRevoked):
        await accounts.book.find(token.secret, fresh=False)
    assert (await events(store, token.token.id))[-1] == TokenWithdrawn()
    assert await accounts.sessions.user_of(session.secret) is None
    with pytest.raises(NotFound):
        await accounts.set_up.whose(link.rpartition("=")[2])


async def test_an_address_is_free_once_its_user_is_deleted(accounts, bob):
    await accounts.users.delete(bob.user_id)

    again = await accounts.users.add(email=bob.email, role=Role.READONLY)

    assert again.user.user_id != bob.user_id


async def test_of_two_admins_who_delete_each_other_one_stays(accounts, store, alice):
    carol = (await accounts.users.add(email="carol@example.com", role=Role.ADMIN)).user

    outcomes = await asyncio.gather(
        accounts.users.delete(alice.user_id), accounts.users.delete(carol.user_id), return_exceptions=True
    )

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Conflict", "int"]
    assert len(await store.users()) == 1


async def test_an_unknown_user_is_not_found(accounts, alice):
    asked = [
        accounts.users.delete("unknown"),
        accounts.users.rename(1, Person()),
        accounts.users.set_password(1, PASSWORD),
    ]

    outcomes = await asyncio.gather(*asked, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [NotFound] * 3


async def test_a_new_password_counts_and_the_old_one_does_not(accounts, store, alice):
    session = await accounts.sessions.sign_in(alice.email, PASSWORD)

    await accounts.users.set_password(alice.id, "another horse")

    assert (await accounts.sessions.sign_in(alice.email, "another horse")).user == alice
    with pytest.raises(Unauthenticated):
        await accounts.sessions.sign_in(alice.email, PASSWORD)
    assert await accounts.sessions.user_of(session.secret) is None
    assert await events(store, alice.id) == [UserAdded(alice.user_id, Role.ADMIN), PasswordSet(), PasswordSet()]


async def test_a_limit_of_ones_own_is_known_with_the_next_request(accounts, store, bob):
    token = await new_token(accounts, bob)
    before = await caller(accounts, token)

    position = await accounts.users.limit(bob.id, Allowance(10_000, 600))

    asking = await accounts.book.find(token.secret, fresh=False)
    assert (before.allowance, asking.allowance) == (None, Allowance(10_000, 600))
    assert (await store.user(bob.id)).user == bob._replace(allowance=Allowance(10_000, 600))
    assert (await events(store, bob.id))[-1] == UserLimited(10_000, 600)
    assert await accounts.users.limit(bob.id, Allowance(10_000, 600)) == position
    await accounts.users.limit(bob.id, None)
    assert (await caller(accounts, token)).allowance is None


async def test_a_role_counts_with_the_next_request(accounts, store, tmp_path, alice, bob):
    token = await new_token(accounts, bob)

    position = await accounts.users.give_role(bob.id, Role.ADMIN)

    assert (await accounts.book.find(token.secret, fresh=False)).is_admin
    assert (await events(store, bob.id))[-1] == UserRoleChanged(Role.ADMIN)
    assert await accounts.users.give_role(bob.id, Role.ADMIN) == position
    assert audit(tmp_path).faults.first == []


async def test_who_may_only_read_from_now_on_loses_the_tokens_that_may_write(accounts, store, alice, bob):
    writing, reading = await new_token(accounts, bob), await new_token(accounts, bob, "api_read")

    await accounts.users.give_role(bob.id, Role.READONLY)

    with pytest.raises(TokenRevoked):
        await accounts.book.find(writing.secret, fresh=False)
    assert (await caller(accounts, reading)).roles == {"api_read"}
    with pytest.raises(RuleBroken, match="readonly"):
        await new_token(accounts, bob)


async def test_a_token_made_while_its_owner_loses_the_right_to_write_cannot_write(accounts, store, alice, bob):
    asked = [*(new_token(accounts, bob) for _ in range(5)), accounts.users.give_role(bob.id, Role.READONLY)]

    made = [each for each in await asyncio.gather(*asked, return_exceptions=True) if isinstance(each, CreatedToken)]

    met = await asyncio.gather(*(caller(accounts, token) for token in made), return_exceptions=True)
    assert len(made) >= 1
    assert all(isinstance(each, TokenRevoked) or getattr(each, "roles", None) == {"api_read"} for each in met)


async def test_of_two_admins_who_take_each_others_role_one_keeps_it(accounts, store, alice):
    carol = (await accounts.users.add(email="carol@example.com", role=Role.ADMIN)).user
    asked = [accounts.users.give_role(each.id, Role.MEMBER) for each in (alice, carol)]

    outcomes = await asyncio.gather(*asked, return_exceptions=True)

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Conflict", "int"]
    assert [stored.user.is_admin for stored in await store.users()].count(True) == 1
