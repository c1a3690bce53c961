"""API tokens: shown once, kept as a hash, never stronger than who made them, and gone when revoked."""

import asyncio
import re
import sqlite3
from contextlib import closing
from zlib import crc32

import pytest
from hypothesis import given, strategies as st

from couvert.commands.claims import Claim
from couvert.commands.secret_words import BASE62, LETTERS, checksum, hash_of, is_token, new_token as new_secret
from couvert.domain.refusals import Conflict, MissingRole, NotFound, RuleBroken
from couvert.domain.token import TokenCreated, TokenEdited, TokenWithdrawn
from couvert.domain.user import Role
from couvert.store.sqlite.store import FILE
from tests.commands.people import caller, new_token
from tests.store.changes import NOW, SECOND

# --- What they look like ----------------------------------------------------------------------------------------------


def test_a_token_is_told_by_its_form():
    secrets = {new_secret() for _ in range(100)}

    assert len(secrets) == 100
    assert all(re.fullmatch(r"cvt_[0-9A-Za-z]{36}", secret) and is_token(secret) for secret in secrets)


def test_the_checksum_is_what_a_scanner_would_compute():
    assert checksum("0" * LETTERS) == "2C8GjS"
    assert is_token("cvt_" + "0" * LETTERS + "2C8GjS")


@given(st.text(BASE62, min_size=LETTERS, max_size=LETTERS))
def test_the_checksum_is_the_crc_in_base_62(letters):
    digits = checksum(letters)

    assert len(digits) == 6
    assert sum(BASE62.index(digit) * 62**n for n, digit in enumerate(reversed(digits))) == crc32(letters.encode())


@given(st.integers(4, 39), st.sampled_from(BASE62))
def test_a_token_with_another_letter_is_none(place, letter):
    secret = new_secret()

    changed = secret[:place] + letter + secret[place + 1 :]

    assert is_token(changed) == (changed == secret)


@given(st.text(max_size=60))
def test_hardly_any_text_is_a_token(text):
    assert not is_token(text)
    assert not is_token("cvt_" + text)


# --- What becomes of them ---------------------------------------------------------------------------------------------


async def test_a_created_token_is_listed_as_it_was_asked_for(accounts, bob):
    created = await new_token(accounts, bob, "api_read", expires_at=NOW + SECOND)

    (stored,) = await accounts.tokens.of(bob.id)
    assert stored.token == created.token == (await accounts.tokens.find(bob.id, created.token.token_id)).token
    assert (stored.token.description, stored.token.roles) == ("laptop", ("api_read",))
    assert (stored.token.created_at, stored.token.expires_at, stored.last_used_at) == (NOW, NOW + SECOND, None)


async def test_the_secret_is_nowhere_in_the_file(accounts, bob, tmp_path):
    created = await new_token(accounts, bob)

    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        dump = "\n".join(connection.iterdump())
    assert created.secret[4:34] not in dump
    assert hash_of(created.secret).hex().upper() in dump


async def test_what_a_repeat_is_told_is_kept_with_the_token(accounts, store, bob):
    claim = Claim(b"scope", b"body", lambda created: created.token.token_id.encode())

    created = await accounts.tokens.create(bob.id, description="", roles=["api_read"], claim=claim)

    kept = await store.idempotency(b"scope")
    assert (kept.answer, kept.position) == (created.token.token_id.encode(), created.position)


async def test_a_token_gives_no_role_that_it_lacks(accounts, bob):
    reading = await caller(accounts, await new_token(accounts, bob, "api_read"))

    with pytest.raises(MissingRole):
        await new_token(accounts, bob, "api_read", "api_write", by=reading)

    assert (await new_token(accounts, bob, "api_read", by=reading)).token.roles == ("api_read",)


async def test_who_may_only_read_has_tokens_that_only_read(accounts):
    reader = (await accounts.users.add(email="carol@example.com", role=Role.READONLY)).user

    with pytest.raises(RuleBroken, match="readonly"):
        await new_token(accounts, reader, "api_write")

    assert await new_token(accounts, reader, "api_read")


async def test_a_revoked_token_makes_no_other(accounts, bob):
    token = await new_token(accounts, bob)
    asking = await caller(accounts, token)
    await accounts.tokens.revoke(bob.id, token.token.token_id)

    with pytest.raises(Conflict):
        await new_token(accounts, bob, by=asking)

    assert await accounts.tokens.of(bob.id) == []


async def test_a_deleted_user_gets_no_token(accounts, store, bob):
    asked = [accounts.users.delete(bob.user_id), new_token(accounts, bob)]

    outcomes = await asyncio.gather(*asked, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [int, NotFound]


async def test_an_edited_token_says_so(accounts, store, bob):
    token = (await new_token(accounts, bob)).token

    changed = await accounts.tokens.edit(bob.id, token.token_id, description=" desk ", expires_at=NOW + SECOND)

    assert changed.token == await accounts.tokens.find(bob.id, token.token_id)
    assert changed.token.token == token._replace(description="desk", expires_at=NOW + SECOND)
    assert changed.position == await store.position()


async def test_what_a_token_says_already_is_no_event(accounts, store, bob):
    token = (await new_token(accounts, bob)).token
    commits = store.commits

    await accounts.tokens.edit(bob.id, token.token_id, description="laptop", expires_at=None)

    assert store.commits == commits


async def test_a_token_may_edit_and_revoke_itself(accounts, bob):
    token = await new_token(accounts, bob)

    await accounts.tokens.edit(
        bob.id, token.token.token_id, description="desk", expires_at=None, by=await caller(accounts, token)
    )
    await accounts.tokens.revoke(bob.id, token.token.token_id, by=await caller(accounts, token))

    assert await accounts.tokens.of(bob.id) == []


async def test_a_token_is_revoked_once(accounts, bob):
    token = (await new_token(accounts, bob)).token

    answers = await asyncio.gather(
        *(accounts.tokens.revoke(bob.id, token.token_id) for _ in range(3)), return_exceptions=True
    )

    assert sorted(type(answer).__name__ for answer in answers) == ["NotFound", "NotFound", "int"]


async def test_somebody_elses_token_does_not_exist(accounts, alice, bob):
    token = (await new_token(accounts, bob)).token

    asked = [
        accounts.tokens.find(alice.id, token.token_id),
        accounts.tokens.edit(alice.id, token.token_id, description="", expires_at=None),
        accounts.tokens.revoke(alice.id, token.token_id),
    ]

    outcomes = await asyncio.gather(*asked, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [NotFound] * 3


@pytest.mark.parametrize("name", [lambda it: it.secret, lambda it: it.token.token_id], ids=["secret", "id"])
async def test_whoever_has_the_data_revokes_by_the_secret_or_the_id(accounts, bob, name):
    token = await new_token(accounts, bob)

    await accounts.tokens.revoke_anybodys(name(token))

    assert await accounts.tokens.of(bob.id) == []
    with pytest.raises(NotFound):
        await accounts.tokens.revoke_anybodys(name(token))


async def test_the_log_tells_a_tokens_life_without_its_description(accounts, store, bob):
    token = (await new_token(accounts, bob)).token
    await accounts.tokens.edit(bob.id, token.token_id, description="desk", expires_at=None)
    await accounts.tokens.revoke(bob.id, token.token_id)

    timeline = await store.timeline(token.id, 0)

    assert [noted.logged.event for noted in timeline] == [
        TokenCreated(token.token_id, bob.id, ("api_read", "api_write"), None),
        TokenEdited(None),
        TokenWithdrawn(),
    ]
