"""What a webhook's message is called outside: the same however often it is sent, so that its receiver can tell."""

from __future__ import annotations

import re
from typing import Final

from couvert.domain import ids
from couvert.store.log import Position

_NAME: Final = re.compile(r"(msg_[0-9a-z]{13})_(t?)([1-9][0-9]{0,17})")


def message_id(webhook: int, position: Position) -> str:
    """`msg_0j3q5r2f4g001_4711`, and `..._t1769860800000` for a test."""
    return ids.encode("msg", webhook) + (f"_{position}" if position > 0 else f"_t{-position}")


def position_of(webhook: int, name: str) -> Position | None:
    """None if it is no message of this webhook."""
    found = _NAME.fullmatch(name.strip())
    if found is None or ids.decode("msg", found[1]) != webhook:
        return None
    return -int(found[3]) if found[2] else int(found[3])
