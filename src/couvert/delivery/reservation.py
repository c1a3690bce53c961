"""A connection that is reserved for one message: it is taken out once, to be used or to be given back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

C = TypeVar("C")


class Reservation(Generic[C]):
    __slots__ = ("_connection", "_take_back")

    def __init__(self, connection: C, take_back: Callable[[C], None]) -> None:
        self._connection: C | None = connection
        self._take_back = take_back

    def release(self) -> None:
        """Give the connection back unused, if it was not used."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._take_back(connection)

    def taken_out(self) -> C:
        """The connection; who has it gives it back to the pool."""
        connection, self._connection = self._connection, None
        if connection is None:
            raise RuntimeError("a channel is good for one message, and this one was used")
        return connection
