"""What was used lately, within a bound on its size: templates may be 3 kB each, or 5 MB."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Recent(Generic[K, V]):
    """A dictionary that forgets what was put there longest ago once all of it weighs more than `most`."""

    def __init__(self, most: int, weight: Callable[[V], int]) -> None:
        self._most = most
        self._weight = weight
        self._values: OrderedDict[K, V] = OrderedDict()
        self._total = 0

    def get(self, key: K) -> V | None:
        return self._values.get(key)

    def put(self, key: K, value: V) -> None:
        self.pop(key)
        self._values[key] = value
        self._total += self._weight(value)
        while self._total > self._most and self._values:
            self._total -= self._weight(self._values.popitem(last=False)[1])

    def pop(self, key: K) -> V | None:
        value = self._values.pop(key, None)
        if value is not None:
            self._total -= self._weight(value)
        return value
