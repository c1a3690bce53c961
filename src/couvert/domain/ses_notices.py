"""What a notice of Amazon SES says: its event publishing, and its older form."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from couvert.domain import sns, tags
from couvert.domain.loose_json import addresses_of, each_of, part_of, text_of
from couvert.domain.notice_statements import (
    LONGEST_WORDS,
    BounceKind,
    OtherKind,
    Statement,
    Subject,
    Unreadable,
    bounce_kind,
    delivery_named,
)

_BOUNCES: Final[Mapping[str, BounceKind]] = {"Permanent": "hard", "Transient": "soft"}


def read(raw: bytes) -> list[Statement]:
    """In the order in which they stand there. Raises `Unreadable` and `OtherKind`."""
    envelope = sns.envelope_or_none(raw)
    if envelope is not None and envelope.get("Type") != "Notification":
        raise OtherKind(str(envelope.get("Type")))
    try:
        notice = json.loads(sns.essence(raw))
    except (ValueError, RecursionError):
        if envelope is not None:  # "Successfully validated SNS topic for Amazon SES event publishing."
            raise OtherKind("text") from None
        raise Unreadable("it is no JSON") from None
    kind = text_of(notice, "eventType") or text_of(notice, "notificationType")
    if kind is None:
        raise Unreadable("it has neither an eventType nor a notificationType")
    if kind not in _READERS:
        raise OtherKind(kind)
    return _READERS[kind](notice)


# --- By kind ----------------------------------------------------------------------------------------------------------


def _sent(notice: Any) -> list[Statement]:
    subject = _subject(notice)
    if subject.provider_id is None:
        raise Unreadable("it names no mail.messageId")
    return [
        Statement(subject, address, "confirmed") for address in addresses_of(part_of(notice, "mail"), "destination")
    ]


def _delivered(notice: Any) -> list[Statement]:
    told = part_of(notice, "delivery")
    said = Statement(_subject(notice), None, "delivered", words=_words(text_of(told, "smtpResponse")))
    return [replace(said, recipient=address) for address in addresses_of(told, "recipients")]


def _bounced(notice: Any) -> list[Statement]:
    told, subject = part_of(notice, "bounce"), _subject(notice)
    kind, subkind = text_of(told, "bounceType") or "Undetermined", text_of(told, "bounceSubType") or "Undetermined"
    return [
        Statement(
            subject,
            text_of(each, "emailAddress"),
            # A server's own delay notice: the provider goes on trying.
            "delayed" if (text_of(each, "action") or "").lower() == "delayed" else "bounced",
            bounce_kind(_BOUNCES.get(kind, "undetermined"), subkind, text_of(each, "status"), _diagnosis(each)),
            _words(f"{kind}/{subkind}", text_of(each, "status"), _diagnosis(each)),
        )
        for each in each_of(told, "bouncedRecipients")
    ]


def _complained(notice: Any) -> list[Statement]:
    told, subject = part_of(notice, "complaint"), _subject(notice)
    feedback = text_of(told, "complaintFeedbackType")
    if feedback == "not-spam":
        raise OtherKind("Complaint not-spam")
    words = _words(feedback or "complaint", text_of(told, "complaintSubType"))
    return [
        Statement(subject, text_of(each, "emailAddress"), "complained", words=words)
        for each in each_of(told, "complainedRecipients")
    ]


def _delayed(notice: Any) -> list[Statement]:
    told, subject = part_of(notice, "deliveryDelay"), _subject(notice)
    # With its time, since a mail may be delayed more than once for the same reason.
    common = (text_of(told, "delayType"), text_of(told, "timestamp"))
    return [
        Statement(
            subject,
            text_of(each, "emailAddress"),
            "delayed",
            words=_words(*common, text_of(each, "status"), _diagnosis(each)),
        )
        for each in each_of(told, "delayedRecipients")
    ]


def _rejected(notice: Any) -> list[Statement]:
    """Taken, and then not sent for what it holds: a virus."""
    return _not_sent(notice, _words("Reject", text_of(part_of(notice, "reject"), "reason")))


def _not_rendered(notice: Any) -> list[Statement]:
    return _not_sent(notice, _words("Rendering Failure", text_of(part_of(notice, "failure"), "errorMessage")))


def _not_sent(notice: Any, words: str | None) -> list[Statement]:
    said = Statement(_subject(notice), None, "bounced", "rejected", words)
    return [replace(said, recipient=address) for address in addresses_of(part_of(notice, "mail"), "destination")]


_READERS: Final[Mapping[str, Callable[[Any], list[Statement]]]] = {
    "Send": _sent,
    "Delivery": _delivered,
    "Bounce": _bounced,
    "Complaint": _complained,
    "DeliveryDelay": _delayed,
    "Reject": _rejected,
    "Rendering Failure": _not_rendered,
    "RenderingFailure": _not_rendered,
}


# --- Which message ----------------------------------------------------------------------------------------------------


def _subject(notice: Any) -> Subject:
    mail = part_of(notice, "mail")
    tagged = mail.get("tags")
    first = {
        name: values[0]
        for name, values in (tagged.items() if isinstance(tagged, dict) else ())
        if isinstance(values, list) and values and isinstance(values[0], str)
    }
    headers = {
        (text_of(each, "name") or "").lower(): text_of(each, "value") for each in each_of(mail, "headers", least=0)
    }
    own_id = headers.get("message-id") or text_of(mail.get("commonHeaders"), "messageId")
    return Subject(tags.read(first), delivery_named(own_id or ""), text_of(mail, "messageId"))


def _diagnosis(recipient: Any) -> str | None:
    return text_of(recipient, "diagnosticCode")


def _words(*parts: str | None) -> str | None:
    return ": ".join(part for part in parts if part)[:LONGEST_WORDS] or None
