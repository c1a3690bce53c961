"""Which e-mail addresses are valid, and the one form each is kept in.

Plain ASCII addresses, which is nearly all of them, are judged by one expression; the others by email-validator, which
takes 24 us for what the expression does in one, and gives the reasons.
"""

from __future__ import annotations

import re
from typing import Final

import email_validator

LONGEST_LOCAL: Final = 64  # RFC 5321, 4.5.3.1.1
LONGEST: Final = 254  # octets, RFC 5321 with erratum 1690
LONGEST_DOMAIN: Final = 253

_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
# Two hyphens in third place are punycode, or nothing that DNS knows (RFC 5890, 2.3.1): a matter for the slow path.
_LABEL: Final = r"(?!..--)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
# The last label ends with a letter: no top-level domain does otherwise, and IP addresses are not meant.
_PLAIN: Final = re.compile(rf"({_ATOM}(?:\.{_ATOM})*@)((?:{_LABEL}\.)+{_LABEL}(?<=[A-Za-z]))")

# Names such as `.test` and `.local` lead nowhere on the internet. A relay of one's own may well know them, and the
# sandbox's addresses end in `.test`; so whether they can be delivered is for whoever delivers.
email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()


class AddressFault(ValueError):
    """Not an address; the text says why, to whoever wrote it."""


def normalise(text: str) -> str:
    """The address with its domain in lower case and spaces around it gone. Raises `AddressFault`."""
    found = _PLAIN.fullmatch(text) if len(text) <= LONGEST else None
    if found is None and (stripped := text.strip(" ")) != text:
        return normalise(stripped)
    if found is None or len(found[2]) > LONGEST_DOMAIN or len(found[1]) > LONGEST_LOCAL + 1:
        return _judged(text)
    return found[1] + found[2].lower()


def normalise_sender(text: str) -> str:
    """What a key may send as: an address, a domain, or `*.domain` for all below one. Raises `AddressFault`."""
    text = text.strip()
    if text.startswith("*@"):
        raise AddressFault("For every address of a domain, write the domain alone.")
    if "@" in text:
        return normalise(text).lower()
    wildcard = "*." if text.startswith("*.") else ""
    return wildcard + normalise("x@" + text.removeprefix(wildcard)).removeprefix("x@").lower()


def _judged(text: str) -> str:
    # Before the library looks at each character: there may be five million.
    if len(text) > LONGEST:
        raise AddressFault(f"The email address is too long ({len(text):,} characters; at most {LONGEST}).")
    try:
        valid = email_validator.validate_email(text, check_deliverability=False)
    except email_validator.EmailNotValidError as fault:
        raise AddressFault(str(fault)) from None
    return f"{valid.local_part}@{valid.domain}"
