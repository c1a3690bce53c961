"""How long the process that tells webhooks does nothing, for what it took of the machine."""

from dataclasses import dataclass

import pytest

from couvert.workers.webhooks.courtesy import LONGEST_SECONDS, MANY, SHARE, Courtesy

CORES = 4


@dataclass
class Machine:
    now: float = 1_000.0
    spent: float = 3.0

    def works(self, seconds: float) -> None:
        self.now += seconds
        self.spent += seconds


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def courtesy(machine) -> Courtesy:
    return Courtesy(CORES, lambda: machine.now, lambda: machine.spent)


def many_happen(machine: Machine, courtesy: Courtesy) -> None:
    for position in (0, 2 * MANY):
        courtesy.see(position)
        machine.now += 1
    courtesy.owed_seconds()


def test_nothing_is_owed_while_little_happens(machine, courtesy):
    for position in range(10):
        courtesy.see(position * MANY)
        machine.works(1)

        assert courtesy.owed_seconds() == 0


def test_a_log_that_was_long_before_the_first_look_is_no_haste(machine, courtesy):
    courtesy.see(1_000 * MANY)
    machine.works(1)

    assert courtesy.owed_seconds() == 0


def test_while_many_happen_it_takes_its_share_of_the_cores_and_no_more(machine, courtesy):
    many_happen(machine, courtesy)

    machine.works(0.1)

    assert courtesy.owed_seconds() == pytest.approx(0.1 / (SHARE * CORES) - 0.1)


def test_who_has_waited_already_owes_the_less(machine, courtesy):
    many_happen(machine, courtesy)

    machine.works(0.1)
    machine.now += 1

    assert courtesy.owed_seconds() == pytest.approx(0.1 / (SHARE * CORES) - 0.1 - 1)


def test_what_was_waited_for_is_not_owed_again(machine, courtesy):
    many_happen(machine, courtesy)
    machine.works(0.1)
    machine.now += courtesy.owed_seconds()

    assert courtesy.owed_seconds() == 0


def test_it_never_waits_for_long(machine, courtesy):
    many_happen(machine, courtesy)

    machine.works(100)

    assert courtesy.owed_seconds() == LONGEST_SECONDS


def test_once_the_log_is_quiet_it_works_as_much_as_it_can(machine, courtesy):
    many_happen(machine, courtesy)
    machine.now += 1
    courtesy.see(2 * MANY + 1)

    machine.works(1)

    assert courtesy.owed_seconds() == 0


def test_a_look_right_after_another_says_nothing(machine, courtesy):
    courtesy.see(0)
    machine.now += 1
    courtesy.see(MANY // 2)
    machine.now += 0.001
    courtesy.see(MANY)
    machine.works(1)

    assert courtesy.owed_seconds() == 0
