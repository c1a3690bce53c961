"""Several workers on one directory, killed, frozen and thawed at random: whatever happens to whom, nobody is lost."""

import itertools
import time

import pytest

from couvert.domain.delivery import State
from tests.crash.dice import ROUNDS, dice

pytestmark = [pytest.mark.crash, pytest.mark.slow]

WORKERS = 3
HANDS = 4
RECIPIENTS = 60
LONGER_THAN_THE_LEASE = 1.2


@pytest.fixture
def hire(start):
    """`hire("hold")`: another worker, which brings recipients of its own along."""
    names = map("worker{}.".format, itertools.count())

    def hire(policy: str):
        arguments = ("--bulk", str(RECIPIENTS), "--name", next(names))
        worker = start(*arguments, unknown_policy=policy, max_in_flight=HANDS)
        worker.await_step("accepted", RECIPIENTS)
        return worker

    return hire


@pytest.mark.parametrize(("policy", "most_copies"), [("hold", 1), ("resend", 2)])
def test_whatever_happens_to_whom_nobody_is_lost(policy, most_copies, hire, ledger, relay):
    relay.seconds = 0.05
    chance = dice()
    workers = [hire(policy) for _ in range(WORKERS)]

    for _ in range(ROUNDS // 2):
        time.sleep(chance.uniform(0.1, 0.5))
        victim = chance.choice(workers)
        victim.freeze(ledger)
        if chance.random() < 0.5:
            time.sleep(LONGER_THAN_THE_LEASE)
            victim.thaw()
        else:
            workers.remove(victim)
            victim.kill()
            workers.append(hire(policy))
    ledger.await_ends()
    codes = [worker.stop() for worker in workers]

    assert codes == [0] * WORKERS
    assert {entry.state for entry in ledger.entries()} <= {State.SENT, State.UNKNOWN}
    assert ledger.in_state(State.SENT) <= relay.copies.keys()
    assert max(relay.copies.values()) <= most_copies
    assert len(ledger.in_state(State.UNKNOWN)) <= ROUNDS * HANDS
    assert ledger.faults() == []
