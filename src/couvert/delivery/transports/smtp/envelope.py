"""One message in the words of SMTP: its envelope as commands, its content dot-stuffed, and why it cannot be said."""

from __future__ import annotations

import re

from couvert.delivery.transport import Message
from couvert.delivery.transports.smtp.session import Offers

# A line end in an address would be a command of somebody else's choosing; a space or > would be a parameter.
_NOT_IN_A_PATH = re.compile(r"[\x00-\x20<>\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def hindrance_or_none(message: Message, offers: Offers) -> str | None:
    """Why this relay can never be given this message, known before anything is said."""
    content = message.content
    if _NOT_IN_A_PATH.search(message.sender) or _NOT_IN_A_PATH.search(message.recipient) or not message.recipient:
        return "the sender's or the recipient's address holds a character that no address may hold"
    if _is_international(message) and not offers.smtputf8:
        return "an address has letters beyond ASCII, and the relay offers no SMTPUTF8"
    if offers.max_size and len(content) > offers.max_size:
        return f"the message has {len(content)} bytes, and the relay takes {offers.max_size} at most"
    if not content.isascii() and not offers.eight_bit:
        return "the content has 8-bit characters, and the relay offers no 8BITMIME"
    return None


def mail_from(message: Message, offers: Offers) -> bytes:
    parameters = f" SIZE={len(message.content)}" if offers.size else ""
    if not message.content.isascii():
        parameters += " BODY=8BITMIME"
    if _is_international(message):
        parameters += " SMTPUTF8"
    return f"MAIL FROM:<{message.sender}>{parameters}\r\n".encode()


def rcpt_to(message: Message) -> bytes:
    return f"RCPT TO:<{message.recipient}>\r\n".encode()


def dot_stuffed(content: bytes) -> bytes:
    """The content with its own leading dots doubled and its last line ended; the final dot is not part of it."""
    # After any LF: a relay that takes a bare one for a line end must not find a dot, and so a second mail, after it.
    stuffed = content.replace(b"\n.", b"\n..")
    if stuffed.startswith(b"."):
        stuffed = b"." + stuffed
    return stuffed if stuffed.endswith(b"\r\n") or not stuffed else stuffed + b"\r\n"


def _is_international(message: Message) -> bool:
    return not (message.sender.isascii() and message.recipient.isascii())
