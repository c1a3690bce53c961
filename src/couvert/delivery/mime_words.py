"""Text that is not ASCII in a header: encoded words (RFC 2047), each short enough and none with half a character."""

from __future__ import annotations

import binascii
from collections.abc import Callable, Iterator

LONGEST_ENCODED_LINE = 76

# Any one character fits in twelve, in either encoding; with less room the first word begins on a line of its own.
_LEAST_ROOM = 12
# The letters that may stand as they are in any encoded word, those of a display name included.
_PLAIN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/"
_Q = [chr(byte) if byte in _PLAIN else "_" if byte == ord(" ") else f"={byte:02X}" for byte in range(256)]

Encode = Callable[[bytes], str]


def encoded_words(text: str, used: int) -> str:
    """The whole text in words joined by folds, the first of them after `used` characters of its line."""
    letter, encode = _encoding(text.encode())
    opening, closing = f"=?utf-8?{letter}?", "?="
    room = LONGEST_ENCODED_LINE - 1 - len(opening + closing)
    first = room + 1 - used
    own_line = first < _LEAST_ROOM
    payloads = _payloads(text, encode, room if own_line else first, room)
    return ("\r\n " if own_line else "") + "\r\n ".join([opening + payload + closing for payload in payloads])


def _encoding(data: bytes) -> tuple[str, Encode]:
    # Mostly ASCII stays readable in logs, for at most half as much again.
    return ("q", _q) if 2 * len(_q(data)) <= 3 * len(_b(data)) else ("b", _b)


def _payloads(text: str, encode: Encode, room: int, later_room: int) -> Iterator[str]:
    """As many whole characters to a word as there is room for."""
    at = 0
    while at < len(text):
        take = room
        while len(payload := encode(text[at : at + take].encode())) > room:
            take = take * room // len(payload)
        yield payload
        at, room = at + take, later_room


def _q(data: bytes) -> str:
    return "".join([_Q[byte] for byte in data])


def _b(data: bytes) -> str:
    return binascii.b2a_base64(data, newline=False).decode()
