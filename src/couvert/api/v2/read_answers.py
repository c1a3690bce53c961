"""Mails and deliveries as /v2 writes them."""

from __future__ import annotations

from typing import Annotated, Any, NotRequired, TypedDict, cast

from pydantic import Field

from couvert.api.v2.asked import Page
from couvert.api.v2.event_answers import detail_of, facts_of
from couvert.api.v2.mailing.answers import CountsAnswer
from couvert.api.v2.pages import CursorQuery
from couvert.api.v2.times import rfc3339, rfc3339_or_none
from couvert.domain import ids
from couvert.domain.delivery import State
from couvert.domain.mail import Recipient, Sender
from couvert.readmodels.folds import Counts, Status
from couvert.readmodels.pages import Part
from couvert.readmodels.views import DeliveryView, EventView, MailView


class SenderAnswer(TypedDict):
    email: str
    name: str | None
    organisationName: str | None


class MailAnswer(TypedDict):
    mailId: Annotated[str, Field(description="Opaque, in time order.", examples=["mail_0j3q5r2f4g000"])]
    emailId: str | None
    clientEnvId: str | None
    projectId: str | None
    closureId: str | None
    subject: Annotated[str | None, Field(description="Before it is personalised; null once it was erased.")]
    sender: SenderAnswer | None
    tags: list[str]
    status: Annotated[Status, Field(description="`queued` until every recipient has an outcome.")]
    recipientCount: int
    counts: CountsAnswer
    createdAt: str
    scheduledAt: str | None
    expiresAt: str | None


class MailListAnswer(TypedDict):
    mails: list[MailAnswer]


class RecipientAnswer(TypedDict):
    email: str
    name: str | None
    company: str | None
    emailRecipientId: str | None


class TimelineEntry(TypedDict):
    eventId: str
    type: Annotated[str, Field(examples=["delivery.sent"])]
    at: str
    detail: Annotated[str | None, Field(description="The provider's own words, or what else there is to say.")]
    data: Annotated[dict[str, Any], Field(description="What the event holds.")]


class DeliveryAnswer(TypedDict):
    deliveryId: Annotated[str, Field(examples=["dlv_0j3q5r2f4g001"])]
    mailId: str
    recipient: Annotated[RecipientAnswer | None, Field(description="Null once it was erased.")]
    state: State
    attempts: Annotated[
        int, Field(description="Without those that ended with nothing sent, as when the provider throttles.")
    ]
    lastError: Annotated[str | None, Field(description="What the provider said last when something went wrong.")]
    providerMessageId: str | None
    queuedAt: str
    nextAttemptAt: str | None
    sentAt: str | None
    timeline: NotRequired[Annotated[list[TimelineEntry], Field(description="Oldest first; where it is read alone.")]]


class DeliveryListAnswer(TypedDict):
    deliveries: list[DeliveryAnswer]


def mail_answer(mail: MailView) -> MailAnswer:
    references = mail.references
    return {
        "mailId": ids.encode("mail", mail.mail_id),
        "emailId": references.email_id,
        "clientEnvId": references.client_env_id,
        "projectId": references.project_id,
        "closureId": references.closure_id,
        "subject": mail.subject,
        "sender": _sender(mail.sender),
        "tags": list(mail.tags),
        "status": mail.status,
        "recipientCount": mail.recipient_count,
        "counts": _counts(mail.counts),
        "createdAt": rfc3339(mail.created_at),
        "scheduledAt": rfc3339_or_none(mail.scheduled_at),
        "expiresAt": rfc3339_or_none(mail.expires_at),
    }


def delivery_answer(delivery: DeliveryView) -> DeliveryAnswer:
    return {
        "deliveryId": ids.encode("dlv", delivery.delivery_id),
        "mailId": ids.encode("mail", delivery.mail_id),
        "recipient": _recipient(delivery.recipient),
        "state": delivery.state,
        "attempts": delivery.attempts,
        "lastError": delivery.last_error,
        "providerMessageId": delivery.provider_message_id,
        "queuedAt": rfc3339(delivery.queued_at),
        "nextAttemptAt": rfc3339_or_none(delivery.next_attempt_at),
        "sentAt": rfc3339_or_none(delivery.sent_at),
    }


def timeline_entry(event: EventView) -> TimelineEntry:
    return {
        "eventId": str(event.position),
        "type": event.type,
        "at": rfc3339(event.at),
        "detail": detail_of(event),
        "data": facts_of(event),
    }


def page_answer(part: Part[Any], query: CursorQuery) -> Page:
    return Page(query.limit, query.skipped, part.total, part.at_least, part.next_cursor)


def _counts(counts: Counts) -> CountsAnswer:
    return cast(CountsAnswer, {name: counts[State(name)] for name in CountsAnswer.__annotations__})


def _sender(sender: Sender | None) -> SenderAnswer | None:
    if sender is None:
        return None
    return {"email": sender.email, "name": sender.name, "organisationName": sender.organisation_name}


def _recipient(recipient: Recipient | None) -> RecipientAnswer | None:
    if recipient is None:
        return None
    return {
        "email": recipient.email,
        "name": recipient.name,
        "company": recipient.company,
        "emailRecipientId": recipient.email_recipient_id,
    }
