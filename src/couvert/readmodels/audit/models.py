"""The read models of one moment, compared with what the log says up to their checkpoint."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from couvert.domain.delivery import State
from couvert.readmodels import mail_tables, model_schema, pointer
from couvert.readmodels.audit import sentences
from couvert.readmodels.audit.ordered import Ordered
from couvert.readmodels.audit.report import Faults
from couvert.readmodels.connections import open_read_only, snapshot
from couvert.readmodels.folds import FollowedDelivery, FollowedMail
from couvert.readmodels.read import open_or_none
from couvert.store.sqlite.rows import Row
from couvert.store.sqlite.store import FILE


@contextmanager
def models_of(directory: Path, faults: Faults) -> Iterator[Models | None]:
    """The read models that the database names now; None if there are none to compare: they are soon made anew."""
    with closing(open_read_only(directory / FILE)) as database:
        connection = open_or_none(directory / pointer.current(database))
    if connection is None:
        yield None
        return
    with closing(connection), snapshot(connection):
        yield Models(connection, faults)


class Models:
    """Asked about one mail and delivery after the other, in the order of their ids."""

    def __init__(self, connection: sqlite3.Connection, faults: Faults) -> None:
        self.checkpoint = model_schema.checkpoint(connection)
        self._faults = faults
        self._totals = mail_tables.totals(connection)
        self._counted = Counter[State]()
        self._mails = _Table(connection, "select * from mail order by mail_id", sentences.mail, faults)
        self._deliveries = _Table(connection, "select * from delivery order by id", sentences.delivery, faults)

    def compare_mail(self, mail: FollowedMail) -> None:
        self._mails.compare(mail.mail_id, mail_tables.mail_row(mail))
        self._counted.update(mail.counts)

    def compare_delivery(self, followed: FollowedDelivery) -> None:
        """One without an event up to the checkpoint has no row."""
        if followed.position:
            self._deliveries.compare(followed.delivery.id, mail_tables.delivery_row(followed))

    def finish(self) -> None:
        self._mails.finish()
        self._deliveries.finish()
        for state in State:
            if (total := self._totals.get(state)) != self._counted[state]:
                self._faults.add(
                    f"The read models count {total} {state} deliveries, by the log {self._counted[state]}."
                )


class _Table:
    def __init__(self, connection: sqlite3.Connection, sql: str, name: Callable[[int], str], faults: Faults) -> None:
        cursor = connection.execute(sql)
        self._columns = [str(column) for column, *_ in cursor.description]
        self._rows = Ordered(((row[0], row) for row in cursor), self._stranger)
        self._name = name
        self._faults = faults

    def compare(self, id_: int, folded: Row) -> None:
        row = self._rows.take(id_)
        if row is None:
            self._faults.add(f"The read models do not know {self._name(id_)}.")
        elif different := sentences.differences(self._columns, row, folded):
            self._faults.add(f"In the read models, of {self._name(id_)}: {different}.")

    def finish(self) -> None:
        self._rows.finish()

    def _stranger(self, id_: int) -> None:
        self._faults.add(f"The read models know {self._name(id_)}, of which the log says nothing up to there.")
