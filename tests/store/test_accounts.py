"""Users, tokens, set-up codes and sessions: found, unique where they must be, a guard for what is decided on them."""

import asyncio

import pytest

from couvert.domain import token as tokens, user as users
from couvert.domain.refusals import Conflict
from couvert.domain.token import EVERY_ROLE, Token
from couvert.domain.user import Person, Role, User
from couvert.store.accounts import FIRST_ADMIN, Session, SetupCode, StoredToken, StoredUser
from couvert.store.changes import Change
from couvert.store.log import Record
from tests.store.changes import NOW, SECOND, mail

HASH, OTHER_HASH = b"\0" * 32, b"\1" * 32


@pytest.fixture
async def alice(store, ids) -> StoredUser:
    return await added(store, ids, "alice@example.com", Role.ADMIN)


@pytest.fixture
async def token(store, ids, alice) -> StoredToken:
    return await created(store, ids, alice)


async def added(store, ids, email, role=Role.MEMBER) -> StoredUser:
    id_ = ids.block(1)
    user = User(id_, f"uuid-{id_}", email, Person("Alice", "Ash"), role, is_active=True, registered_at=NOW)
    stored = StoredUser(user, "a hash", 1)
    event = users.UserAdded(user.user_id, role)
    await store.commit(Change(at=NOW, records=[Record(id_, 0, event)], users=[stored]))
    return stored


async def created(store, ids, owner, token_hash=HASH) -> StoredToken:
    id_ = ids.block(1)
    roles = EVERY_ROLE[:1]
    token = Token(id_, f"uuid-{id_}", owner.user.id, token_hash, "laptop", roles, NOW, NOW + SECOND, is_revoked=False)
    event = tokens.TokenCreated(token.token_id, owner.user.id, roles, NOW + SECOND)
    await store.commit(Change(at=NOW, records=[Record(id_, 0, event)], tokens=[StoredToken(token, 1)]))
    return StoredToken(token, 1)


def next_user(stored: StoredUser, **fields) -> Change:
    return Change(at=NOW, users=[stored._replace(user=stored.user._replace(**fields), revision=stored.revision + 1)])


def next_token(stored: StoredToken, **fields) -> Change:
    after = stored._replace(token=stored.token._replace(**fields), revision=stored.revision + 1)
    return Change(at=NOW, tokens=[after])


# --- Users ------------------------------------------------------------------------------------------------------------


async def test_a_user_is_found_as_they_were_added(store, ids, alice):
    bob = await added(store, ids, "bob@example.com")

    assert await store.user(alice.user.id) == alice
    assert await store.user(1) is None
    assert await store.users() == [alice, bob]


@pytest.mark.parametrize("email", ["alice@example.com", "Alice@example.com"])
async def test_a_user_is_found_by_the_address_in_any_case(store, alice, email):
    assert await store.user_by_email(email) == alice


async def test_nobody_is_found_by_an_address_that_nobody_has(store, alice):
    assert await store.user_by_email("bob@example.com") is None
    assert await store.user_by_email("") is None


@pytest.mark.parametrize("email", ["alice@example.com", "ALICE@example.com"])
async def test_an_address_is_taken_once(store, ids, alice, email):
    with pytest.raises(Conflict):
        await added(store, ids, email)


async def test_of_two_who_take_an_address_at_the_same_moment_one_gets_it(store, ids):
    outcomes = await asyncio.gather(*(added(store, ids, "bob@example.com") for _ in range(3)), return_exceptions=True)

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Conflict", "Conflict", "StoredUser"]
    assert len(await store.users()) == 1


async def test_a_deleted_user_is_known_and_their_address_is_free(store, ids, alice):
    await store.commit(next_user(alice, email="", is_active=False))

    again = await added(store, ids, "alice@example.com")

    assert not (await store.user(alice.user.id)).user.is_active
    assert await store.users() == [again]


async def test_a_user_changes_only_from_the_revision_that_was_read(store, alice):
    await store.commit(next_user(alice, person=Person("Alicia")))

    with pytest.raises(Conflict):
        await store.commit(next_user(alice, person=Person("Alison")))

    assert (await store.user(alice.user.id)).user.person == Person("Alicia")


async def test_what_was_decided_on_a_user_who_changed_is_not_kept(store, ids, alice):
    guard = {alice.user.id: alice.revision}
    await store.commit(mail(ids, expected_users=guard))
    await store.commit(next_user(alice, person=Person("Alicia")))

    with pytest.raises(Conflict):
        await store.commit(mail(ids, expected_users=guard))


# --- Tokens -----------------------------------------------------------------------------------------------------------


async def test_a_token_is_found_by_its_hash_as_it_was_created(store, token):
    assert await store.token(HASH) == token
    assert await store.token(OTHER_HASH) is None


async def test_a_users_tokens_are_listed_in_the_order_they_were_created(store, ids, alice, token):
    bob = await added(store, ids, "bob@example.com")
    await created(store, ids, bob, b"\2" * 32)
    other = await created(store, ids, alice, OTHER_HASH)

    assert await store.tokens(alice.user.id) == [token, other]


async def test_a_revoked_token_is_known_and_in_no_list(store, alice, token):
    await store.commit(next_token(token, is_revoked=True))

    assert (await store.token(HASH)).token.is_revoked
    assert await store.tokens(alice.user.id) == []


async def test_every_field_that_may_change_does(store, token):
    change = next_token(token, description="desk", roles=EVERY_ROLE, expires_at=None)

    await store.commit(change)

    assert [await store.token(HASH)] == change.tokens


async def test_the_same_secret_twice_is_a_conflict(store, ids, alice, token):
    with pytest.raises(Conflict):
        await created(store, ids, alice)


async def test_a_write_by_a_good_token_is_kept(store, ids, token):
    position = await store.position()

    await store.commit(mail(ids, expected_tokens={token.token.id: token.revision}))

    assert await store.position() == position + 1


@pytest.mark.parametrize("fields", [{"is_revoked": True}, {"description": "desk"}], ids=["revoked", "edited"])
async def test_a_write_by_a_token_that_changed_is_not_kept(store, ids, token, fields):
    await store.commit(next_token(token, **fields))

    with pytest.raises(Conflict):
        await store.commit(mail(ids, expected_tokens={token.token.id: token.revision}))


@pytest.mark.parametrize("revision", [1, 2])
async def test_no_revision_of_a_revoked_token_writes(store, ids, token, revision):
    await store.commit(next_token(token, is_revoked=True))

    with pytest.raises(Conflict):
        await store.commit(mail(ids, expected_tokens={token.token.id: revision}))


async def test_a_write_that_meets_the_revocation_in_one_group_is_not_kept(store, ids, token):
    guard = {token.token.id: token.revision}
    changes = [mail(ids, expected_tokens=guard), next_token(token, is_revoked=True), mail(ids, expected_tokens=guard)]

    results = await asyncio.gather(*map(store.commit, changes), return_exceptions=True)

    assert [isinstance(result, Conflict) for result in results] == [False, False, True]


async def test_uses_are_noted_for_many_tokens_together_and_outside_the_log(store, ids, alice, token):
    other = await created(store, ids, alice, OTHER_HASH)
    position = await store.position()

    await store.note_token_uses({token.token.id: NOW + 1, other.token.id: NOW + 2, 1: NOW})

    assert [stored.last_used_at for stored in await store.tokens(alice.user.id)] == [NOW + 1, NOW + 2]
    assert await store.position() == position


async def test_an_earlier_use_is_no_news(store, token):
    await store.note_token_uses({token.token.id: NOW + 2})
    await store.note_token_uses({token.token.id: NOW + 1})
    await store.note_token_uses({})

    assert (await store.token(HASH)).last_used_at == NOW + 2


async def test_a_use_changes_no_revision_and_outlives_a_change(store, token):
    await store.note_token_uses({token.token.id: NOW + 2})
    await store.commit(next_token(token, description="desk"))

    assert (await store.token(HASH))[1:] == (2, NOW + 2)


# --- Set-up codes -----------------------------------------------------------------------------------------------------


async def test_a_set_up_code_is_there_until_it_is_used(store):
    code = SetupCode(FIRST_ADMIN, HASH, NOW + SECOND)
    await store.commit(Change(at=NOW, setup_codes=[code]))

    assert await store.setup_code(HASH) == code
    await store.commit(Change(at=NOW, used_setup_codes=[HASH]))

    assert await store.setup_code(HASH) is None


async def test_a_set_up_code_is_used_once(store):
    await store.commit(Change(at=NOW, setup_codes=[SetupCode(FIRST_ADMIN, HASH, NOW + SECOND)]))
    changes = [Change(at=NOW, used_setup_codes=[HASH]) for _ in range(3)]

    results = await asyncio.gather(*map(store.commit, changes), return_exceptions=True)

    assert [isinstance(result, Conflict) for result in results] == [False, True, True]


async def test_a_new_code_replaces_the_one_before(store):
    await store.commit(Change(at=NOW, setup_codes=[SetupCode(7, HASH, NOW + SECOND)]))
    await store.commit(Change(at=NOW, setup_codes=[SetupCode(7, OTHER_HASH, NOW + SECOND)]))

    assert await store.setup_code(HASH) is None
    assert await store.setup_code(OTHER_HASH) == SetupCode(7, OTHER_HASH, NOW + SECOND)


async def test_a_code_can_be_taken_back_whether_there_is_one_or_not(store):
    await store.commit(Change(at=NOW, setup_codes=[SetupCode(7, HASH, NOW + SECOND)]))

    await store.commit(Change(at=NOW, void_setup_codes=[7, 8]))

    assert await store.setup_code(HASH) is None


# --- Sessions ---------------------------------------------------------------------------------------------------------


async def test_a_session_lasts_until_it_is_ended(store):
    one, two = Session(HASH, 7, NOW + SECOND), Session(OTHER_HASH, 7, NOW + SECOND)
    await store.commit(Change(at=NOW, sessions=[one, two]))

    await store.commit(Change(at=NOW, ended_sessions=[HASH]))

    assert await store.session(HASH) is None
    assert await store.session(OTHER_HASH) == two


async def test_a_user_is_signed_out_everywhere_and_nobody_else_is(store):
    of_seven, of_eight = Session(HASH, 7, NOW + SECOND), Session(OTHER_HASH, 8, NOW + SECOND)
    await store.commit(Change(at=NOW, sessions=[of_seven, of_eight]))

    await store.commit(Change(at=NOW, signed_out=[7]))

    assert await store.session(HASH) is None
    assert await store.session(OTHER_HASH) == of_eight


async def test_sessions_that_have_expired_go_when_another_begins(store):
    await store.commit(Change(at=NOW, sessions=[Session(HASH, 7, NOW + SECOND)]))

    await store.commit(Change(at=NOW + SECOND, sessions=[Session(OTHER_HASH, 7, NOW + 2 * SECOND)]))

    assert await store.session(HASH) is None
