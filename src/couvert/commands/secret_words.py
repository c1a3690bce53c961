"""Secrets that are shown once and kept as a hash: API tokens, set-up codes, sessions.

They are random and long, so a fast hash is right: nothing can be guessed. Whoever presents one is looked up by its
hash, in a time that tells nothing of what is stored: what comes close in its letters is as far away as any other.
"""

from __future__ import annotations

import secrets
import string
from hashlib import sha256
from typing import Final
from zlib import crc32

PREFIX: Final = "cvt_"
LETTERS: Final = 30  # of 62: 178 bits
CHECK: Final = 6  # of 62 hold the 32 bits of a CRC
BASE62: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase


def hash_of(secret: str) -> bytes:
    return sha256(secret.encode(errors="surrogatepass")).digest()


def new_token() -> str:
    """`cvt_`, thirty letters and a checksum of them: a secret scanner can tell it from what only looks like one."""
    letters = "".join(secrets.choice(BASE62) for _ in range(LETTERS))
    return PREFIX + letters + checksum(letters)


def is_token(text: str) -> bool:
    """Whether it is one of ours by its form; only the store knows whether it was ever issued."""
    letters = text.removeprefix(PREFIX)[:LETTERS]
    return letters.isascii() and text == PREFIX + letters + checksum(letters) and len(letters) == LETTERS


def checksum(letters: str) -> str:
    """CRC-32 of the letters, in base 62, six digits wide."""
    number, digits = crc32(letters.encode()), ""
    for _ in range(CHECK):
        number, digit = divmod(number, 62)
        digits = BASE62[digit] + digits
    return digits


def new_code() -> str:
    """For what nobody scans for: a set-up link, a session."""
    return secrets.token_urlsafe(32)
