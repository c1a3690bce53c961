"""Checks of single values, for the bodies of both wire formats: a `ValueError` becomes a fault with these words."""

from __future__ import annotations

from typing import Final

from couvert.commands.addresses import AddressFault, normalise
from couvert.domain.lines import is_one_line

_NOT_IN_TEXT: Final = bytes({*range(0x20), 0x7F} - set(b"\t\n\r"))


def one_line(text: str) -> str:
    if not is_one_line(text):
        raise ValueError("line breaks and control characters are not allowed")
    return text


def without_controls(text: str) -> str:
    # Deleting takes 2 us for 3 kB where an expression takes 20; in UTF-8 these bytes are nothing but themselves.
    try:
        encoded = text.encode()
    except UnicodeEncodeError:
        raise ValueError("half a surrogate pair is no character") from None
    if len(encoded.translate(None, _NOT_IN_TEXT)) != len(encoded):
        raise ValueError("control characters other than tabs and line breaks are not allowed")
    return text


def address(text: str) -> str:
    """The address in its one form."""
    try:
        return normalise(text)
    except AddressFault as fault:
        raise ValueError(f"value is not a valid email address: {fault}") from None
