"""A cursor says where a page ended, and of which list: one that was made up, or is of another filter, is refused."""

from __future__ import annotations

import base64
import binascii
from hashlib import blake2b
from typing import Final

from couvert.domain.refusals import BadCursor

_PLACE_BYTES: Final = 8
_SUM_BYTES: Final = 8


def cursor_at(place: int, of: str) -> str:
    """For the list that `of` describes, a name for all that decides what is on it."""
    packed = place.to_bytes(_PLACE_BYTES)
    return base64.urlsafe_b64encode(packed + _sum(packed, of)).decode().rstrip("=")


def place_of(cursor: str, of: str) -> int:
    """Where to go on; `BadCursor` unless `cursor_at` made it for this list."""
    try:
        raw = base64.b64decode(cursor.encode() + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raw = b""
    packed, given = raw[:_PLACE_BYTES], raw[_PLACE_BYTES:]
    if len(packed) != _PLACE_BYTES or given != _sum(packed, of):
        raise BadCursor(
            "This cursor is not of this list: send meta.nextCursor of the page before as it was, with the same filters."
        )
    return int.from_bytes(packed)


def _sum(packed: bytes, of: str) -> bytes:
    return blake2b(packed + of.encode("utf-8", "replace"), digest_size=_SUM_BYTES, person=b"couvert cursor").digest()
