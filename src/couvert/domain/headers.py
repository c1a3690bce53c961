"""Which headers of a mail are its sender's to set: any but those that couvert, the provider or the relays write."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from couvert.domain.lines import is_one_line
from couvert.domain.refusals import Fault

MOST: Final = 50
LONGEST_NAME: Final = 70
LONGEST_VALUE: Final = 1_000

_NAME: Final = re.compile(rf"[!-9;-~]{{1,{LONGEST_NAME}}}")
_TAKEN: Final = frozenset({
    "from", "to", "subject", "date", "message-id", "reply-to", "mime-version",  # written from the mail
    "cc", "bcc", "sender", "return-path", "apparently-to",  # they would name others
    "received", "dkim-signature", "authentication-results",  # said by those on the way
})  # fmt: skip
_TAKEN_PREFIXES: Final = ("content-", "resent-", "x-ses-", "arc-", "x-couvert-")


def name_fault(name: str) -> str | None:
    """Why a mail cannot set this header; None if it can."""
    if not _NAME.fullmatch(name):
        return f"cannot be a header's name: that is 1 to {LONGEST_NAME} visible ASCII characters without a colon"
    if name.lower() in _TAKEN or name.lower().startswith(_TAKEN_PREFIXES):
        return "is a header that is not for a mail to set"
    return None


def faults(headers: Mapping[str, str]) -> Iterator[Fault]:
    """What is wrong with a mail's own headers."""
    if len(headers) > MOST:
        yield Fault("headers", f"are {len(headers)}; a mail has at most {MOST} of its own.")
        return
    seen: set[str] = set()
    for name, value in headers.items():
        path, fault = f"headers.{name[:LONGEST_NAME]}", name_fault(name)
        if fault is not None:
            yield Fault(path, f"{fault}.")
        elif name.lower() in seen:
            yield Fault(path, "is given twice.")
        elif not value.strip() or len(value) > LONGEST_VALUE or not is_one_line(value):
            yield Fault(path, f"must be one line of 1 to {LONGEST_VALUE:,} printable characters.")
        seen.add(name.lower())
