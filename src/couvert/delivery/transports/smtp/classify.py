"""What a relay's answer means for the message: the one table of reply codes."""

from __future__ import annotations

import re
from typing import Final

from couvert.delivery.transport import Held, Refused, Taken, Throttled, TryLater, Unknown
from couvert.delivery.transports.smtp.reply import Reply

RESET, MAIL, RCPT, DATA, CONTENT, END = (
    "RSET",
    "MAIL FROM",
    "RCPT TO",
    "DATA",
    "a part of the content",
    "the end of data",
)
"""The steps of a hand-over that a relay can answer, as reasons name them."""

ABOUT_THE_SESSION = {
    421: "the relay closes the connection, whatever was asked",
    500: "it did not understand a command that every relay understands: we are out of step",
    502: "the same, politely",
    503: "bad sequence of commands: we are out of step, or a login is wanted first",
    521: "this host takes no mail at all",
    530: "it wants a login or encryption first",
    534: "it wants a stronger login",
    535: "it no longer accepts our login",
    538: "it wants encryption for the login",
}
"""Answers to a command that say nothing about the message, even where the code is a 5xx: another connection or the
operator can put them right, so the mail is kept for later."""


def is_assent(step: str, reply: Reply) -> bool:
    """Whether the hand-over can go on."""
    return reply.code // 100 == (3 if step == DATA else 2)


def ends_the_session(step: str, reply: Reply) -> bool:
    """Whether the connection is of no more use, given a reply that is no assent (or any, to the end of data)."""
    if step == END:
        return reply.code == 421 or not (200 <= reply.code < 300 or 400 <= reply.code < 600)
    return reply.code in ABOUT_THE_SESSION or step == RESET or not 400 <= reply.code < 600


Objection = TryLater | Throttled | Held | Refused

# In the words of SES's own relay (454) and of Postfix (450 4.7.1). What others say of a rate is as often about one
# recipient's mailbox, and that must slow down nobody else's mail.
_TOO_MUCH: Final = re.compile(
    r"Daily message (?P<quota>quota) exceeded|Throttling failure: Max|too (much mail|many recipients) from"
)


def objection(step: str, reply: Reply, after_seconds: float | None = None) -> Objection:
    """What a reply that is no assent means, as long as no complete message has left."""
    reason = f"{reply} (in answer to {step})"
    if 500 <= reply.code < 600 and not ends_the_session(step, reply):
        return Refused(reason)
    if reply.code // 100 == 4 and (found := _TOO_MUCH.search(reply.words)):
        return Held(reason) if found["quota"] else Throttled(reason)
    return TryLater(reason, after_seconds)


def verdict(reply: Reply, message_id: str) -> Taken | Objection | Unknown:
    """What the answer to the complete message means: only 4xx and 5xx prove that it was not taken."""
    if 200 <= reply.code < 300:
        return Taken(relays_id_or_none(reply) or message_id.strip("<>"))
    if 400 <= reply.code < 600:
        return objection(END, reply)
    return Unknown(f"{reply} (in answer to {END}, which is neither yes nor no)")


# Where the word for it is fixed, its place is enough; behind a bare `ok` an id is long and has digits.
_ID = re.compile(
    r"queued as <?(?P<postfix>[^\s<>]*[^\s<>.,;:)])"
    r"|\bid=(?P<exim>[\w.-]+)"
    r"|\bok (?P<qmail>\d+ qp \d+)"
    r"|(?P<gmail>\S+) - gsmtp$"
    r"|\binternalid=(?P<exchange>\d+)"
    r"|(?P<sendmail>\w+):? message accepted for delivery"
    r"|message queued \((?P<haraka>[^\s()]+)\)"
    r"|^(?:2\.\d\.\d )?ok:? (?P<ses>(?=\S*\d)[\w./+@-]{12,})",
    re.IGNORECASE,
)


def relays_id_or_none(reply: Reply) -> str | None:
    """The relay's own id of the message, in the words of the relays there are; anything else may be said to all."""
    found = _ID.search(reply.words)
    return found[found.lastgroup or 0] if found else None
