"""Keys: shown once, kept as a hash, changed by whoever comes first and then by the next."""

import asyncio
import sqlite3
from contextlib import closing

import pytest

from couvert.commands.claims import Claim
from couvert.commands.keys import hash_of
from couvert.domain.allowance import Allowance
from couvert.domain.key import KeyCreated, KeyDeleted, OriginsAdded, admit
from couvert.domain.refusals import Conflict, NotFound, QuotaExceeded, RuleBroken, Unauthorized
from couvert.domain.restrictions import DAY_MS, NONE, Restrictions
from couvert.store.sqlite.store import FILE
from tests.commands.desk import BOB, CHARLIE, mail
from tests.store.changes import NOW, SECOND


@pytest.fixture
async def created(keys):
    return await keys.create(name="shop", origins=["a.example", "*.b.example"], expires_at=NOW + SECOND)


async def test_a_created_key_is_found_by_its_secret(keys, created):
    found = await keys.find(created.secret)

    assert found.key == created.key
    assert found.revision == 1
    assert (found.key.name, found.key.is_active, found.key.created_at) == ("shop", True, NOW)
    assert found.key.expires_at == NOW + SECOND
    assert [origin.name for origin in found.key.origins] == ["a.example", "*.b.example"]
    assert admit(found.key, "https://a.example", NOW) == found.key


async def test_two_keys_have_nothing_in_common(keys, created):
    other = await keys.create(name="shop", origins=[], expires_at=None)

    assert len({created.secret, other.secret}) == len({created.key.key_id, other.key.key_id}) == 2
    assert created.secret.startswith("ak_")
    assert len(created.secret) == 43


async def test_the_secret_is_nowhere_in_the_file(created, store, tmp_path):
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        dump = "\n".join(connection.iterdump())

    assert created.secret not in dump
    assert created.secret.removeprefix("ak_") not in dump
    assert hash_of(created.secret).hex().upper() in dump


@pytest.mark.parametrize("secret", ["", "ak_", "ak_\ud83d", "ak_" + "0" * 40])
async def test_what_is_no_key_is_not_found(keys, created, secret):
    assert await keys.find(secret) is None


async def test_a_key_that_would_have_expired_is_not_stored(keys, store):
    with pytest.raises(RuleBroken):
        await keys.create(name="shop", origins=[], expires_at=NOW)

    assert store.commits == 0


async def test_only_new_origins_are_added_and_told(keys, created, clock):
    clock.now += 5

    added = await keys.add_origins(created.secret, ["a.example", "c.example", "c.example"])

    assert [(origin.name, origin.created_at) for origin in added.origins] == [("c.example", NOW + 5)]
    assert (await keys.find(created.secret)).key.origins == (*created.key.origins, *added.origins)


async def test_origins_that_are_there_change_nothing(keys, created, store):
    before = store.commits

    added = await keys.add_origins(created.secret, ["a.example"])

    assert (added.origins, added.position) == ((), await store.position())
    assert store.commits == before


async def test_origins_added_at_the_same_moment_are_all_there(keys, created):
    names = [f"{n}.example" for n in range(10)]

    answers = await asyncio.gather(*(keys.add_origins(created.secret, [name]) for name in names))

    assert [origin.name for answer in answers for origin in answer.origins] == names
    assert {origin.name for origin in (await keys.find(created.secret)).key.origins} >= set(names)


async def test_a_deleted_key_is_let_in_nowhere_and_remembered(keys, created, store):
    await keys.delete(created.secret)

    found = await keys.find(created.secret)
    with pytest.raises(Unauthorized, match="inactive"):
        admit(found.key, "https://a.example", NOW)
    assert not await store.is_key_origin(["a.example"], NOW)


async def test_a_key_is_deleted_by_the_id_that_lists_show(keys, created):
    await keys.delete_by_id(created.key.key_id)

    assert not (await keys.find(created.secret)).key.is_active


async def test_a_key_is_deleted_once(keys, created):
    answers = await asyncio.gather(*(keys.delete(created.secret) for _ in range(3)), return_exceptions=True)

    assert sorted(type(answer).__name__ for answer in answers) == ["NotFound", "NotFound", "int"]


@pytest.mark.parametrize("ask", [
    lambda keys: keys.delete("ak_unknown"),
    lambda keys: keys.delete_by_id("unknown"),
    lambda keys: keys.add_origins("ak_unknown", ["a.example"]),
], ids=["delete", "delete by id", "add origins"])  # fmt: skip
async def test_an_unknown_key_is_not_found(keys, created, ask):
    with pytest.raises(NotFound):
        await ask(keys)


async def test_the_log_tells_a_keys_life(keys, created, store):
    await keys.add_origins(created.secret, ["c.example"])
    await keys.delete(created.secret)

    timeline = await store.timeline(created.key.id, 0)

    assert [noted.logged.event for noted in timeline] == [
        KeyCreated(created.key.key_id, "shop", NOW + SECOND),
        OriginsAdded(("a.example", "*.b.example")),
        OriginsAdded(("c.example",)),
        KeyDeleted(),
    ]


# --- Of /v2 -----------------------------------------------------------------------------------------------------------

RESTRICTED = Restrictions(("example.com",), ("192.0.2.0/24",), Allowance(100, 60), 3)
CLAIM = Claim(b"scope", b"request", lambda result: repr(result).encode())


async def test_a_key_is_created_with_its_restrictions(keys):
    created = await keys.create(name="shop", origins=[], expires_at=None, restrictions=RESTRICTED)

    assert (await keys.find(created.secret)).key.restrictions == RESTRICTED


async def test_a_replaced_key_is_as_it_was_asked_for(keys, created, store):
    changed = await keys.replace(
        created.key.key_id, name="till", expires_at=None, restrictions=RESTRICTED, origins=["c.example"]
    )

    found = (await keys.find(created.secret)).key
    assert found == changed.key
    assert (found.name, found.expires_at, found.restrictions) == ("till", None, RESTRICTED)
    assert [origin.name for origin in found.origins] == ["c.example"]
    assert changed.position == await store.position() == 6
    assert not await store.is_key_origin(["a.example"], NOW)


async def test_replacing_a_key_by_itself_answers_where_the_log_is(keys, created, store):
    before = store.commits

    changed = await keys.replace(created.key.key_id, name="shop", expires_at=NOW + SECOND, restrictions=NONE)

    assert (changed.key, changed.position, store.commits) == (created.key, await store.position(), before)


async def test_an_origin_is_added_and_removed_by_the_keys_id(keys, created):
    added = await keys.add_origin(created.key.key_id, "c.example")
    await keys.remove_origin(created.key.key_id, "a.example")

    assert [origin.name for origin in added.origins] == ["c.example"]
    assert [origin.name for origin in (await keys.find(created.secret)).key.origins] == ["*.b.example", "c.example"]


@pytest.mark.parametrize("ask", [
    lambda keys, key_id: keys.remove_origin(key_id, "unknown.example"),
    lambda keys, key_id: keys.remove_origin("unknown", "a.example"),
    lambda keys, key_id: keys.add_origin("unknown", "a.example"),
    lambda keys, key_id: keys.replace("unknown", name="shop", expires_at=None, restrictions=NONE),
], ids=["origin", "origin of no key", "add", "replace"])  # fmt: skip
async def test_what_is_not_there_is_not_found(keys, created, ask):
    with pytest.raises(NotFound):
        await ask(keys, created.key.key_id)


async def test_a_claim_is_committed_with_the_key_it_created(keys, store):
    created = await keys.create(name="shop", origins=[], expires_at=None, claim=CLAIM)

    kept = await store.idempotency(CLAIM.scope)
    assert (kept.request, kept.position) == (CLAIM.request, created.position)
    assert created.key.key_id.encode() in kept.answer


async def test_a_claim_is_kept_for_what_changes_nothing(keys, created, store):
    added = await keys.add_origin(created.key.key_id, "a.example", claim=CLAIM)

    kept = await store.idempotency(CLAIM.scope)
    assert (kept.position, added.position, added.origins) == (2, 2, ())


async def test_a_claim_that_somebody_else_made_first_is_a_conflict(keys, created, store):
    await keys.add_origin(created.key.key_id, "c.example", claim=CLAIM)

    with pytest.raises(Conflict):
        await keys.add_origin(created.key.key_id, "d.example", claim=CLAIM)

    assert not await store.is_key_origin(["d.example"], NOW)


async def test_a_daily_quota_counts_recipients_and_starts_anew_at_midnight(keys, mails, store, clock):
    created = await keys.create(name="shop", origins=[], expires_at=None, restrictions=RESTRICTED)
    key = await keys.find(created.secret)
    await mails.accept(mail(BOB, CHARLIE), key=key)

    with pytest.raises(QuotaExceeded):
        await mails.accept(mail(BOB, CHARLIE), key=key)
    await mails.accept(mail(BOB), key=key)
    clock.now += DAY_MS
    await mails.accept(mail(BOB, CHARLIE), key=key)

    assert await store.used(key.key.id, clock.now // DAY_MS) == 2


async def test_a_quota_that_was_lowered_is_obeyed_by_mails_that_were_decided_before(keys, mails):
    created = await keys.create(name="shop", origins=[], expires_at=None)
    read_before = await keys.find(created.secret)
    await keys.replace(created.key.key_id, name="shop", expires_at=None, restrictions=RESTRICTED)

    with pytest.raises(Conflict):
        await mails.accept(mail(BOB), key=read_before)


async def test_the_log_holds_no_address_that_a_key_may_send_as(keys, created, tmp_path):
    restrictions = Restrictions(senders=("jane@example.com",))
    await keys.replace(created.key.key_id, name="shop", expires_at=None, restrictions=restrictions)
    await keys.create(name="till", origins=[], expires_at=None, restrictions=restrictions)

    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        payloads = [payload for (payload,) in connection.execute("select payload from event")]

    assert [stored.key.restrictions for stored in await keys.store.keys()] == [restrictions] * 2
    assert "jane" not in "".join(payloads)
