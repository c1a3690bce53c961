"""Amazon SNS's envelope: what of it is signed, who may have signed it, and for how long it is believed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

SUBSCRIPTION: Final = "SubscriptionConfirmation"
NOTIFICATION: Final = "Notification"
OLDEST_MS: Final = 24 * 3_600_000
"""SNS repeats what was not answered for six hours at most, unless told otherwise, with the time of the first try."""
AHEAD_MS: Final = 15 * 60_000

_SIGNED: Final = {
    NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    SUBSCRIPTION: ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
_HOST: Final = re.compile(r"sns\.[a-z]{2,4}(-[a-z]+)+-\d{1,2}\.amazonaws\.com(\.cn)?", re.ASCII)
_CERTIFICATE: Final = re.compile(r"/SimpleNotificationService-[0-9A-Za-z]{8,64}\.pem", re.ASCII)

Envelope = Mapping[str, Any]


class Untrusted(Exception):
    """Nobody who may say so has said this; says what is wrong."""


def envelope_or_none(raw: bytes) -> Envelope | None:
    """The envelope, if it is one: whatever has a `Type` and a `TopicArn`."""
    if not raw.lstrip().startswith(b"{"):
        return None
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and "Type" in found and "TopicArn" in found else None


def essence(raw: bytes) -> bytes:
    """What a notice says, without what it travelled in: the same by HTTPS and by SQS, and however often it comes."""
    envelope = envelope_or_none(raw)
    if envelope is None or envelope.get("Type") != NOTIFICATION:
        return raw
    message = envelope.get("Message")
    return message.encode("utf-8", "replace") if isinstance(message, str) else raw


def signed_text(envelope: Envelope) -> bytes:
    """What the signature is of: names and values, each on a line, those that are absent left out.

    Raises `Untrusted`.
    """
    names = _SIGNED.get(str(envelope.get("Type")))
    if names is None:
        raise Untrusted(f"{envelope.get('Type')!r} is no Type of Amazon SNS")
    lines: list[str] = []
    for name in names:
        if isinstance(value := envelope.get(name), str):
            lines += [name, value]
        elif name != "Subject" or value is not None:
            raise Untrusted(f"its {name} is missing")
    return ("\n".join(lines) + "\n").encode("utf-8", "surrogatepass")


def check_time(envelope: Envelope, now: int) -> None:
    """Raises `Untrusted` for what is too old to be anything but a recording."""
    try:
        # Python 3.11 reads the Z; without it there is no zone to compare by.
        sent_at = datetime.fromisoformat(str(envelope.get("Timestamp"))).timestamp() * 1000
    except (ValueError, OverflowError):
        raise Untrusted("its Timestamp is no time") from None
    if not now - OLDEST_MS <= sent_at <= now + AHEAD_MS:
        raise Untrusted(f"its Timestamp {envelope['Timestamp']} is too far from now")


def check_certificate_url(url: object, endpoints: Iterable[str]) -> str:
    """Amazon's own address, or one beneath the test endpoints. Raises `Untrusted`."""
    found = str(url)
    parts = urlsplit(found) if _is_plain(found) else None
    if parts and _is_beneath(found, endpoints) and parts.path.endswith(".pem"):
        return found
    if parts is None or not _is_amazon(found) or not _CERTIFICATE.fullmatch(parts.path) or parts.query:
        raise Untrusted("its SigningCertURL is none of Amazon's")
    return found


def check_subscribe_url(envelope: Envelope, endpoints: Iterable[str]) -> str:
    """The address at which to confirm, for the topic that asks and for no other. Raises `Untrusted`."""
    found = str(envelope.get("SubscribeURL"))
    if not _is_plain(found) or not (_is_amazon(found) or _is_beneath(found, endpoints)):
        raise Untrusted("its SubscribeURL is none of Amazon's")
    asked = parse_qs(urlsplit(found).query)
    if asked.get("Action") != ["ConfirmSubscription"] or asked.get("TopicArn") != [envelope.get("TopicArn")]:
        raise Untrusted("its SubscribeURL asks for something else than to confirm this topic")
    return found


def _is_plain(url: str) -> bool:
    """Parsers disagree on what they should not be shown: control characters, spaces, backslashes, user names."""
    return url.isascii() and url.isprintable() and not set(url) & set(" \\@#[]")


def _is_amazon(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" and bool(_HOST.fullmatch(parts.netloc))


def _is_beneath(url: str, endpoints: Iterable[str]) -> bool:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" in endpoints
