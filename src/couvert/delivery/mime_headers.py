"""The header lines of a message; no value can end its line or add a recipient."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from couvert.delivery.mime_words import LONGEST_ENCODED_LINE, encoded_words

PREFERRED_LINE = 78
LONGEST_LINE = 998
LONGEST_ADDRESS = 320

_ATEXT = r"A-Za-z0-9!#$%&'*+/=?^_`{|}~\-"
_ATOMS = re.compile(rf"[{_ATEXT}]+(?: [{_ATEXT}]+)*")
_DOT_ATOM = rf"[{_ATEXT}\x80-\U0010ffff]+(?:\.[{_ATEXT}\x80-\U0010ffff]+)*"
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_DOMAIN = r"[A-Za-z0-9._-]+|\[[A-Za-z0-9.:]+\]"
_ADDRESS = re.compile(rf"(?:{_DOT_ATOM}|{_QUOTED})@(?:{_DOMAIN})")
_MESSAGE_ID = re.compile("<[!-;=?-~]+@[!-;=?-~]+>")

# The line separators of Unicode are among them: some readers take them for line ends.
_BREAKING = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SURROGATE = re.compile("[\ud800-\udfff]")

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class HeaderInjection(ValueError):
    """A value with a line break or another control character: written out, it could be a header of its own."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Who a mail is from or for: `Jo <jo@example.com>`."""

    address: str
    """Its domain is ASCII; a local part that is not needs a relay with SMTPUTF8."""
    name: str | None = None


def message_id_header(message_id: str) -> bytes:
    """`message_id` comes with its angle brackets: `<left@right>`."""
    line = f"Message-ID: {checked('Message-ID', message_id)}"
    if not _MESSAGE_ID.fullmatch(message_id) or len(line) > LONGEST_LINE:
        raise ValueError("Message-ID: must be <left@right>, in ASCII")
    return f"{line}\r\n".encode()


@lru_cache(maxsize=8)  # of many messages in the same second
def date_header(moment: datetime) -> bytes:
    """`moment` is aware; it is written in UTC."""
    if moment.tzinfo is None:
        raise ValueError("Date: a time needs its zone")
    utc = moment.astimezone(UTC)
    day = f"{_DAYS[utc.weekday()]}, {utc.day:02} {_MONTHS[utc.month - 1]} {utc.year:04}"
    return f"Date: {day} {utc.hour:02}:{utc.minute:02}:{utc.second:02} +0000\r\n".encode()


def mailbox_header(header: str, mailbox: Mailbox) -> bytes:
    """Exactly one mailbox, whatever its name and address hold."""
    address = checked(header, mailbox.address)
    if not _ADDRESS.fullmatch(address) or len(address.encode()) > LONGEST_ADDRESS:
        raise ValueError(f"{header}: must be one address, local@domain, with the domain in ASCII")
    if not mailbox.name:
        return f"{header}: {address}\r\n".encode()
    line = f"{header}: {_phrase(checked(header, mailbox.name), len(header) + 2)}"
    used = len(line) - line.rfind("\n") - 1
    separator = " " if used + len(f" <{address}>") <= LONGEST_ENCODED_LINE else "\r\n "
    return f"{line}{separator}<{address}>\r\n".encode()


def text_header(header: str, value: str) -> bytes:
    """Free text: left alone if it is ASCII that every reader gives back unchanged, else as encoded words."""
    if _needs_no_encoding(checked(header, value)):
        lines = list(_folded(f"{header}: {value}".rstrip(), len(header) + 2))
        if max(map(len, lines)) <= LONGEST_LINE:
            return ("\r\n".join(lines) + "\r\n").encode()
    return f"{header}: {encoded_words(value, len(header) + 2)}\r\n".encode()


def checked(header: str, value: str) -> str:
    """The value itself, if nothing in it ends a line and all of it can be encoded."""
    if value.isprintable():
        return value
    if _BREAKING.search(value):
        raise HeaderInjection(f"{header}: must not hold line breaks or control characters")
    if _SURROGATE.search(value):
        raise ValueError(f"{header}: must not hold half a surrogate pair")
    return value


def _phrase(name: str, used: int) -> str:
    if not name.isascii() or "=?" in name or used + len(name) + 2 > PREFERRED_LINE:
        return encoded_words(name, used)
    if _ATOMS.fullmatch(name):
        return name
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _needs_no_encoding(value: str) -> bool:
    # Spaces at an end or in a row are lost on the way, and `=?` could be read as an encoded word.
    return value.isascii() and "=?" not in value and value == " ".join(value.split())


def _folded(line: str, first_fold: int) -> Iterator[str]:
    """Broken before spaces, none earlier than `first_fold`, into lines of 78 characters if the words allow it."""
    start, earliest = 0, first_fold
    while len(line) - start > PREFERRED_LINE:
        fold = line.rfind(" ", earliest, start + PREFERRED_LINE + 1)
        if fold < 0:
            fold = line.find(" ", max(earliest, start + PREFERRED_LINE))
        if fold < 0:
            break
        yield line[start:fold]
        start, earliest = fold, fold + 1
    yield line[start:]
