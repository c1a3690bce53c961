"""How far results are told is kept with the log, and so is as old as the log is."""

import pytest

from couvert.domain.refusals import Conflict
from couvert.store.changes import Change
from couvert.store.messages import ResultDue
from tests.store import changes


async def test_nobody_told_any_at_first(store):
    assert await store.results_mark() is None


async def test_it_never_goes_back(store):
    for mark in (7, 9, 8):
        await store.commit(Change(at=changes.NOW, results_mark=mark))

    assert await store.results_mark() == 9


async def test_it_moves_with_what_was_told_besides_or_not_at_all(store):
    await store.commit(Change(at=changes.NOW, results_due=[ResultDue(delivery_id=1), ResultDue(delivery_id=2)]))
    first, second = await store.results_due(9)

    await store.commit(Change(at=changes.NOW, results_mark=5, results_told=[first.id]))
    with pytest.raises(Conflict):
        await store.commit(Change(at=changes.NOW, results_mark=6, results_told=[second.id], expected_keys={4711: 1}))

    assert (await store.results_mark(), await store.results_due(9)) == (5, [second])
