"""Ids: unique, in time order, and the same after a journey through the outside world."""

import itertools

import pytest
from hypothesis import given, strategies as st

from couvert.domain.ids import EPOCH_MS, LONGEST_BLOCK, IdSource, created_at, decode, encode

ids = st.integers(0, (1 << 63) - 1)
blocks = st.lists(st.tuples(st.integers(-5, 5), st.integers(1, LONGEST_BLOCK)), min_size=1, max_size=30)


class Clock:
    def __init__(self, ms: int = EPOCH_MS + 1_000) -> None:
        self.ms = ms

    def __call__(self) -> int:
        return self.ms


def taken_from(source: IdSource, clock: Clock, steps: list[tuple[int, int]]) -> list[range]:
    """The blocks handed out while the clock jumps, backwards too."""
    taken = []
    for jump, length in steps:
        clock.ms += jump
        first = source.block(length)
        taken.append(range(first, first + length))
    return taken


@given(blocks)
def test_an_id_is_larger_than_all_before_it_even_when_the_clock_is_set_back(steps):
    clock = Clock()

    taken = taken_from(IdSource(3, clock), clock, steps)

    assert all(earlier.stop <= later.start for earlier, later in itertools.pairwise(taken))


@given(blocks)
def test_no_id_of_one_node_is_ever_an_id_of_another(steps):
    one, other = Clock(), Clock()

    ours, theirs = taken_from(IdSource(0, one), one, steps), taken_from(IdSource(1, other), other, steps)

    assert not any(a.start < b.stop and b.start < a.stop for a in ours for b in theirs)


def test_a_full_millisecond_borrows_from_the_next():
    clock = Clock()
    source = IdSource(0, clock)

    first, second = source.block(LONGEST_BLOCK), source.block(1)

    assert (created_at(first), created_at(second)) == (clock.ms, clock.ms + 1)


@given(st.integers(0, 63), st.integers(EPOCH_MS + 1, EPOCH_MS + (1 << 41) - 1))
def test_an_id_tells_when_it_was_made(node, ms):
    assert created_at(IdSource(node, lambda: ms).block(1)) == ms


@given(st.integers(0, 63), st.integers(EPOCH_MS, EPOCH_MS + (1 << 41) - 1), st.integers(1, LONGEST_BLOCK))
def test_a_whole_block_fits_a_signed_64_bit_column(node, ms, length):
    first = IdSource(node, lambda: ms).block(length)

    assert 0 <= first <= first + length - 1 < 1 << 63


@pytest.mark.parametrize("length", [0, -1, LONGEST_BLOCK + 1])
def test_a_block_of_a_wrong_length_is_a_mistake(length):
    source = IdSource(0, Clock())

    with pytest.raises(ValueError, match="a block has"):
        source.block(length)


@pytest.mark.parametrize("node", [-1, 64])
def test_a_node_that_does_not_fit_is_a_mistake(node):
    with pytest.raises(ValueError, match="node must be"):
        IdSource(node, Clock())


@given(ids)
def test_what_was_encoded_is_decoded(identifier):
    assert decode("dlv", encode("dlv", identifier)) == identifier


@given(ids)
def test_an_id_is_read_however_it_was_copied(identifier):
    assert decode("dlv", f"  {encode('dlv', identifier).upper()}\n") == identifier


@given(ids, ids)
def test_encoded_ids_sort_like_their_numbers(one, other):
    assert (encode("dlv", one) < encode("dlv", other)) == (one < other)


@pytest.mark.parametrize("text", [
    "", "dlv", "dlv_", "mail_0000000000000", "dlv_000000000000", "dlv_00000000000000", "dlv_000000000000i",
    "dlv_zzzzzzzzzzzzz", "dlv_00000000000-1", "dlv-0000000000000", "0000000000000", "dlv_dlv_000000000",
])  # fmt: skip
def test_what_is_not_an_id_of_its_kind_is_none(text):
    assert decode("dlv", text) is None


@given(st.text())
def test_nothing_that_is_written_there_is_an_error(text):
    decode("dlv", text)
