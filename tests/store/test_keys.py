"""Keys: found by their hash, changed from what was read, and a guard for what was decided about them."""

import asyncio

import pytest

from couvert.domain.allowance import Allowance
from couvert.domain.key import NamedOrigin
from couvert.domain.refusals import Conflict, QuotaExceeded
from couvert.domain.restrictions import DailyUse, Restrictions
from couvert.store.changes import Change
from couvert.store.rows import StoredKey
from tests.store.changes import NOW, mail, new_key

SECRET, OTHER_SECRET = b"\0" * 32, b"\1" * 32


async def created(store, ids, *origins, secret=SECRET, expires_at=None) -> StoredKey:
    change = new_key(ids, secret, *origins, expires_at=expires_at)
    await store.commit(change)
    return change.keys[0]


def changed(found: StoredKey, **fields) -> Change:
    return Change(at=NOW, keys=[StoredKey(found.key._replace(**fields), found.revision + 1)])


async def test_a_key_is_found_by_its_hash_as_it_was_created(store, ids):
    change = new_key(ids, SECRET, "a.example", "*.b.example", expires_at=NOW + 5)

    await store.commit(change)

    assert await store.key(SECRET) == change.keys[0]
    assert await store.key(OTHER_SECRET) is None


async def test_all_keys_are_listed_in_the_order_they_were_created(store, ids):
    one = await created(store, ids)
    two = await created(store, ids, secret=OTHER_SECRET)

    assert await store.keys() == [one, two]


async def test_a_deleted_key_is_still_known(store, ids):
    found = await created(store, ids)

    await store.commit(changed(found, is_active=False))

    assert not (await store.key(SECRET)).key.is_active


async def test_a_key_changes_only_from_the_revision_that_was_read(store, ids):
    found = await created(store, ids)
    await store.commit(changed(found, is_active=False))

    with pytest.raises(Conflict):
        await store.commit(changed(found, name="again"))


async def test_the_same_secret_twice_is_a_conflict(store, ids):
    await created(store, ids)

    with pytest.raises(Conflict):
        await created(store, ids)


async def test_what_was_decided_on_a_key_is_kept_while_the_key_is_as_it_was_read(store, ids):
    found = await created(store, ids)

    await store.commit(mail(ids, expected_keys={found.key.id: found.revision}))

    assert await store.position() == 2


@pytest.mark.parametrize("expected", [0, 1, 3])
async def test_what_was_decided_on_a_key_that_changed_is_not_kept(store, ids, expected):
    found = await created(store, ids)
    await store.commit(changed(found, is_active=False))

    with pytest.raises(Conflict):
        await store.commit(mail(ids, expected_keys={found.key.id: expected}))

    assert await store.position() == 1


async def test_a_mail_that_meets_the_deletion_of_its_key_in_one_group_is_not_kept(store, ids):
    found = await created(store, ids)
    guard = {found.key.id: found.revision}
    changes = [
        mail(ids, expected_keys=guard),
        changed(found, is_active=False),
        mail(ids, expected_keys=guard),
        mail(ids),
    ]

    results = await asyncio.gather(*map(store.commit, changes), return_exceptions=True)

    assert [isinstance(result, Conflict) for result in results] == [False, False, True, False]


async def test_a_key_that_never_was_does_not_hold(store, ids):
    with pytest.raises(Conflict):
        await store.commit(mail(ids, expected_keys={1: 1}))


# --- Origins ----------------------------------------------------------------------------------------------------------


async def test_an_origin_is_known_by_any_of_its_names(store, ids):
    await created(store, ids, "a.example", "*.b.example")

    assert await store.is_key_origin(["x.b.example", "*.b.example", "*.example"], NOW)
    assert await store.is_key_origin(["a.example"], NOW)
    assert not await store.is_key_origin(["b.example", "*.example"], NOW)


async def test_an_origin_that_was_added_is_known(store, ids):
    found = await created(store, ids, "a.example")

    await store.commit(changed(found, origins=(*found.key.origins, NamedOrigin("new.example", NOW))))

    assert await store.is_key_origin(["new.example"], NOW)
    assert await store.is_key_origin(["a.example"], NOW)


async def test_the_origins_of_a_key_that_expired_or_was_deleted_are_forgotten(store, ids):
    found = await created(store, ids, "a.example", expires_at=NOW + 5)

    assert await store.is_key_origin(["a.example"], NOW + 4)
    assert not await store.is_key_origin(["a.example"], NOW + 5)
    await store.commit(changed(found, is_active=False))

    assert not await store.is_key_origin(["a.example"], NOW)


async def test_an_origin_is_known_while_one_of_its_keys_is_good(store, ids):
    found = await created(store, ids, "a.example")
    await created(store, ids, "a.example", secret=OTHER_SECRET)

    await store.commit(changed(found, is_active=False))

    assert await store.is_key_origin(["a.example"], NOW)


async def test_an_origin_that_was_removed_is_forgotten(store, ids):
    found = await created(store, ids, "a.example", "b.example")

    await store.commit(changed(found, origins=found.key.origins[1:]))

    assert not await store.is_key_origin(["a.example"], NOW)
    assert await store.is_key_origin(["b.example"], NOW)


# --- Restrictions -----------------------------------------------------------------------------------------------------

DAY = 20_833


def use(recipients: int, *, most: int = 5, day: int = DAY, key: int = 1) -> DailyUse:
    return DailyUse(key, day, recipients, most)


async def test_a_key_keeps_its_restrictions(store, ids):
    restrictions = Restrictions(("example.com",), ("192.0.2.0/24",), Allowance(100, 60), 1_000)
    found = await created(store, ids)

    await store.commit(changed(found, restrictions=restrictions))

    assert (await store.key(SECRET)).key.restrictions == restrictions


async def test_a_key_is_found_by_the_id_that_clients_see(store, ids):
    found = await created(store, ids)

    assert await store.key_by_id(found.key.key_id) == found
    assert await store.key_by_id("unknown") is None


async def test_what_is_within_a_quota_is_counted(store, ids):
    await store.commit(mail(ids, daily_use=use(2)))
    await store.commit(mail(ids, daily_use=use(3)))

    assert await store.used(1, DAY) == 5


async def test_what_exceeds_a_quota_is_not_kept(store, ids):
    await store.commit(mail(ids, daily_use=use(4)))

    with pytest.raises(QuotaExceeded, match="5 recipients a day"):
        await store.commit(mail(ids, daily_use=use(2)))

    assert (await store.used(1, DAY), await store.position()) == (4, 1)


async def test_mails_of_one_group_do_not_exceed_a_quota_together(store, ids):
    changes = [mail(ids, daily_use=use(2)) for _ in range(10)]

    results = await asyncio.gather(*map(store.commit, changes), return_exceptions=True)

    assert [type(result).__name__ for result in results] == ["int", "int", *["QuotaExceeded"] * 8]
    assert await store.used(1, DAY) == 4


async def test_a_mail_that_is_refused_for_another_reason_uses_nothing_up(store, ids):
    with pytest.raises(Conflict):
        await store.commit(mail(ids, daily_use=use(2), expected_keys={1: 1}))

    assert await store.used(1, DAY) == 0


async def test_every_key_and_every_day_has_a_quota_of_its_own(store, ids):
    uses = [use(5), use(5, key=2), use(5, day=DAY + 1)]

    await asyncio.gather(*(store.commit(mail(ids, daily_use=each)) for each in uses))

    assert [await store.used(each.key, each.day) for each in uses] == [5, 5, 5]


async def test_what_was_used_is_known_after_a_restart(opener, ids):
    store = opener()
    await store.commit(mail(ids, daily_use=use(4)))
    await store.close()

    store = opener()
    with pytest.raises(QuotaExceeded):
        await store.commit(mail(ids, daily_use=use(2)))
    await store.close()
