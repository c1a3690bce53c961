"""The ordeal in small; `bench/run.py --only kills` is the whole of it."""

import pytest

from couvert.simulator.testing import simulated_ses_process
from tests.crash.dice import ROUNDS, dice
from tests.crash.ordeal import FAULTS, Ordeal, Plan

pytestmark = [pytest.mark.crash, pytest.mark.slow]


def test_killed_again_and_again_nobody_is_lost_nobody_gets_two_copies_and_whatever_can_be_known_is(directory):
    kills = ROUNDS + 2
    plan = Plan(kills=kills, recipients=50 * kills, by=["sns"], faults=FAULTS, lease_seconds=1)

    with simulated_ses_process("--rate", "5000") as ses:
        found = Ordeal(directory, ses, plan, dice()).run()

    assert found.lost == set()
    assert found.most_copies == 1
    assert found.untrue == []
    assert found.faults == []
    assert found.audits > found.kills.total() == kills
    assert found.has_rebuilt
    assert found.accepted >= found.promised > 25 * kills
    assert found.became_unknown > found.still_unknown
