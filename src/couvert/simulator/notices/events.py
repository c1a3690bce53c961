"""The JSON of SES's event publishing, one function per kind of event."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from couvert.simulator.ids import feedback_id
from couvert.simulator.mails import Mail
from couvert.simulator.notices.plan import EventType
from couvert.simulator.setup import ACCOUNT, Setup

Json = dict[str, Any]

MTA: Final = "a8-70.smtp-out.amazonses.com"
MOST_HEADER_BYTES: Final = 10_000
"""Beyond them SES names no more headers and says so."""
STRANGER: Final = "somebody.else@forwarded.example"


def event_json(kind: EventType, mail: Json, recipients: tuple[str, ...], at: float) -> Json:
    event_type, key, told = _TOLD[kind]
    return {"eventType": event_type, "mail": mail, key: told(recipients, stamp(at))}


def stamp(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def mail_json(mail: Mail, setup: Setup) -> Json:
    headers = _headers(mail.letter.message()) if mail.letter else []
    by_name = {name.lower(): value for name, value in headers}
    domain = mail.sender.rpartition("@")[2].rstrip(">")
    tags = {
        "ses:operation": ["SendEmail"],
        "ses:configuration-set": [mail.configuration_set],
        "ses:source-ip": ["192.0.2.1"],
        "ses:from-domain": [domain],
        "ses:caller-identity": ["simulator"],
        "ses:outgoing-ip": ["192.0.2.2"],
        **{name: [value] for name, value in mail.tags.items()},
    }
    return {
        "timestamp": stamp(mail.taken_at),
        "source": mail.sender,
        "sourceArn": setup.arn("ses", f"identity/{domain}"),
        "sendingAccountId": ACCOUNT,
        "messageId": mail.message_id,
        "destination": mail.recipients,
        "headersTruncated": sum(len(name) + len(value) for name, value in headers) > MOST_HEADER_BYTES,
        "headers": [{"name": name, "value": value} for name, value in headers][:200],
        "commonHeaders": _common(by_name, mail),
        "tags": tags,
    }


def _common(by_name: dict[str, str], mail: Mail) -> Json:
    common: Json = {name: [by_name[name]] for name in ("from", "to", "cc") if name in by_name}
    # What SES calls the message id here is its own, whatever the message said.
    return {**common, "messageId": mail.message_id, "subject": by_name.get("subject", "")}


def _headers(message: bytes) -> list[tuple[str, str]]:
    """Read by hand, because the library's parser would cost more than everything else about a notice."""
    head = message.partition(b"\r\n\r\n")[0].decode("utf-8", "replace")
    lines = head.replace("\r\n ", " ").replace("\r\n\t", " ").split("\r\n")
    pairs = [line.partition(":") for line in lines]
    return [(name, value.strip()) for name, colon, value in pairs if colon]


def _send(_: tuple[str, ...], __: str) -> Json:
    return {}


def _delivery(recipients: tuple[str, ...], at: str) -> Json:
    return {
        "timestamp": at,
        "processingTimeMillis": 512,
        "recipients": list(recipients),
        "smtpResponse": "250 2.0.0 OK  1700000000 simulator",
        "reportingMTA": MTA,
    }


def _bounce(recipients: tuple[str, ...], at: str) -> Json:
    words = "smtp; 550 5.1.1 user unknown"
    return _bounced(recipients, at, ("Permanent", "General"), "5.1.1", words)


def _soft_bounce(recipients: tuple[str, ...], at: str) -> Json:
    words = "smtp; 452 4.2.2 mailbox full"
    return _bounced(recipients, at, ("Transient", "MailboxFull"), "4.2.2", words)


def _suppressed(recipients: tuple[str, ...], at: str) -> Json:
    words = (
        "Amazon SES has suppressed sending to this address because it has a recent history of bouncing as an "
        "invalid address."
    )
    return _bounced(recipients, at, ("Permanent", "Suppressed"), "5.1.1", words)


def _bounced(recipients: tuple[str, ...], at: str, kinds: tuple[str, str], status: str, words: str) -> Json:
    kind, subkind = kinds
    return {
        "feedbackId": feedback_id(),
        "bounceType": kind,
        "bounceSubType": subkind,
        "bouncedRecipients": [
            {"emailAddress": recipient, "action": "failed", "status": status, "diagnosticCode": words}
            for recipient in recipients
        ],
        "timestamp": at,
        "reportingMTA": f"dns; {MTA}",
    }


def _complaint(recipients: tuple[str, ...], at: str) -> Json:
    return {
        "feedbackId": feedback_id(),
        "complaintSubType": None,
        "complainedRecipients": [{"emailAddress": recipient} for recipient in recipients],
        "timestamp": at,
        "userAgent": "Amazon SES Mailbox Simulator",
        "complaintFeedbackType": "abuse",
        "arrivalDate": at,
    }


def _delay(recipients: tuple[str, ...], at: str) -> Json:
    words = "smtp; 421 4.4.1 Unable to connect to remote host"
    return {
        "timestamp": at,
        "delayType": "TransientCommunicationFailure",
        "expirationTime": at,
        "delayedRecipients": [
            {"emailAddress": recipient, "status": "4.4.1", "diagnosticCode": words} for recipient in recipients
        ],
        "reportingMTA": MTA,
    }


def _reject(_: tuple[str, ...], __: str) -> Json:
    return {"reason": "Bad content"}


def _rendering_failure(_: tuple[str, ...], __: str) -> Json:
    return {"errorMessage": "Attribute 'name' is not present in the rendering data.", "templateName": "welcome"}


_TOLD: Final[dict[EventType, tuple[str, str, Callable[[tuple[str, ...], str], Json]]]] = {
    "Send": ("Send", "send", _send),
    "Delivery": ("Delivery", "delivery", _delivery),
    "Bounce": ("Bounce", "bounce", _bounce),
    "SoftBounce": ("Bounce", "bounce", _soft_bounce),
    "Suppressed": ("Bounce", "bounce", _suppressed),
    "Complaint": ("Complaint", "complaint", _complaint),
    "DeliveryDelay": ("DeliveryDelay", "deliveryDelay", _delay),
    "Reject": ("Reject", "reject", _reject),
    "RenderingFailure": ("Rendering Failure", "failure", _rendering_failure),
}
SWITCHES: Final[dict[EventType, str]] = {
    "Send": "SEND", "Delivery": "DELIVERY", "Bounce": "BOUNCE", "SoftBounce": "BOUNCE", "Suppressed": "BOUNCE",
    "Complaint": "COMPLAINT", "DeliveryDelay": "DELIVERY_DELAY", "Reject": "REJECT",
    "RenderingFailure": "RENDERING_FAILURE",
}  # fmt: skip
"""What an event destination calls them."""
