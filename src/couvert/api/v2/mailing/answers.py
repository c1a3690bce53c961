"""What is answered about mails that are sent, stopped or tried again."""

from __future__ import annotations

from typing import Annotated, Literal, TypedDict, cast

from pydantic import Field

from couvert.api.v2.errors import Failure
from couvert.commands.accept import Accepted
from couvert.commands.interventions import Intervened
from couvert.domain import ids
from couvert.domain.delivery import State


class QueuedAnswer(TypedDict):
    mailId: str
    status: Literal["queued"]
    recipientCount: int


class ErrorItem(TypedDict):
    reason: str
    message: str


class MailError(TypedDict):
    code: int
    message: str
    errors: list[ErrorItem]


class MailResult(TypedDict):
    index: Annotated[int, Field(description="Its place in the request, from 0.")]
    mailId: str | None
    status: Literal["queued", "refused"]
    recipientCount: int
    error: MailError | None


class BatchAnswer(TypedDict):
    results: Annotated[list[MailResult], Field(description="In the order of the request.")]


class PreviewAnswer(TypedDict):
    subject: str
    html: str | None
    text: str
    missing: Annotated[list[str], Field(description="Variables that are used and not there.")]


class CountsAnswer(TypedDict):
    queued: int
    sent: int
    delivered: int
    bounced: int
    complained: int
    failed: int
    suppressed: int
    cancelled: int
    expired: int
    unknown: int


class InterventionAnswer(TypedDict):
    mailId: str
    recipientCount: int
    changed: Annotated[int, Field(description="Deliveries that this request changed.")]
    counts: Annotated[CountsAnswer, Field(description="Of all its deliveries now; they add up to `recipientCount`.")]


def queued(accepted: Accepted) -> QueuedAnswer:
    return {
        "mailId": ids.encode("mail", accepted.mail_id),
        "status": "queued",
        "recipientCount": len(accepted.deliveries),
    }


def queued_in_batch(index: int, accepted: Accepted) -> MailResult:
    return {"index": index, **queued(accepted), "error": None}


def refused_in_batch(index: int, failure: Failure) -> MailResult:
    return {
        "index": index,
        "mailId": None,
        "status": "refused",
        "recipientCount": 0,
        "error": {
            "code": failure.status,
            "message": failure.message,
            "errors": [{"reason": item.reason, "message": item.message} for item in failure.items],
        },
    }


def intervened(done: Intervened) -> InterventionAnswer:
    counts = cast(CountsAnswer, {name: done.counts[State(name)] for name in CountsAnswer.__annotations__})
    return {
        "mailId": ids.encode("mail", done.mail_id),
        "recipientCount": done.recipient_count,
        "changed": done.changed,
        "counts": counts,
    }
