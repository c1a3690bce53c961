"""What is committed when something happens to a user: their row, and the tokens that end with it."""

from __future__ import annotations

from collections.abc import Iterable

from couvert.domain import token as token_rules, user as rules
from couvert.domain.user import UserEvent
from couvert.store.accounts import StoredToken, StoredUser
from couvert.store.changes import Change
from couvert.store.log import Record


def change_of(stored: StoredUser, events: Iterable[UserEvent], now: int) -> Change:
    user, records = stored.user, []
    for event in events:
        user = rules.evolve(user, event, now)
        records.append(Record(user.id, 0, event))
    return Change(at=now, records=records, users=[StoredUser(user, stored.password_hash, stored.revision + 1)])


def revoke(change: Change, tokens: Iterable[StoredToken]) -> None:
    """Let the change revoke them too."""
    revoked, records = [], list(change.records)
    for stored in tokens:
        (event,) = token_rules.revoke(stored.token)
        records.append(Record(stored.token.id, 0, event))
        revoked.append(StoredToken(token_rules.evolve(stored.token, event, change.at), stored.revision + 1))
    change.records, change.tokens = records, revoked
