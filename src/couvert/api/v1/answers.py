"""What /v1 answers when all went well: its envelope, its status object, its way to write times and nulls."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec
from starlette.responses import Response

from couvert.commands.settled import Settled
from couvert.domain.delivery import State
from couvert.domain.key import ApiKey, NamedOrigin
from couvert.domain.mail import AcceptMail, Recipient
from couvert.domain.refusals import RuleBroken

Json = dict[str, Any]

STATUS_OF: Final[Mapping[State, str]] = {
    State.QUEUED: "queued",
    State.SENT: "sent",
    State.DELIVERED: "sent",
    State.BOUNCED: "sent",
    State.COMPLAINED: "sent",
    State.SUPPRESSED: "suppressed",
    State.UNKNOWN: "unknown",
    State.FAILED: "failed",
    State.CANCELLED: "failed",
    State.EXPIRED: "failed",
}
"""/v1 knows five states: what the provider took is `sent`, whatever became of it afterwards."""

_MESSAGES: Final = {
    "queued": "Email queued",
    "sent": "Email sent successfully",
    "suppressed": "Email suppressed",
    "unknown": "Email outcome unknown",
}
_encoder: Final = msgspec.json.Encoder()


def json(content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Compact, in UTF-8, keys in the order they were written."""
    return encoded(_encoder.encode(content), status, headers)


def encoded(content: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(content, status, headers, media_type="application/json")


def envelope(message: str, data: Json) -> Json:
    return {"status": 200, "message": message, "data": data}


# --- Mails ------------------------------------------------------------------------------------------------------------


def several(command: AcceptMail, accepted_at: int) -> bytes:
    """The same whenever it is made, so a repeat needs no stored copy."""
    queued_at = utc(accepted_at)
    statuses = [_status(command, recipient, "queued", queued_at=queued_at) for recipient in command.recipients]
    return _encoder.encode(envelope("Emails queued successfully", {"queued": len(statuses), "statuses": statuses}))


def single(command: AcceptMail, accepted_at: int, settled: Settled) -> bytes:
    """What became of the one recipient's mail. Raises `RuleBroken` if it will never be sent, with the reason."""
    (recipient,) = command.recipients
    status = STATUS_OF[settled.state]
    reason = settled.words or settled.state
    if status == "failed":
        raise RuleBroken(f"The mail was not sent: {reason}")
    message_id = settled.provider_id if status == "sent" else None
    data = {
        "message_id": message_id,
        "ses_response": {"MessageId": message_id} if message_id else None,
        "status": _status(
            command,
            recipient,
            status,
            message_id=message_id,
            status_detail=reason if status in ("suppressed", "unknown") else None,
            queued_at=utc(accepted_at) if status == "queued" else None,
            sent_at=utc(settled.at) if status == "sent" else None,
        ),
    }
    return _encoder.encode(envelope(_MESSAGES[status], data))


def _status(
    command: AcceptMail,
    recipient: Recipient,
    status: str,
    *,
    message_id: str | None = None,
    status_detail: str | None = None,
    queued_at: str | None = None,
    sent_at: str | None = None,
) -> Json:
    return {
        "email_id": command.references.email_id,
        "email_recipient_id": recipient.email_recipient_id,
        "recipient": recipient.email,
        "status": status,
        "message_id": message_id,
        "status_detail": status_detail,
        "last_error": None,
        "queued_at": queued_at,
        "sent_at": sent_at,
    }


# --- Keys -------------------------------------------------------------------------------------------------------------


def created(key: ApiKey, secret: str) -> Json:
    data = {
        "key_id": key.key_id,
        "name": key.name,
        "api_key": secret,
        "is_active": key.is_active,
        "created_at": utc(key.created_at),
        "origins": origins(key.origins),
        "expires_at": None if key.expires_at is None else utc(key.expires_at),
    }
    return envelope("API key created successfully", data)


def deleted(secret: str) -> Json:
    return envelope("API key deleted successfully", {"deleted": True, "api_key": secret})


def origins_added(secret: str, added: Iterable[NamedOrigin]) -> Json:
    data = {"api_key": secret, "added_origins": origins(added)}
    return envelope("Origins added to API key successfully", data)


def origins(named: Iterable[NamedOrigin]) -> list[Json]:
    return [{"name": origin.name, "created_at": utc(origin.created_at)} for origin in named]


# --- Times ------------------------------------------------------------------------------------------------------------


def utc(ms: int) -> str:
    """Whole seconds, and `Z`: `2025-01-27T10:30:00Z`."""
    return _second(ms // 1000)


@lru_cache(maxsize=64)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
