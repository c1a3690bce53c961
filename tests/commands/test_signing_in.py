"""Signing in: by password, by a link that works once, for half a day; and a refusal that tells nothing by its time."""

import asyncio
import time

import argon2
import pytest

from couvert.commands import sessions, set_up
from couvert.commands.passwords import AT_ONCE, MOST, Passwords
from couvert.domain.refusals import Conflict, NotFound, RuleBroken, Unauthenticated, Unavailable
from couvert.domain.user import Person, Role
from tests.commands.people import PASSWORD


def code_in(path):
    start, _, code = path.partition("=")
    assert start == "/console/setup?code"
    return code


async def first_code(accounts):
    return code_in(await accounts.set_up.new_path())


ALICE = {"email": "alice@example.com", "person": Person("Alice", "Ash"), "password": PASSWORD}

# --- Passwords --------------------------------------------------------------------------------------------------------


async def test_a_password_is_right_in_however_a_keyboard_writes_it():
    passwords = Passwords(memory_kib=8, passes=1)
    password_hash = await passwords.hashed("Zo\u00eb's pass")

    assert await passwords.is_right("Zoe\u0308's pass", password_hash)
    assert not await passwords.is_right("Zoe's pass", password_hash)


@pytest.mark.parametrize("password", ["", "\ud83d wrong", "x" * 1_000_000])
async def test_whatever_is_no_password_is_wrong(password):
    passwords = Passwords(memory_kib=8, passes=1)
    password_hash = await passwords.hashed("correct horse")

    assert not await passwords.is_right(password, password_hash)
    assert not await passwords.is_right(password, None)


async def test_nobodys_password_is_judged_at_the_same_cost():
    passwords = Passwords()

    real, made_up = await passwords.hashed("correct horse"), passwords._of_nobody()

    assert argon2.extract_parameters(made_up) == argon2.extract_parameters(real)
    assert argon2.extract_parameters(real).memory_cost == 65_536


async def test_a_wrong_password_and_an_unknown_address_take_the_same_time():
    passwords = Passwords()
    password_hash = await passwords.hashed("correct horse")

    async def quickest_seconds(judged_by):
        times = []
        for _ in range(3):
            started = time.perf_counter()
            await passwords.is_right("wrong", judged_by)
            times.append(time.perf_counter() - started)
        return min(times)

    wrong, unknown = await quickest_seconds(password_hash), await quickest_seconds(None)
    assert 0.5 < wrong / unknown < 2
    assert unknown > 0.02


async def test_passwords_are_judged_two_at_a_time(monkeypatch):
    passwords = Passwords(memory_kib=8, passes=1)
    running, most = 0, 0

    async def in_thread(work):
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.01)
        running -= 1
        return work()

    monkeypatch.setattr(asyncio, "to_thread", in_thread)
    await asyncio.gather(*(passwords.is_right("wrong", None) for _ in range(6)))

    assert most == AT_ONCE == 2


async def test_a_flood_of_passwords_is_not_queued_without_end():
    passwords = Passwords(memory_kib=8, passes=1)

    asked = [passwords.is_right("wrong", None) for _ in range(MOST + 3)]
    outcomes = await asyncio.gather(*asked, return_exceptions=True)

    assert [isinstance(outcome, Unavailable) for outcome in outcomes].count(True) == 3
    assert not await passwords.is_right("wrong", None)


# --- Sessions ---------------------------------------------------------------------------------------------------------


async def test_who_signs_in_is_known_until_they_sign_out(accounts, alice):
    signed_in = await accounts.sessions.sign_in("Alice@example.com", PASSWORD)

    assert await accounts.sessions.user_of(signed_in.secret) == alice
    await accounts.sessions.sign_out(signed_in.secret)

    assert await accounts.sessions.user_of(signed_in.secret) is None


@pytest.mark.parametrize(("email", "password"), [
    ("alice@example.com", "wrong horse"),
    ("alice@example.com", ""),
    ("nobody@example.com", PASSWORD),
    ("bob@example.com", PASSWORD),
    ("bob@example.com", ""),
    ("no address", PASSWORD),
])  # fmt: skip
async def test_everybody_else_is_refused_in_the_same_words(accounts, bob, email, password):
    with pytest.raises(Unauthenticated, match="The address or the password is wrong"):
        await accounts.sessions.sign_in(email, password)


async def test_a_session_ends_after_half_a_day(accounts, alice, clock):
    signed_in = await accounts.sessions.sign_in(alice.email, PASSWORD)

    clock.now += sessions.GOOD_FOR_MS - 1
    assert await accounts.sessions.user_of(signed_in.secret) == alice
    clock.now += 1

    assert await accounts.sessions.user_of(signed_in.secret) is None


async def test_who_was_deleted_while_they_signed_in_is_not(accounts, store, bob):
    stored = await store.user(bob.id)
    await accounts.users.delete(bob.user_id)

    with pytest.raises(Conflict):
        await accounts.sessions.begin(stored)


async def test_nobody_is_signed_in_with_any_text(accounts, alice):
    assert await accounts.sessions.user_of("") is None
    assert await accounts.sessions.user_of("\ud83d") is None


# --- Set-up links -----------------------------------------------------------------------------------------------------


async def test_the_first_to_use_the_link_is_the_admin(accounts, store):
    assert await accounts.set_up.is_needed()
    code = await first_code(accounts)

    assert await accounts.set_up.whose(code) is None
    await accounts.set_up.use(code, **ALICE)

    (stored,) = await store.users()
    assert (stored.user.email, stored.user.role) == ("alice@example.com", Role.ADMIN)
    assert (await accounts.sessions.sign_in("alice@example.com", PASSWORD)).user == stored.user
    assert not await accounts.set_up.is_needed()


async def test_a_link_works_once(accounts):
    code = await first_code(accounts)

    outcomes = await asyncio.gather(
        *(accounts.set_up.use(code, **{**ALICE, "email": f"{n}@example.com"}) for n in range(3)),
        return_exceptions=True,
    )

    assert sum(isinstance(outcome, int) for outcome in outcomes) == 1
    with pytest.raises(NotFound):
        await accounts.set_up.use(code, **ALICE)


async def test_a_password_that_is_refused_leaves_the_link_unused(accounts):
    code = await first_code(accounts)

    with pytest.raises(RuleBroken):
        await accounts.set_up.use(code, **{**ALICE, "password": "short"})

    assert await accounts.set_up.use(code, **ALICE)


async def test_a_link_expires(accounts, clock):
    code = await first_code(accounts)

    clock.now += set_up.GOOD_FOR_MS

    with pytest.raises(NotFound, match="expired"):
        await accounts.set_up.use(code, **ALICE)


async def test_the_first_link_is_void_once_there_is_a_user(accounts):
    code = await first_code(accounts)

    await accounts.users.add(email="carol@example.com", role=Role.MEMBER)

    with pytest.raises(NotFound):
        await accounts.set_up.whose(code)


async def test_a_link_for_the_first_admin_that_came_late_makes_none(accounts, alice):
    code = await first_code(accounts)

    with pytest.raises(NotFound):
        await accounts.set_up.use(code, **ALICE)


async def test_a_new_link_replaces_the_one_before(accounts):
    old, new = await first_code(accounts), await first_code(accounts)

    with pytest.raises(NotFound):
        await accounts.set_up.whose(old)
    assert await accounts.set_up.whose(new) is None


async def test_who_was_added_without_a_password_chooses_one_by_their_link(accounts, bob):
    code = code_in(await accounts.set_up.new_path(bob.id))

    assert await accounts.set_up.whose(code) == bob
    await accounts.set_up.use(code, email="eve@example.com", person=Person("Eve"), password=PASSWORD)

    assert (await accounts.sessions.sign_in(bob.email, PASSWORD)).user == bob
    with pytest.raises(NotFound):
        await accounts.set_up.use(code, email="", person=Person(), password="another horse")


async def test_a_made_up_code_opens_nothing(accounts):
    await first_code(accounts)

    with pytest.raises(NotFound):
        await accounts.set_up.use("made-up", **ALICE)
