"""How faults are told: by the ids that `couvert show` takes, and column by column."""

from __future__ import annotations

from collections.abc import Sequence

from couvert.domain import ids
from couvert.store.sqlite.rows import STATES, Row


def mail(mail_id: int) -> str:
    return "mail " + ids.encode("mail", mail_id)


def delivery(delivery_id: int) -> str:
    return "delivery " + ids.encode("dlv", delivery_id)


def differences(columns: Sequence[str], stored: Row, folded: Row) -> str:
    """`state is sent, by the log queued; attempt is 1, by the log 0`; empty if there are none."""
    if stored == folded:
        return ""
    return "; ".join(
        f"{column} is {_shown(column, is_)}, by the log {_shown(column, should_be)}"
        for column, is_, should_be in zip(columns, stored, folded, strict=True)
        if is_ != should_be
    )


def _shown(column: str, value: object) -> object:
    """A state by its name, and a boolean as it is stored."""
    if column == "state" and isinstance(value, int):
        return STATES.get(value, value)
    return int(value) if isinstance(value, bool) else value
