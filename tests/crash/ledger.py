"""What a data directory says, read with plain SQL, a witness that shares no code with what it judges; and the audit."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from couvert.domain.delivery import State
from couvert.readmodels.audit import audit
from couvert.store.sqlite.rows import STATES
from tests.crash.until import until


class Entry(NamedTuple):
    id: int
    email: str
    state: State
    is_begun: bool

    @property
    def is_ended(self) -> bool:
        return self.state is not State.QUEUED and not self.is_begun


class Ledger:
    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def entries(self) -> list[Entry]:
        sql = "select d.id, r.email, d.state, d.is_begun from delivery d left join recipient r on r.delivery_id = d.id"
        return [Entry(id_, email, STATES[code], bool(begun)) for id_, email, code, begun in self._read(sql)]

    def emails(self) -> set[str]:
        """Of all accepted recipients."""
        return {entry.email for entry in self.entries()}

    def begun(self) -> set[str]:
        """Who has an attempt that is begun and undecided."""
        return {entry.email for entry in self.entries() if entry.is_begun}

    def leased(self) -> set[int]:
        """Deliveries that wait and that a worker holds."""
        return {id_ for (id_,) in self._read("select id from delivery where owner <> 0 and wake_at is not null")}

    def in_state(self, state: State) -> set[str]:
        return {entry.email for entry in self.entries() if entry.state is state}

    def email(self, delivery_id: int) -> str:
        return next(entry.email for entry in self.entries() if entry.id == delivery_id)

    def story(self, email: str) -> list[str]:
        """What happened to the recipient's delivery: begun, unknown, sent."""
        sql = """
            select t.name from event e join event_type t on t.code = e.type
            join delivery d on d.mail_id = e.stream and d.id = e.stream + e.part
            join recipient r on r.delivery_id = d.id where r.email = ? order by e.position
        """
        return [name.split(".")[1] for (name,) in self._read(sql, email)]

    def faults(self) -> list[str]:
        """What an audit finds: sentences."""
        return audit(self._directory).faults.first

    @contextmanager
    def kept_from_writers(self) -> Iterator[None]:
        """Meanwhile nobody's commit comes through."""
        with closing(self._open(timeout=20)) as connection:
            connection.execute("begin immediate")
            yield
            connection.execute("rollback")

    def is_locked(self) -> bool:
        """Whether somebody is in the middle of a transaction that writes."""
        with closing(self._open(timeout=0.1)) as connection:
            try:
                connection.execute("begin immediate")
            except sqlite3.OperationalError:
                return True
            connection.execute("rollback")
            return False

    def unfinished(self) -> int:
        """How many deliveries wait for an attempt, or are in the middle of one."""
        [(number,)] = self._read("select count(*) from delivery where is_begun or wake_at is not null")
        return int(number)

    def unread(self) -> int:
        """How many notices are to be read, or read again."""
        [(number,)] = self._read("select count(*) from notice where look_at is not null")
        return int(number)

    def notices(self) -> int:
        """How many of a provider's are kept."""
        [(number,)] = self._read("select count(*) from notice")
        return int(number)

    def events(self) -> Counter[str]:
        """How many of each kind are in the log."""
        sql = "select t.name, count(*) from event e join event_type t on t.code = e.type group by t.name"
        return Counter(dict(self._read(sql)))

    def await_ends(self) -> None:
        """Until no delivery waits for an attempt or is in the middle of one."""
        until(lambda: all(entry.is_ended for entry in self.entries()), "every delivery has ended")

    def _read(self, sql: str, *values: object) -> list[Any]:
        with closing(self._open(timeout=20)) as connection:
            connection.execute("pragma query_only = on")
            return connection.execute(sql, values).fetchall()

    def _open(self, timeout: float) -> sqlite3.Connection:
        """The file as it is: a witness creates nothing."""
        uri = f"file:{self._directory / 'couvert.db'}?mode=rw"
        return sqlite3.connect(uri, uri=True, timeout=timeout, isolation_level=None)
