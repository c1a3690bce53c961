"""Users, tokens, set-up codes and sessions on SQLite: how they are found, and what a change leaves of them."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from couvert.store.accounts import Session, SetupCode, StoredToken, StoredUser
from couvert.store.changes import Change
from couvert.store.sqlite import account_rows as rows
from couvert.store.sqlite.rows import Row
from couvert.store.sqlite.statements import insert

if TYPE_CHECKING:
    from couvert.store.sqlite.writer import Writer

T = TypeVar("T")

_USED: Final = """
update token set last_used_at = max(coalesce(last_used_at, 0), seen.value)
from json_each(?) as seen where token.id = cast(seen.key as integer)
"""


class SqliteAccounts(ABC):
    """The half of `SqliteStore` that is about people."""

    _writer: Writer

    @abstractmethod
    def _read(self, sql: str, *values: Any) -> list[Row]: ...

    @abstractmethod
    def _one(self, make: Callable[[Row], T], sql: str, *values: Any) -> T | None: ...

    async def user(self, id_: int) -> StoredUser | None:
        return self._one(rows.user_of, "select * from user where id = ?", id_)

    async def user_by_email(self, email: str) -> StoredUser | None:
        return self._one(rows.user_of, "select * from user where email = ? and is_active", email)

    async def users(self) -> list[StoredUser]:
        return [rows.user_of(row) for row in self._read("select * from user where is_active order by id")]

    async def token(self, token_hash: bytes) -> StoredToken | None:
        return self._one(rows.token_of, "select * from token where hash = ?", token_hash)

    async def tokens(self, user: int) -> list[StoredToken]:
        sql = "select * from token where user = ? and not is_revoked order by id"
        return [rows.token_of(row) for row in self._read(sql, user)]

    async def note_token_uses(self, last_used_at: Mapping[int, int]) -> None:
        uses = msgspec.json.encode(dict(last_used_at)).decode()

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(_USED, (uses,))

        if last_used_at:
            await self._writer.submit(work)

    async def setup_code(self, code_hash: bytes) -> SetupCode | None:
        return self._one(rows.setup_code_of, "select * from setup_code where hash = ?", code_hash)

    async def session(self, session_hash: bytes) -> Session | None:
        return self._one(rows.session_of, "select * from session where hash = ?", session_hash)


def write(connection: sqlite3.Connection, passed: Sequence[Change]) -> None:
    """What the changes leave of users, tokens, codes and sessions."""
    insert(connection, rows.USER, [rows.user_row(user) for change in passed for user in change.users])
    insert(connection, rows.TOKEN, [rows.token_row(token) for change in passed for token in change.tokens])
    for change in passed:
        _each(connection, "delete from setup_code where hash = ?", change.used_setup_codes)
        _each(connection, "delete from setup_code where user = ?", change.void_setup_codes)
        insert(connection, rows.SETUP_CODE, [rows.setup_code_row(code) for code in change.setup_codes])
        _each(connection, "delete from session where hash = ?", change.ended_sessions)
        _each(connection, "delete from session where user = ?", change.signed_out)
        if change.sessions:
            connection.execute("delete from session where expires_at <= ?", (change.at,))
            insert(connection, rows.SESSION, [rows.session_row(session) for session in change.sessions])


def _each(connection: sqlite3.Connection, sql: str, values: Iterable[bytes | int]) -> None:
    for value in values:
        connection.execute(sql, (value,))
