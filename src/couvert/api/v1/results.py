"""What the result queue is told of a message's recipient, in the words of /v1."""

from __future__ import annotations

from typing import Final

import msgspec

from couvert.api.v1.answers import STATUS_OF, Json, utc
from couvert.domain.delivery import State
from couvert.readmodels.results import Outcome
from couvert.store.messages import MalformedMessage

_STOPPED: Final = frozenset({State.CANCELLED, State.EXPIRED})
_UNSAID: Final = {
    State.CANCELLED: "The mail was cancelled before it was sent.",
    State.EXPIRED: "The mail expired before it was sent.",
    State.FAILED: "The mail was not sent.",
}
"""Where no words were said, or none are left."""
_UNSAYABLE: Final = str.maketrans({"\ufffe": "\\ufffe", "\uffff": "\\uffff"})
"""The two characters that JSON may hold as they are, and a message of SQS may not."""


def result_of(outcome: Outcome) -> str:
    status = STATUS_OF[outcome.state]
    reason = outcome.words or _UNSAID.get(outcome.state) or outcome.state.value
    detail = outcome.state.value if outcome.state in _STOPPED else None
    return _written(
        email_id=outcome.references.email_id,
        email_recipient_id=outcome.email_recipient_id,
        recipient=outcome.recipient,
        status=status,
        message_id=outcome.provider_id,
        status_detail=reason if status in {"suppressed", "unknown"} else detail,
        last_error=reason if status == "failed" else None,
        queued_at=outcome.references.queued_at or utc(outcome.accepted_at),
        sent_at=utc(outcome.at) if status == "sent" else None,
    )


def result_of_malformed(message: MalformedMessage) -> str:
    echo = message.echo
    return _written(
        email_id=echo.email_id,
        email_recipient_id=echo.email_recipient_id,
        recipient=echo.recipient,
        status="failed",
        message_id=None,
        status_detail=None,
        last_error=message.fault,
        queued_at=echo.queued_at,
        sent_at=None,
    )


def _written(**result: str | None) -> str:
    named = {name: result[name] for name in ("email_id", "email_recipient_id", "recipient", "status")}
    told: Json = {"success": result["status"] == "sent", **named, "result": result}
    return msgspec.json.encode(told).decode().translate(_UNSAYABLE)
