"""Which AWS account an access key belongs to, read off the key's id.

AWS tells by STS, too, but that is another service to reach before the first mail, and one that fails on one machine and
not on another would give one account two schedules. The id says it to all of them, of permanent and temporary keys
alike, since March 2019: eight letters of base32 after the kind (`AKIA`, `ASIA`) hold the account's number, moved by
a bit that older ids lack.
"""

from __future__ import annotations

import base64
import binascii
from hashlib import sha256
from typing import Final

_KIND: Final = 4
_NUMBER: Final = slice(_KIND, _KIND + 16)
_HAS_ACCOUNT: Final = 1 << 47


def account_of(access_key_id: str) -> str:
    """Its number of twelve digits; of an older key, something that is the same for this key only."""
    try:
        head = int.from_bytes(base64.b32decode(access_key_id[_NUMBER])[:6])
    except (binascii.Error, ValueError):
        head = 0
    if head & _HAS_ACCOUNT:
        return f"{(head ^ _HAS_ACCOUNT) >> 7:012}"
    return f"key-{sha256(access_key_id.encode()).hexdigest()[:12]}"
