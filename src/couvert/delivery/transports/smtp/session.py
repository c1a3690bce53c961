"""What is known of one connection: what the relay offers on it, and what was done with it so far."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from couvert.delivery.transports.smtp.reply import Reply

T = TypeVar("T")


class Say(NamedTuple):
    """Write this (it may be nothing), then wait for so many replies, or, if it pours, until it has left."""

    line: bytes
    seconds: float
    replies: int = 1
    pours: bool = False


Dialogue = Generator[Say, list[Reply], T]
"""One side of a conversation, without a connection. It yields what to say and is sent what the relay answers: as many
replies as it asked for, fewer if the last is the relay's last word, none if what it poured has left; or `Broken` is
thrown into it. It returns what came of it all. Each thing is said at once, so that what a dialogue makes sure of before
it yields is sure immediately before the write."""


class Broken(Exception):
    """The conversation cannot go on: what happened, and the replies that came before."""

    def __init__(self, reason: str, heard: list[Reply]) -> None:
        super().__init__(reason)
        self.heard = heard


class Unsaid(Broken):
    """The line last yielded was not even written."""


class Unwelcome(Exception):
    """The relay is there but does not want us, or is not as the operator wants it; the text says why."""


@dataclass(frozen=True, slots=True)
class Offers:
    """The extensions a relay announced in its answer to EHLO."""

    pipelining: bool = False
    starttls: bool = False
    eight_bit: bool = False
    smtputf8: bool = False
    size: bool = False
    max_size: int = 0
    """Bytes; 0 if the relay states no limit."""
    logins: frozenset[str] = frozenset()

    @classmethod
    def announced_in(cls, reply: Reply) -> Offers:
        """Read the lines after the first, which is the relay's own name."""
        lines = reply.text.decode("ascii", "replace").upper().replace("AUTH=", "AUTH ").split("\n")[1:]
        offered = {words[0]: words[1:] for line in lines if (words := line.split())}
        size = offered.get("SIZE", [])
        return cls(
            pipelining="PIPELINING" in offered,
            starttls="STARTTLS" in offered,
            eight_bit="8BITMIME" in offered,
            smtputf8="SMTPUTF8" in offered,
            size="SIZE" in offered,
            max_size=int(size[0]) if size and size[0].isdecimal() else 0,
            logins=frozenset(offered.get("AUTH", [])),
        )


@dataclass(slots=True)
class Session:
    """The state of one open connection between messages."""

    offers: Offers = field(default_factory=Offers)
    transactions: int = 0
    needs_reset: bool = False
    """The last transaction was not completed: the next starts with RSET, in the same write."""
    is_over: bool = False
    """Nothing more can be said on it, not even QUIT."""
