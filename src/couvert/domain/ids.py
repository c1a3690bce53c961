"""Ids are integers in time order: 41 bits of milliseconds, 6 of node, 16 of sequence.

A mail's id is followed by the ids of its deliveries: recipient *n* (from 1) of mail *m* is delivery *m + n*. So a log
entry needs only the mail and *n*, and a mail with ten thousand recipients is accepted by one event.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

EPOCH_MS: Final = 1_735_689_600_000  # 2025-01-01T00:00:00Z; 41 bits last until 2094
NODE_BITS: Final = 6
SEQUENCE_BITS: Final = 16
NODES: Final = 1 << NODE_BITS
LONGEST_BLOCK: Final = 1 << SEQUENCE_BITS

ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's: sorts like the number, and nothing looks alike
WIDTH: Final = 13  # 13 * 5 bits hold 63
_VALUES: Final = {letter: value for value, letter in enumerate(ALPHABET)}
_PAIRS: Final = [first + second for first in ALPHABET for second in ALPHABET]
"""Two letters at a time; every answer and every line of the log shows ids."""


class IdSource:
    """Hands out blocks of consecutive ids, never the same twice in one process.

    `node` keeps processes apart that write at the same millisecond; where two of them share a node, the store's
    primary key catches the pair: a `Conflict`, and nothing of the second is kept.
    """

    def __init__(self, node: int, now_ms: Callable[[], int]) -> None:
        if not 0 <= node < NODES:
            raise ValueError(f"node must be 0 to {NODES - 1}, not {node}")
        self._node = node << SEQUENCE_BITS
        self._now_ms = now_ms
        self._ms = 0
        self._next = 0

    def block(self, length: int) -> int:
        """The first of `length` consecutive ids. A full millisecond borrows from the next one."""
        if not 1 <= length <= LONGEST_BLOCK:
            raise ValueError(f"a block has 1 to {LONGEST_BLOCK} ids, not {length}")
        ms = self._now_ms() - EPOCH_MS
        if ms > self._ms:
            self._ms, self._next = ms, 0
        if self._next + length > LONGEST_BLOCK:
            self._ms, self._next = self._ms + 1, 0
        first = self._next
        self._next += length
        return self._ms << (NODE_BITS + SEQUENCE_BITS) | self._node | first


def created_at(identifier: int) -> int:
    """When the id was made, in milliseconds since 1970."""
    return (identifier >> (NODE_BITS + SEQUENCE_BITS)) + EPOCH_MS


def encode(prefix: str, identifier: int) -> str:
    """The id as the outside sees it: `dlv_` and thirteen letters that sort like the number."""
    pairs = [_PAIRS[identifier >> shift & 1023] for shift in range(50, -1, -10)]
    return prefix + "_" + ALPHABET[identifier >> 60] + "".join(pairs)


def decode(prefix: str, text: str) -> int | None:
    """The id written as `text`, or None if it is not one of ours."""
    kind, _, letters = text.strip().lower().partition("_")
    if kind != prefix or len(letters) != WIDTH or not all(letter in _VALUES for letter in letters):
        return None
    identifier = 0
    for letter in letters:
        identifier = identifier << 5 | _VALUES[letter]
    return identifier if identifier < 1 << 63 else None
