"""Where an SMTP relay is, how to talk to it, and how long to wait for it."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Final

from couvert.domain.pace import AccountLimits

FASTEST: Final = 100_000.0
"""Recipients per second, where there is only a limit for the day: no limit at all."""


class Tls(StrEnum):
    """When a connection is encrypted."""

    IF_OFFERED = "auto"
    REQUIRED = "require"
    OFF = "off"
    FROM_THE_START = "implicit"


@dataclass(frozen=True, slots=True)
class Patience:
    """How many seconds each thing may take."""

    connect: float = 10.0
    reply: float = 30.0
    """The greeting, each command, each step of a login."""
    verdict: float = 120.0
    """The answer to a complete message (a relay may scan it first), and each block of a large one."""
    idle: float = 30.0
    """An unused connection is closed after this; relays close theirs after one to five minutes."""
    farewell: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """One relay, and what the operator wants of the connections to it."""

    host: str
    port: int
    tls: Tls = Tls.IF_OFFERED
    user: str | None = None
    password: str = field(default="", repr=False)
    verifies: bool = True
    cafile: str | None = None
    plaintext_login: bool = False
    """Whether the password may cross a network unencrypted; to a loopback address it always may."""
    hello: str | None = None
    """The name to introduce ourselves by; this machine's, if None."""
    connections: int = 20
    timeout_seconds: float = 30.0
    rate: float | None = None
    """Recipients per second, for all who send to it together; None if it takes what comes."""
    per_day: int | None = None
    """In any 24 hours; None if there is no such limit."""

    @property
    def limits(self) -> AccountLimits | None:
        """None if nobody's pace is to be kept."""
        if self.rate is None and self.per_day is None:
            return None
        return AccountLimits(self.rate or FASTEST, self.per_day, sent=None)

    @property
    def account(self) -> str:
        """Whose limits they are: the login's at this host. A login may be an address, and names stand in logs."""
        return f"smtp:{self}" if self.user is None else f"smtp:{self}:{sha256(self.user.encode()).hexdigest()[:8]}"

    @property
    def patience(self) -> Patience:
        """The usual patience, scaled by the operator's `timeout`."""
        seconds = self.timeout_seconds
        return Patience(connect=min(10.0, seconds), reply=seconds, verdict=4 * seconds)

    def tls_context(self) -> ssl.SSLContext:
        """What a certificate is checked against; a `ValueError` if the file of authorities cannot be read."""
        try:
            context = ssl.create_default_context(cafile=self.cafile)
        except OSError as error:
            raise ValueError(
                f"cafile={self.cafile} holds no certificates in PEM form that can be read: {error}"
            ) from None
        if not self.verifies:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
