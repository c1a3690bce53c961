"""Users and tokens: exactly one row each, which says what the log says, and nothing personal of who was deleted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeGuard, get_args

from couvert.domain import token as tokens, user as users
from couvert.domain.token import TokenCreated, TokenEvent
from couvert.domain.user import UserAdded, UserEvent
from couvert.readmodels.audit import sentences
from couvert.readmodels.audit.ordered import Ordered
from couvert.readmodels.audit.report import AuditReport
from couvert.readmodels.audit.snapshot import TOKEN_COLUMNS, USER_COLUMNS, Snapshot
from couvert.store.log import Event, LoggedEvent
from couvert.store.sqlite.rows import Row

_USER_EVENTS: Final = get_args(UserEvent)
_TOKEN_EVENTS: Final = get_args(TokenEvent)
DELETED: Final = ("", "", "", None)
"""Address, names and password of a user who was deleted."""


class Accounts:
    """Asked about one stream after the other, in the order of their ids."""

    def __init__(self, log: Snapshot, report: AuditReport) -> None:
        self._fault = report.faults.add
        self._users = Ordered(log.users(), self._unknown_user)
        self._tokens = Ordered(log.tokens(), self._unknown_token)

    def has_checked(self, stream: int, own: Sequence[LoggedEvent]) -> bool:
        """Whether the stream is a user's or a token's; then its row was compared."""
        events = [(logged.event, logged.at) for logged in own]
        first = events[0][0] if events else None
        if isinstance(first, UserAdded):
            self._check_user(stream, [heard for heard in events if _is_users(heard)])
        elif isinstance(first, TokenCreated):
            self._check_token(stream, [heard for heard in events if _is_tokens(heard)])
        else:
            return False
        kinds = _USER_EVENTS if isinstance(first, UserAdded) else _TOKEN_EVENTS
        for position, *_, event in own:
            if not isinstance(event, kinds):
                self._fault(f"Event {position} has no place in the history of stream {stream}.")
        return True

    def finish(self) -> None:
        self._users.finish()
        self._tokens.finish()

    def _check_user(self, stream: int, history: Sequence[tuple[UserEvent, int]]) -> None:
        user = users.blank(stream)
        for event, at in history:
            user = users.evolve(user, event, at)
        row = self._users.take(stream)
        rate = user.allowance or (None, None)
        folded = (stream, 1, user.user_id, user.role.value, int(user.is_active), user.registered_at, *rate)
        self._compare(f"user {user.user_id}", USER_COLUMNS, row, folded)
        if row is not None and not user.is_active and row[len(USER_COLUMNS) :] != DELETED:
            self._fault(f"User {user.user_id} was deleted, and something personal is still there.")

    def _check_token(self, stream: int, history: Sequence[tuple[TokenEvent, int]]) -> None:
        token = tokens.blank(stream)
        for event, at in history:
            token = tokens.evolve(token, event, at)
        folded = (
            stream, 1, token.token_id, token.user, " ".join(token.roles), token.created_at, token.expires_at,
            int(token.is_revoked),
        )  # fmt: skip
        self._compare(f"API token {token.token_id}", TOKEN_COLUMNS, self._tokens.take(stream), folded)

    def _compare(self, name: str, columns: Sequence[str], row: Row | None, folded: Row) -> None:
        if row is None:
            self._fault(f"The row of {name} is lost.")
        elif different := sentences.differences(columns, row[: len(columns)], folded):
            self._fault(f"In the row of {name}: {different}.")

    def _unknown_user(self, id_: int) -> None:
        self._fault(f"There is a row of user {id_}, who was never added.")

    def _unknown_token(self, id_: int) -> None:
        self._fault(f"There is a row of API token {id_}, which was never created.")


def _is_users(heard: tuple[Event, int]) -> TypeGuard[tuple[UserEvent, int]]:
    return isinstance(heard[0], _USER_EVENTS)


def _is_tokens(heard: tuple[Event, int]) -> TypeGuard[tuple[TokenEvent, int]]:
    return isinstance(heard[0], _TOKEN_EVENTS)
