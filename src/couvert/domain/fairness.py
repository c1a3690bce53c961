"""Who is next when many want more than there is: each poster in turn, however much one of them has waiting.

A poster is the API key or the user who posted a mail. Somebody who waits for an answer passes all bulk mail, but for a
small part: without that, bulk mail would never leave while the others alone fill the provider's pace.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from heapq import heappop, heappush
from itertools import chain, count, zip_longest
from typing import Final, Generic, Protocol, TypeVar

from couvert.domain.mail import BULK

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)

BULK_AFTER: Final = 20
"""One bulk delivery after so many that passed it."""


def shared_out(lines: Sequence[K], most: int, take: Callable[[K, int], Sequence[T]]) -> Mapping[K, list[T]]:
    """Up to `most`, the same number from each line; what one does not have goes to the others.

    `take` gives up to so many of a line's first; fewer only if there are no more.
    """
    taken: dict[K, list[T]] = {line: [] for line in lines}
    longer = list(lines)
    while longer and most > 0:
        each, more = divmod(most, len(longer))
        shorter_first = sorted(longer, key=lambda line: len(taken[line]))
        shares = [(line, each + (n < more)) for n, line in enumerate(shorter_first)]
        longer = []
        for line, share in shares:
            found = take(line, share) if share > 0 else ()
            taken[line] += found
            most -= len(found)
            if len(found) == share:
                longer.append(line)
    return taken


def interleaved(lines: Mapping[K, Sequence[T]]) -> list[T]:
    """One of each line in turn, each line in its own order."""
    gap = object()
    return [each for turn in zip_longest(*lines.values(), fillvalue=gap) for each in turn if each is not gap]  # type: ignore[misc]


class Waits(Protocol):
    @property
    def priority(self) -> int: ...
    @property
    def poster(self) -> int: ...


J = TypeVar("J", bound=Waits)


class Line(Generic[J]):
    """Who waits in memory. Bulk gets one turn after `BULK_AFTER` that passed it."""

    def __init__(self) -> None:
        self._urgent = Turns[J]()
        self._bulk = Turns[J]()
        self._passed = 0

    def __len__(self) -> int:
        return len(self._urgent) + len(self._bulk)

    def __iter__(self) -> Iterator[J]:
        """In no order."""
        return chain(self._urgent, self._bulk)

    def put(self, job: J) -> None:
        (self._bulk if job.priority == BULK else self._urgent).put(job)

    def pop(self) -> J:
        if not self._bulk:
            return self._urgent.pop()
        if self._urgent and self._passed < BULK_AFTER:
            self._passed += 1
            return self._urgent.pop()
        self._passed = 0
        return self._bulk.pop()


class Turns(Generic[J]):
    """Start-time fair queueing: who has much waiting comes once in each round, and so does who has little."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, J]] = []
        self._last: dict[int, int] = {}
        self._round = 0
        self._order = count()
        """Unique, so that jobs are not compared."""

    def __len__(self) -> int:
        return len(self._heap)

    def __iter__(self) -> Iterator[J]:
        return (job for _, _, job in self._heap)

    def put(self, job: J) -> None:
        round_ = max(self._round, self._last.get(job.poster, -1) + 1)
        self._last[job.poster] = round_
        heappush(self._heap, (round_, next(self._order), job))

    def pop(self) -> J:
        self._round, _, job = heappop(self._heap)
        if not self._heap:
            self._last.clear()
        return job
