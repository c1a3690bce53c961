"""What a read model is to the follower: tables of its own, and a function of events."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Protocol

from couvert.store.log import LoggedEvent


class Projection(Protocol):
    name: str
    version: int
    """Raise it when the tables change, or what a fold makes of events: the next start then builds all anew."""
    schema: Sequence[str]
    """The statements that create its tables, all `strict`, in an empty file."""

    def project(self, connection: sqlite3.Connection, events: Sequence[LoggedEvent]) -> None:
        """Fold the events, in the log's order, into the tables; within a transaction that also keeps the checkpoint.

        Nothing but the events and its own tables may decide: no clock, no state, no vault. It must take any event, in
        batches of any size, and leave the same rows however the log is cut into them.
        """
