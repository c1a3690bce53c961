"""Posters share what there is: much or little, early or late, each comes once in a round."""

import itertools
from collections import Counter
from typing import NamedTuple

from hypothesis import given, strategies as st

from couvert.domain.fairness import BULK_AFTER, Line, interleaved, shared_out
from couvert.domain.mail import BULK, TRANSACTIONAL

LINES = st.dictionaries(st.integers(1, 9), st.integers(0, 30), max_size=9)


class Waiting(NamedTuple):
    poster: int
    number: int
    priority: int = TRANSACTIONAL


def share(lines: dict[int, int], most: int) -> dict[int, list[int]]:
    left = {poster: list(range(number)) for poster, number in lines.items()}

    def take(poster: int, number: int) -> list[int]:
        taken, left[poster] = left[poster][:number], left[poster][number:]
        return taken

    return dict(shared_out(list(lines), most, take))


@given(LINES, st.integers(0, 100))
def test_as_many_are_given_out_as_there_are_and_each_line_keeps_its_order(lines, most):
    shares = share(lines, most)
    assert sum(map(len, shares.values())) == min(most, sum(lines.values()))
    assert all(taken == list(range(len(taken))) for taken in shares.values())


@given(LINES, st.integers(0, 100))
def test_nobody_gets_two_more_than_somebody_who_wants_more(lines, most):
    shares = share(lines, most)
    for one, other in itertools.permutations(lines, 2):
        if len(shares[other]) < lines[other]:
            assert len(shares[one]) <= len(shares[other]) + 1


def test_one_of_each_in_turn():
    assert interleaved({"a": [1, 2, 3], "b": [4], "c": [5, 6]}) == [1, 4, 5, 2, 6, 3]


# --- In memory --------------------------------------------------------------------------------------------------------

STEPS = st.lists(st.one_of(st.tuples(st.integers(1, 4), st.integers(1, 10)), st.none()), max_size=60)


def drained(line: Line[Waiting]) -> list[Waiting]:
    return [line.pop() for _ in range(len(line))]


@given(STEPS)
def test_whoever_joins_is_served_once_and_after_what_the_same_poster_had_waiting(steps):
    line, served, joined = Line[Waiting](), [], itertools.count()
    for step in steps:
        if step is None:
            served += [line.pop()] if len(line) else []
        else:
            for _ in range(step[1]):
                line.put(Waiting(step[0], next(joined)))
    served += drained(line)
    assert len(served) == len(set(served)) == next(joined)
    for poster in range(1, 5):
        numbers = [each.number for each in served if each.poster == poster]
        assert numbers == sorted(numbers)


@given(st.dictionaries(st.integers(1, 5), st.integers(1, 30), min_size=1))
def test_of_those_who_wait_together_each_comes_once_in_a_round(waiting):
    line = Line[Waiting]()
    for poster, number in waiting.items():
        for n in range(number):
            line.put(Waiting(poster, n))
    assert [each.number for each in drained(line)] == sorted(n for number in waiting.values() for n in range(number))


@given(st.integers(1, 200), st.integers(0, 200))
def test_whoever_comes_later_does_not_wait_for_what_others_have_waiting(before, served):
    line = Line[Waiting]()
    for n in range(before):
        line.put(Waiting(1, n))
    for _ in range(min(served, before)):
        line.pop()
    for n in range(3):
        line.put(Waiting(2, n))
    left = drained(line)
    assert [each.poster for each in left[:6]].count(2) == 3


def test_a_poster_that_sends_now_and_then_gains_nothing_on_one_that_has_much_waiting():
    line, served = Line[Waiting](), Counter[int]()
    for n in range(1_000):
        line.put(Waiting(1, n))
    for n in range(500):
        line.put(Waiting(2, n))
        served[line.pop().poster] += 1
    assert abs(served[1] - served[2]) <= 1


def test_somebody_who_waits_passes_bulk_but_for_one_after_twenty():
    line = Line[Waiting]()
    for n in range(10):
        line.put(Waiting(1, n, BULK))
    for n in range(100):
        line.put(Waiting(1, n))
    order = [each.priority for each in drained(line)]
    assert order[: BULK_AFTER + 1] == [TRANSACTIONAL] * BULK_AFTER + [BULK]
    assert order[:105].count(BULK) == 5
    assert order[105:] == [BULK] * 5


def test_bulk_that_waits_for_nobody_owes_nothing():
    line = Line[Waiting]()
    for n in range(BULK_AFTER):
        line.put(Waiting(1, n))
    drained(line)
    line.put(Waiting(1, 0, BULK))
    line.put(Waiting(1, 0))
    assert [each.priority for each in drained(line)] == [TRANSACTIONAL, BULK]
