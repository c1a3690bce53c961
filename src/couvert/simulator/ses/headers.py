"""Headers that SES refuses: of raw messages, and those that are added to simple content."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from couvert.simulator.errors import AwsError

if TYPE_CHECKING:
    from couvert.simulator.ses.letter import Header

MOST_ADDED: Final = 15
LONGEST_ADDED: Final = 996
"""Name and value together; the name by itself 126."""

_NAME: Final = re.compile(rb"^([!-9;-~]+):", re.MULTILINE)
_ONCE: Final = {
    name.lower().encode(): name
    for name in (
        "Bcc", "Cc", "Content-Transfer-Encoding", "Content-Type", "DKIM-Signature", "Date", "From", "In-Reply-To",
        "MIME-Version", "Message-ID", "References", "Reply-To", "Return-Path", "Sender", "Subject", "To",
    )
}  # fmt: skip
_ADDED_NAME: Final = re.compile(r"[!-9;-~]{1,126}")
_ADDED_VALUE: Final = re.compile(r"[ -~]{1,995}")


def check_headers(head: bytes) -> None:
    """Of a raw message."""
    names = _NAME.findall(head.lower())
    if b"from" not in names:
        raise _refused("Missing required header 'From'.")
    if len(set(names)) < len(names):
        for name, written in _ONCE.items():
            if names.count(name) > 1:
                raise _refused(f"Duplicate header '{written}'.")


def check_added(headers: list[Header]) -> None:
    if len(headers) > MOST_ADDED:
        raise _refused(f"A message takes {MOST_ADDED} headers at most; you have sent {len(headers)}.")
    for header in headers:
        is_right = _ADDED_NAME.fullmatch(header.name) and _ADDED_VALUE.fullmatch(header.value)
        if not is_right or len(header.name) + len(header.value) > LONGEST_ADDED:
            raise _refused(f"Header <{header.name}> does not consist of printable ASCII, or is too long.")


def _refused(words: str) -> AwsError:
    return AwsError("BadRequestException", words)
