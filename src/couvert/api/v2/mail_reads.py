"""Reading mails: the list with its filters, one mail, its deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from couvert.api.parts import Parts
from couvert.api.v2.asked import Answer, Asked
from couvert.api.v2.call import Call
from couvert.api.v2.mail_query import MailsQuery
from couvert.api.v2.pages import CursorQuery, check_reach, wanted_of
from couvert.api.v2.read_answers import (
    DeliveryListAnswer,
    MailAnswer,
    MailListAnswer,
    delivery_answer,
    mail_answer,
    page_answer,
)
from couvert.domain import ids
from couvert.domain.refusals import NotFound
from couvert.readmodels.pages import Part
from couvert.readmodels.views import MailView

NO_SUCH_MAIL: Final = "There is no such mail."


def mail_id_of(text: str) -> int:
    mail_id = ids.decode("mail", text)
    if mail_id is None:
        raise NotFound(NO_SUCH_MAIL)
    return mail_id


def mail_read_calls(parts: Parts) -> Sequence[Call]:
    reading = parts.reading

    async def mails(asked: Asked) -> Answer:
        wanted = wanted_of(asked.query)
        found: Part[MailView] = await reading.mails(asked.query.filter(), wanted)
        check_reach(asked.query, found.total)
        return Answer({"mails": [mail_answer(mail) for mail in found.items]}, page=page_answer(found, asked.query))

    async def mail(asked: Asked) -> Answer:
        found = await reading.mail(mail_id_of(asked.path["mailId"]))
        if found is None:
            raise NotFound(NO_SUCH_MAIL)
        return Answer({**mail_answer(found)})

    async def deliveries(asked: Asked) -> Answer:
        wanted = wanted_of(asked.query)
        found = await reading.deliveries(mail_id_of(asked.path["mailId"]), wanted)
        if found is None:
            raise NotFound(NO_SUCH_MAIL)
        return Answer(
            {"deliveries": [delivery_answer(one) for one in found.items]}, page=page_answer(found, asked.query)
        )

    which = {"mailId": "The mail's id."}
    return [
        Call(
            method="GET",
            path="/v2/mails",
            handle=mails,
            summary="List mails",
            description="Newest first. Filters are combined: a mail is listed if it meets all of them.",
            tag="Mails",
            query=MailsQuery,
            answer=MailListAnswer,
            list_name="mails",
            refusals=("bad_cursor",),
            example_data={"mails": [EXAMPLE]},
        ),
        Call(
            method="GET",
            path="/v2/mails/{mailId}",
            handle=mail,
            summary="Read a mail",
            description="With how many of its recipients are in which state.",
            tag="Mails",
            answer=MailAnswer,
            refusals=("not_found",),
            example_data=EXAMPLE,
            parameters=which,
        ),
        Call(
            method="GET",
            path="/v2/mails/{mailId}/deliveries",
            handle=deliveries,
            summary="List a mail's deliveries",
            description="One for each recipient, in the order of the recipients.",
            tag="Mails",
            query=CursorQuery,
            answer=DeliveryListAnswer,
            list_name="deliveries",
            refusals=("not_found", "bad_cursor"),
            example_data={"deliveries": [EXAMPLE_DELIVERY]},
            parameters=which,
        ),
    ]


EXAMPLE: Final = {
    "mailId": "mail_00jbyd8cjd800",
    "emailId": "msg-123",
    "clientEnvId": "env-123",
    "projectId": "project-456",
    "closureId": "closure-789",
    "subject": "Hello {{name}}",
    "sender": {"email": "support@example.com", "name": "Support Team", "organisationName": "Acme Corp"},
    "tags": ["welcome"],
    "status": "done",
    "recipientCount": 1,
    "counts": {
        "queued": 0, "sent": 1, "delivered": 0, "bounced": 0, "complained": 0, "failed": 0, "suppressed": 0,
        "cancelled": 0, "expired": 0, "unknown": 0,
    },
    "createdAt": "2025-01-27T10:30:00.000Z",
    "scheduledAt": None,
    "expiresAt": None,
}  # fmt: skip
EXAMPLE_DELIVERY: Final = {
    "deliveryId": "dlv_00jbyd8cjd801",
    "mailId": "mail_00jbyd8cjd800",
    "recipient": {
        "email": "john@example.com", "name": "John Doe", "company": "Acme Corp", "emailRecipientId": "recipient-123",
    },
    "state": "sent",
    "attempts": 1,
    "lastError": None,
    "providerMessageId": "0000014a-f4d4-4c4b-8b7a-123456789012-000000",
    "queuedAt": "2025-01-27T10:30:00.000Z",
    "nextAttemptAt": None,
    "sentAt": "2025-01-27T10:30:00.210Z",
}  # fmt: skip
