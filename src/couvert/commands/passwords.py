"""Passwords: Argon2id, in threads beside the event loop, two at a time: each takes 64 MiB and a fifth of a second."""

from __future__ import annotations

import asyncio
import secrets
import unicodedata
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

from couvert.domain.refusals import RuleBroken, Unavailable

T = TypeVar("T")

AT_ONCE: Final = 2
MOST: Final = 32
"""Judged or waiting: more would wait for longer than three seconds."""
SHORTEST: Final = 8  # NIST SP 800-63B, 3.1.1.2
LONGEST: Final = 1_000


@dataclass(slots=True)
class Passwords:
    memory_kib: int = 65_536
    passes: int = 4
    _asked: int = 0
    _turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def hashed(self, password: str) -> str:
        """Raises `RuleBroken` if it is too short or too long."""
        if not SHORTEST <= len(password) <= LONGEST:
            raise RuleBroken(f"A password has {SHORTEST} to {LONGEST:,} characters.")
        return await self._in_thread(lambda: self._hasher.hash(_bytes(password)))

    async def is_right(self, password: str, password_hash: str | None) -> bool:
        """Whether it is the password that was hashed. Without a hash it never is, which takes as long to say."""
        judged_by = password_hash or self._of_nobody()
        return await self._in_thread(lambda: self._verified(judged_by, password))

    def _verified(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, _bytes(password[: LONGEST + 1]))
        except (VerificationError, InvalidHashError):
            return False

    def _of_nobody(self) -> str:
        """A hash that no password has, with the costs of every other."""
        salt, digest = (b64encode(secrets.token_bytes(n)).decode().rstrip("=") for n in (16, 32))
        return f"$argon2id$v=19$m={self.memory_kib},t={self.passes},p=1${salt}${digest}"

    @property
    def _hasher(self) -> argon2.PasswordHasher:
        return argon2.PasswordHasher(time_cost=self.passes, memory_cost=self.memory_kib, parallelism=1)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        if self._asked >= MOST:
            raise Unavailable("Too many passwords are being judged at once. Try again later.")
        self._asked += 1
        try:
            async with self._turn:
                return await asyncio.to_thread(work)
        finally:
            self._asked -= 1


def _bytes(password: str) -> bytes:
    """The same for however a keyboard composes its letters."""
    return unicodedata.normalize("NFKC", password).encode(errors="surrogatepass")
