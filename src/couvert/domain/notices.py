"""What a provider's notice says, as statements about recipients: Amazon SES's event publishing and its older form."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, NamedTuple

from couvert.domain import ids, sns, tags
from couvert.domain.delivery_events import Bounced, Complained, Confirmed, Delayed, Delivered

NoticeEvent = Confirmed | Delayed | Delivered | Bounced | Complained
BounceKind = Literal["hard", "soft", "undetermined", "rejected"]
LONGEST_WORDS: Final = 2_000

_BOUNCES: Final[Mapping[str, BounceKind]] = {"Permanent": "hard", "Transient": "soft"}
_OF_CONTENT: Final = frozenset({"ContentRejected", "AttachmentRejected", "MessageTooLarge"})
_BY_POLICY: Final = ("5.7.", "4.7.", "5.6.", "4.6.", "5.3.4", "5.2.3")
"""Enhanced status codes (RFC 3463): security and policy, content, and a message that is too large."""


class Unreadable(ValueError):
    """It is no notice of a form that we know; says why."""


class OtherKind(Exception):
    """A notice that says nothing of what became of a mail: an open, a click, a kind that came after this was written.

    Its text names the kind.
    """


class Subject(NamedTuple):
    """Which message a notice is about: whatever names it, the surest first."""

    tagged: tuple[int, int] | None = None
    """Delivery and attempt, by our own tags."""
    delivery_id: int | None = None
    """By our Message-ID, which is the same for every attempt."""
    provider_id: str | None = None

    @property
    def is_named_by_provider_alone(self) -> bool:
        return self.tagged is None and self.delivery_id is None and self.provider_id is not None


@dataclass(frozen=True, slots=True)
class Statement:
    """One recipient's fate."""

    subject: Subject
    recipient: str | None
    """The address as the provider has it; None if it names none."""
    kind: Literal["confirmed", "delayed", "delivered", "bounced", "complained"]
    bounce: BounceKind = "undetermined"
    words: str | None = None
    """The provider's own. Two statements that are alike, words included, are one."""

    def event(self, attempt: int) -> NoticeEvent:
        match self.kind:
            case "confirmed":
                return Confirmed(attempt, self.subject.provider_id or "")
            case "delayed":
                return Delayed(attempt)
            case "delivered":
                return Delivered(attempt)
            case "bounced":
                return Bounced(attempt, self.bounce)
            case "complained":
                return Complained(attempt)


def essence(raw: bytes) -> bytes:
    """What a notice says, without what it travelled in: the same by HTTPS and by SQS, and however often it comes."""
    envelope = sns.envelope_or_none(raw)
    if envelope is None or envelope.get("Type") != "Notification":
        return raw
    message = envelope.get("Message")
    return message.encode("utf-8", "replace") if isinstance(message, str) else raw


def read(raw: bytes) -> list[Statement]:
    """In the order in which they stand there. Raises `Unreadable` and `OtherKind`."""
    envelope = sns.envelope_or_none(raw)
    if envelope is not None and envelope.get("Type") != "Notification":
        raise OtherKind(str(envelope.get("Type")))
    try:
        notice = json.loads(essence(raw))
    except (ValueError, RecursionError):
        if envelope is not None:  # "Successfully validated SNS topic for Amazon SES event publishing."
            raise OtherKind("text") from None
        raise Unreadable("it is no JSON") from None
    kind = _text(notice, "eventType") or _text(notice, "notificationType")
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
    return [Statement(subject, address, "confirmed") for address in _addresses(_part(notice, "mail"), "destination")]


def _delivered(notice: Any) -> list[Statement]:
    told = _part(notice, "delivery")
    said = Statement(_subject(notice), None, "delivered", words=_words(_text(told, "smtpResponse")))
    return [replace(said, recipient=address) for address in _addresses(told, "recipients")]


def _bounced(notice: Any) -> list[Statement]:
    told, subject = _part(notice, "bounce"), _subject(notice)
    kind, subkind = _text(told, "bounceType") or "Undetermined", _text(told, "bounceSubType") or "Undetermined"
    return [
        Statement(
            subject,
            _text(each, "emailAddress"),
            # A server's own delay notice: the provider goes on trying.
            "delayed" if (_text(each, "action") or "").lower() == "delayed" else "bounced",
            bounce_kind(_BOUNCES.get(kind, "undetermined"), subkind, _text(each, "status"), _diagnosis(each)),
            _words(f"{kind}/{subkind}", _text(each, "status"), _diagnosis(each)),
        )
        for each in _each(told, "bouncedRecipients")
    ]


def _complained(notice: Any) -> list[Statement]:
    told, subject = _part(notice, "complaint"), _subject(notice)
    feedback = _text(told, "complaintFeedbackType")
    if feedback == "not-spam":
        raise OtherKind("Complaint not-spam")
    words = _words(feedback or "complaint", _text(told, "complaintSubType"))
    return [
        Statement(subject, _text(each, "emailAddress"), "complained", words=words)
        for each in _each(told, "complainedRecipients")
    ]


def _delayed(notice: Any) -> list[Statement]:
    told, subject = _part(notice, "deliveryDelay"), _subject(notice)
    # With its time, since a mail may be delayed more than once for the same reason.
    common = (_text(told, "delayType"), _text(told, "timestamp"))
    return [
        Statement(
            subject,
            _text(each, "emailAddress"),
            "delayed",
            words=_words(*common, _text(each, "status"), _diagnosis(each)),
        )
        for each in _each(told, "delayedRecipients")
    ]


def _rejected(notice: Any) -> list[Statement]:
    """Taken, and then not sent for what it holds: a virus."""
    return _not_sent(notice, _words("Reject", _text(_part(notice, "reject"), "reason")))


def _not_rendered(notice: Any) -> list[Statement]:
    return _not_sent(notice, _words("Rendering Failure", _text(_part(notice, "failure"), "errorMessage")))


def _not_sent(notice: Any, words: str | None) -> list[Statement]:
    said = Statement(_subject(notice), None, "bounced", "rejected", words)
    return [replace(said, recipient=address) for address in _addresses(_part(notice, "mail"), "destination")]


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


def bounce_kind(kind: BounceKind, subkind: str, status: str | None, diagnosis: str | None) -> BounceKind:
    """Who rejects the content, or the sender, says nothing about the recipient's address."""
    is_rejected = subkind in _OF_CONTENT or (status or "").startswith(_BY_POLICY)
    if not is_rejected and status in {None, "5.0.0", "5.5.0"}:
        is_rejected = any(f" {code}" in f" {diagnosis or ''}" for code in _BY_POLICY)
    return "rejected" if is_rejected else kind


# --- Which message ----------------------------------------------------------------------------------------------------


def _subject(notice: Any) -> Subject:
    mail = _part(notice, "mail")
    tagged = mail.get("tags")
    first = {
        name: values[0]
        for name, values in (tagged.items() if isinstance(tagged, dict) else ())
        if isinstance(values, list) and values and isinstance(values[0], str)
    }
    headers = {(_text(each, "name") or "").lower(): _text(each, "value") for each in _each(mail, "headers", least=0)}
    own_id = headers.get("message-id") or _text(mail.get("commonHeaders"), "messageId")
    return Subject(tags.read(first), delivery_named(own_id or ""), _text(mail, "messageId"))


def delivery_named(message_id: str) -> int | None:
    """The delivery that a Message-ID of ours names, `<dlv_0j3q5r2f4g001@example.com>`."""
    return ids.decode(tags.PREFIX, message_id.strip().removeprefix("<").partition("@")[0])


# --- JSON that may be anything ----------------------------------------------------------------------------------------


def _part(notice: Any, name: str) -> dict[str, Any]:
    found = notice.get(name) if isinstance(notice, dict) else None
    if not isinstance(found, dict):
        raise Unreadable(f"its {name} is missing")
    return found


def _each(part: Any, name: str, *, least: int = 1) -> list[Any]:
    found = part.get(name)
    many = found if isinstance(found, list) else []
    if len(many) < least:
        raise Unreadable(f"its {name} are missing")
    return many


def _addresses(part: Any, name: str) -> list[str]:
    return [address for address in _each(part, name) if isinstance(address, str)]


def _text(part: Any, name: str) -> str | None:
    """What can be stored of it: JSON may hold half a surrogate pair."""
    found = part.get(name) if isinstance(part, dict) else None
    return found.encode("utf-8", "replace").decode() if isinstance(found, str) and found else None


def _diagnosis(recipient: Any) -> str | None:
    return _text(recipient, "diagnosticCode")


def _words(*parts: str | None) -> str | None:
    return ": ".join(part for part in parts if part)[:LONGEST_WORDS] or None
