"""A bounce that came back as mail: a delivery status notification (RFC 3464), an abuse report, or what resembles one.

Our Message-ID, which the returned message or its headers show, names the delivery.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from email import message_from_bytes, message_from_string, policy
from email.message import Message
from email.utils import getaddresses
from typing import Final, Literal

from couvert.domain.notice_statements import BounceKind, Statement, Subject, Unreadable, bounce_kind, delivery_named

_OUR_ID: Final = re.compile(rb"<(dlv_[0-9a-z]{13})@[^<>\s@]{1,253}>")
_ACTIONS: Final[dict[str, Literal["bounced", "delayed", "delivered"]]] = {
    "failed": "bounced",
    "delayed": "delayed",
    "delivered": "delivered",
}
_EMPTY_LINES: Final = re.compile(r"(?:\r?\n[ \t]*){2,}")
_STATUS: Final = re.compile(r"([245])\.\d{1,3}\.\d{1,3}")


def read(raw: bytes) -> list[Statement]:
    """What it says of each recipient. Raises `Unreadable`."""
    try:
        return _read(raw)
    except RecursionError:
        raise Unreadable("its parts are nested a hundredfold") from None


def _read(raw: bytes) -> list[Statement]:
    # The old policy: it returns what stands there, where the new one stumbles over headers that servers write.
    mail = message_from_bytes(raw, policy=policy.compat32)
    subject = Subject(delivery_id=_delivery(raw) or _delivery_in_code(mail))
    told = list(_reported(mail, subject)) or list(_guessed(mail, subject))
    if not told:
        raise Unreadable("it is no delivery status notification, and nothing that resembles a bounce")
    if subject.delivery_id is None:
        raise Unreadable("it shows no Message-ID of ours, so nothing tells which delivery it is about")
    return told


def _delivery(raw: bytes) -> int | None:
    """The first Message-ID of ours in it; a line may be folded, and quoted-printable hides none of its letters."""
    found = (delivery_named(match[1].decode()) for match in _OUR_ID.finditer(raw))
    return next((delivery_id for delivery_id in found if delivery_id is not None), None)


def _delivery_in_code(mail: Message) -> int | None:
    """As above, of what was returned in base64."""
    returned = (part for part in mail.walk() if _encoding(part) == "base64")
    return next((found for part in returned if (found := _delivery(_decoded(part))) is not None), None)


def _reported(mail: Message, subject: Subject) -> Iterator[Statement]:
    for part in mail.walk():
        kind = part.get_content_type()
        if kind in {"message/delivery-status", "message/global-delivery-status"}:
            yield from _statuses(part, subject)
        elif kind == "message/feedback-report":
            yield from _feedback(part, subject)


def _statuses(part: Message, subject: Subject) -> Iterator[Statement]:
    for block in _blocks(part):
        kind = _ACTIONS.get(_field(block, "Action").lower())
        if kind is None:
            continue  # the fields about the whole message; or it was relayed to where nobody reports
        status = _STATUS.match(_field(block, "Status"))
        diagnosis = _field(block, "Diagnostic-Code")
        yield Statement(
            subject,
            _address(_field(block, "Final-Recipient") or _field(block, "Original-Recipient")),
            kind,
            bounce_kind(_severity(status[1] if status else ""), "", status and status[0], diagnosis),
            _words(status[0] if status else "", diagnosis, _field(block, "Will-Retry-Until")),
        )


def _feedback(part: Message, subject: Subject) -> Iterator[Statement]:
    for block in _blocks(part):
        if _field(block, "Feedback-Type").lower() in {"abuse", "fraud", "virus", "other"}:
            recipient = _address(_field(block, "Original-Rcpt-To"))
            yield Statement(subject, recipient, "complained", words=_field(block, "Feedback-Type"))


def _guessed(mail: Message, subject: Subject) -> Iterator[Statement]:
    """The forms of servers that follow no standard, by those who collected them. Raises `Unreadable`."""
    try:
        from flufl.bounce import all_failures  # noqa: PLC0415 - an extra, for whoever reads bounces
    except ImportError:
        raise Unreadable(
            "it is no standard bounce; for others, install couvert with its extra `inbound`: README, Amazon SES"
        ) from None
    if not getaddresses([str(mail.get("From", ""))]):
        # One of its detectors (6.0.0, Yale's) stumbles over a mail from nobody.
        del mail["From"]
        mail["From"] = "nobody@localhost"
    try:
        temporary, permanent = all_failures(mail)
    except Exception as error:  # noqa: BLE001 - whatever it is, the mail is not read
        # Its detectors expect sound headers, and damaged mail comes too. It stays on the shelf and can be read again.
        raise Unreadable(f"those who know bounces in forms of their own stumbled over it: {error!r}") from None
    yield from _failures(permanent, subject, "hard")
    yield from _failures(temporary - permanent, subject, "soft")


def _failures(addresses: Iterable[bytes], subject: Subject, kind: BounceKind) -> Iterator[Statement]:
    for address in sorted(addresses):
        # A mail that merely warns of a delay looks the same; so what is temporary decides nothing.
        fate: Literal["bounced", "delayed"] = "bounced" if kind == "hard" else "delayed"
        yield Statement(subject, address.decode("utf-8", "replace"), fate, kind, "a bounce in a form of its own")


def _blocks(part: Message) -> list[Message]:
    """The groups of fields, with an empty line between them."""
    text = _decoded(part).decode("utf-8", "replace")
    return [message_from_string(group, policy=policy.compat32) for group in _EMPTY_LINES.split(text)]


def _decoded(part: Message) -> bytes:
    """What stands in it. The parser takes reports and returned messages for messages, encoded or not."""
    payload = part.get_payload()
    if isinstance(payload, list):
        whole = Message(policy.compat32)
        whole["Content-Transfer-Encoding"] = _encoding(part)
        whole.set_payload("\n\n".join(map(_unparsed, payload)))
        part = whole
    return bytes(part.get_payload(decode=True) or b"")


def _unparsed(parsed: Message) -> str:
    """Bytes beyond ASCII are as the parser has them, each a surrogate."""
    lines = [f"{name}: {value}" for name, value in parsed.raw_items()]
    rest = bytes(parsed.get_payload(decode=True) or b"").decode("ascii", "surrogateescape")
    return "\n".join([*lines, "", rest])


def _encoding(part: Message) -> str:
    return str(part.get("Content-Transfer-Encoding", "")).strip().lower()


def _field(block: Message, name: str) -> str:
    return " ".join(str(block.get(name, "")).split())


def _address(field: str) -> str | None:
    """Of `rfc822; bob@example.org`."""
    address = field.rpartition(";")[2].strip().strip("<>")
    return address or None


def _severity(status: str) -> BounceKind:
    return {"5": "hard", "4": "soft"}.get(status, "undetermined")  # type: ignore[return-value]


def _words(*parts: str) -> str | None:
    return ": ".join(filter(None, parts))[:2_000] or None
