"""Whatever really happened, the audit finds nothing; and its totals are those of the queue."""

import asyncio
import tempfile
from pathlib import Path

from hypothesis import given, strategies as st

from couvert.domain.delivery import State
from couvert.readmodels.audit import audit
from tests.readmodels.following import follow
from tests.readmodels.world import World, pasts


@given(past=pasts, followed=st.integers(0, 60), policy=st.sampled_from(["hold", "resend"]))
def test_what_the_commands_did_is_sound_however_far_the_read_models_are(past, followed, policy):
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        asyncio.run(happen(directory, past, policy))
        follow(directory, up_to=followed)

        report = audit(directory)

        assert report.faults.first == []
        assert report.is_sound
        assert report.read_models == min(report.position, followed)
        assert sum(report.counts.values()) == report.deliveries


async def test_the_totals_are_those_of_the_queue(tmp_path):
    async with World(tmp_path) as world:
        await world.accept(3)
        await world.accept()
        await world.work("taken", "refused", "unknown")

    report = audit(tmp_path)

    assert (report.mails, report.deliveries, report.events, report.position) == (2, 4, 8, 8)
    found = {state: count for state, count in report.counts.items() if count}
    assert found == {State.QUEUED: 1, State.SENT: 1, State.FAILED: 1, State.UNKNOWN: 1}


async def test_it_runs_while_others_write(tmp_path):
    async with World(tmp_path) as world:
        await world.accept()
        report = await asyncio.to_thread(audit, tmp_path)
        await world.work("taken")

    assert report.is_sound


async def happen(directory, past, policy):
    async with World(directory, policy=policy) as world:
        for step in past:
            await step(world)
