"""Addresses as SES judges them, in the words that it has from JavaMail."""

from __future__ import annotations

import re
from email.utils import getaddresses, parseaddr
from typing import Final

from couvert.simulator.errors import AwsError

MOST_RECIPIENTS: Final = 50
LONGEST: Final = 320

_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_PLAIN: Final = re.compile(rf"{_ATOM}(\.{_ATOM})*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_QUOTED: Final = re.compile(r'^"([^"\\]|\\.)*"@')
_FAULTS: Final = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        (r"[^\x00-\x7f]", "Local address contains non-ASCII characters"),
        (r"^[^@]*$", "Missing final '@domain'"),
        (r"^@", "Missing local name"),
        (r"^[^@]*[\x00-\x20\x7f]", "Local address contains control or whitespace"),
        (r"^\.", "Local address starts with dot"),
        (r"^[^@]*\.\.", "Local address contains dot-dot"),
        (r"^[^@]*\.@", "Local address ends with dot"),
        (r'^[^@]*[()<>,;:\\"\[\]]', "Local address contains illegal character"),
        (r"@$", "Missing domain"),
        (r"@\.", "Domain starts with dot"),
        (r"@.*[\x00-\x20\x7f]", "Domain contains control or whitespace"),
        (r"\.\.", "Domain contains dot-dot"),
        (r"\.$", "Domain ends with dot"),
        (r"@.*[^A-Za-z0-9.-]", "Domain contains illegal character"),
    )
)


def bare(address: str) -> str:
    return parseaddr(address)[1] if "<" in address or '"' in address else address


def check_addresses(sender: str, recipients: list[str], reply_to: list[str]) -> None:
    if not recipients:
        raise _refused("Missing required parameter: Destination")
    if len(recipients) > MOST_RECIPIENTS:
        raise _refused(f"Recipient count exceeds {MOST_RECIPIENTS}.")
    for address in (sender, *reply_to):
        _check_named(address)
    for address in recipients:
        _check(address)


def _check_named(address: str) -> None:
    """One address, with a name or without."""
    if "<" in address and len(getaddresses([address])) > 1:
        raise _refused("Illegal address")
    _check(bare(address))


def _check(address: str) -> None:
    if len(address) > LONGEST:
        raise _refused(f"Address length is more than {LONGEST} characters long: '{address}'.")
    if _PLAIN.fullmatch(address):
        return
    # What stands in quotes may be anything.
    judged = _QUOTED.sub("quoted@", address)
    for pattern, words in _FAULTS:
        if pattern.search(judged):
            raise _refused(words)


def _refused(words: str) -> AwsError:
    return AwsError("BadRequestException", words)
