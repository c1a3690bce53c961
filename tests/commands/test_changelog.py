"""The changelog: one entry for each day that changed the specification, whoever records it and however often."""

import asyncio
import json

import pytest

from couvert.commands.changelog import RecordChangelog
from couvert.domain.changelog import DAY_MS
from couvert.domain.refusals import Conflict, RuleBroken
from couvert.openapi.difference import Kind
from couvert.readmodels.audit import audit
from couvert.readmodels.rebuild import rebuild
from couvert.store.changes import Change
from couvert.store.rows import ChangelogEntry, Specification
from tests.openapi.documents import document
from tests.store.changes import NOW

DAY = "2027-01-15"
NEXT = "2027-01-16"
OLD = json.dumps(document()).encode()
NEW = json.dumps(document(deprecated=True)).encode()
NEWEST = json.dumps({**document(), "paths": {}}).encode()


@pytest.fixture
def changelog(store, clock):
    return RecordChangelog(store, clock)


async def days(store):
    return [entry.day for entry in await store.changelog(20)]


async def test_a_day_that_has_not_ended_has_no_entry(changelog, store):
    await changelog.publish(OLD)

    assert await changelog.end_day() is None
    assert await days(store) == []


async def test_the_first_entry_tells_of_every_call(changelog, store, clock):
    await changelog.publish(OLD)
    clock.now += DAY_MS

    entry = await changelog.end_day()

    assert (entry.day, entry.title) == (DAY, "First published: 1 calls")
    assert entry.differences == [(Kind.ADDED, "POST /v2/mails", "New call: Send a mail.", False)]
    assert await store.recorded_document(DAY) == OLD


async def test_a_day_is_recorded_once_by_any_number_of_processes(changelog, store, clock):
    await changelog.publish(OLD)
    clock.now += DAY_MS

    told = await asyncio.gather(*(RecordChangelog(store, clock).end_day() for _ in range(5)))

    assert [entry.day for entry in told if entry is not None] == [DAY]
    assert await days(store) == [DAY]


async def test_a_day_without_a_difference_has_no_entry(changelog, store, clock):
    await changelog.record(OLD)
    clock.now += DAY_MS
    await changelog.publish(OLD)
    clock.now += DAY_MS

    assert await changelog.end_day() is None
    assert await days(store) == [DAY]


async def test_what_changed_before_days_off_is_recorded_under_its_own_day_at_the_next_start(changelog, store, clock):
    await changelog.record(OLD)
    clock.now += DAY_MS
    await changelog.publish(NEW)
    clock.now += 5 * DAY_MS

    await changelog.publish(NEWEST)
    clock.now += DAY_MS
    await changelog.end_day()

    assert await days(store) == ["2027-01-21", NEXT, DAY]
    assert [entry.title for entry in await store.changelog(20)][:2] == ["1 removed (1 breaking)", "1 deprecated"]


async def test_what_was_published_last_on_a_day_counts(changelog, store, clock):
    await changelog.record(OLD)
    clock.now += DAY_MS
    await changelog.publish(NEW)
    await changelog.publish(OLD)
    clock.now += DAY_MS

    assert await changelog.end_day() is None
    assert await days(store) == [DAY]


async def test_what_is_published_after_the_days_entry_waits_for_the_next_day(changelog, store, clock):
    await changelog.record(OLD)
    await changelog.publish(NEW)
    clock.now += DAY_MS
    assert await changelog.end_day() is None

    clock.now += DAY_MS
    await changelog.end_day()

    assert await days(store) == [NEXT, DAY]


async def test_it_is_recorded_by_hand_at_once(changelog, store):
    await changelog.record(OLD, "2027-01-14")

    entry = await changelog.record(NEW)

    assert (entry.day, entry.title, entry.is_breaking) == (DAY, "1 deprecated", False)
    assert (await store.specification()).document == NEW


async def test_recording_by_hand_after_days_off_records_the_day_that_ended_first(changelog, store, clock):
    await changelog.record(OLD)
    clock.now += DAY_MS
    await changelog.publish(NEWEST)
    clock.now += DAY_MS

    entry = await changelog.record(NEW)

    assert await days(store) == [entry.day, NEXT, DAY]
    assert [kind for kind, *_ in entry.differences] == [Kind.ADDED]


async def test_recording_an_earlier_day_by_hand_leaves_the_later_one_to_its_turn(changelog, store, clock):
    clock.now += DAY_MS
    await changelog.publish(NEW)
    clock.now += DAY_MS

    await changelog.record(OLD, DAY)
    later = await changelog.end_day()

    assert await days(store) == [NEXT, DAY]
    assert await store.recorded_document(later.day) == NEW


async def test_recording_by_hand_twice_is_recording_once(changelog, store):
    await changelog.record(OLD)

    assert await changelog.record(OLD) is None
    assert await changelog.record(NEW) is None
    assert await days(store) == [DAY]


@pytest.mark.parametrize(("day", "words"), [(NEXT, "has not begun"), ("2027-01-13", "has 2027-01-14 already")])
async def test_no_day_is_recorded_before_its_turn_or_after_it(changelog, store, day, words):
    await changelog.record(OLD, "2027-01-14")

    with pytest.raises(RuleBroken, match=words):
        await changelog.record(NEW, day)

    assert await days(store) == ["2027-01-14"]


async def test_neither_audit_nor_rebuild_touch_the_changelog(changelog, store, tmp_path):
    await changelog.record(OLD)

    report, _ = audit(tmp_path), rebuild(tmp_path)

    assert report.faults.first == []
    assert await days(store) == [DAY]


async def test_an_entry_that_was_compared_with_another_than_the_last_is_not_kept(store):
    await store.commit(Change(at=NOW, changelog=ChangelogEntry(DAY, NOW, "", "t", "[]", OLD)))

    for entry in [ChangelogEntry(NEXT, NOW, "", "t", "[]", OLD), ChangelogEntry(DAY, NOW, DAY, "t", "[]", OLD)]:
        with pytest.raises(Conflict):
            await store.commit(Change(at=NOW, changelog=entry))

    assert await days(store) == [DAY]


async def test_of_two_that_publish_at_once_the_second_looks_again(store):
    published = Specification(DAY, OLD, 1)

    verdicts = await asyncio.gather(
        *(store.commit(Change(at=NOW, specification=published)) for _ in range(2)), return_exceptions=True
    )

    assert sorted(type(verdict).__name__ for verdict in verdicts) == ["Conflict", "int"]
