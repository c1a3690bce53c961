"""Messages that SES can never be given: known without asking it."""

from __future__ import annotations

import re
from typing import Final

from couvert.delivery.transport import Message

LARGEST: Final = 40 * 1024 * 1024
"""Bytes of a message as SES counts them: after base64."""
_NO_ADDRESS: Final = re.compile(r"[^\x21-\x7e]|[<>\"\\,;]|^[^@]*$")


def hindrance_or_none(message: Message) -> str | None:
    """Why SES can never be given this message, known before anything is said."""
    if _NO_ADDRESS.search(message.recipient) or _NO_ADDRESS.search(message.sender):
        return "SES takes no address that holds letters beyond ASCII, blanks or punctuation of lists"
    if len(message.content) * 4 // 3 > LARGEST:
        return f"the message has {len(message.content)} bytes, and SES takes 40 MB at most, encoded"
    return None
