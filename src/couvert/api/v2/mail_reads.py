"""Reading mails: the list with its filters, one mail, its deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from couvert.api.parts import Parts
from couvert.api.v2.asked import Answer, Asked
from couvert.api.v2.call import Call
from couvert.api.v2.pages import FARTHEST, CursorQuery
from couvert.api.v2.read_answers import (
    DeliveryListAnswer,
    MailAnswer,
    MailListAnswer,
    delivery_answer,
    mail_answer,
    page_answer,
)
from couvert.api.v2.refusals import Faulty, Item
from couvert.api.v2.times import Moment, to_ms
from couvert.commands.addresses import normalise
from couvert.domain import ids
from couvert.domain.delivery import State
from couvert.domain.refusals import NotFound
from couvert.readmodels.folds import Status
from couvert.readmodels.mail_filter import MailFilter
from couvert.readmodels.marks import words
from couvert.readmodels.pages import Part, Wanted
from couvert.readmodels.views import MailView

NO_SUCH_MAIL: Final = "There is no such mail."


def _with_words(text: str) -> str:
    if text and not list(words(text)):
        raise ValueError("there is no word in it to look for: letters or digits")
    return text


Given = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1_000)]
Text = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=1_000), AfterValidator(_with_words)
]  # fmt: skip


class MailsQuery(CursorQuery):
    model_config = ConfigDict(populate_by_name=True)

    status: Annotated[Status | None, Field(description="Of the mail.")] = None
    state: Annotated[State | None, Field(description="Of one of its deliveries, at least.")] = None
    recipient: Annotated[
        str | None, AfterValidator(lambda text: text and normalise(text)), Field(description="An address, exactly.")
    ] = None
    email_id: Annotated[Given | None, Field(alias="emailId")] = None
    client_env_id: Annotated[Given | None, Field(alias="clientEnvId")] = None
    project_id: Annotated[Given | None, Field(alias="projectId")] = None
    closure_id: Annotated[Given | None, Field(alias="closureId")] = None
    tag: Given | None = None
    since: Annotated[Moment | None, Field(alias="from", description="Created then or later.")] = None
    to: Annotated[Moment | None, Field(description="Created before then.")] = None
    q: Annotated[Text | None, Field(description="Beginnings of words of the subject; case and accents are one.")] = None
    subject: Annotated[Text | None, Field(description="The same as `q`.")] = None

    def filter(self) -> MailFilter:
        return MailFilter(
            status=self.status,
            state=self.state,
            recipient=self.recipient,
            email_id=self.email_id,
            client_env_id=self.client_env_id,
            project_id=self.project_id,
            closure_id=self.closure_id,
            tags=(self.tag,) if self.tag else (),
            text=" ".join(filter(None, (self.q, self.subject))) or None,
            since=to_ms(self.since),
            before=to_ms(self.to),
        )


def wanted_of(query: CursorQuery) -> Wanted:
    """What is looked up, which is never far: a page beyond has nothing on it, or is refused by `check_reach`."""
    return Wanted(query.limit, min(query.skipped, FARTHEST), query.cursor)


def check_reach(query: CursorQuery, total: int | None) -> None:
    """Raises `Faulty` beyond what `skip` may be, unless the list ends before: past the end is an empty page."""
    if query.skipped > FARTHEST and query.cursor is None and total is None:
        raise Faulty([Item("page", f"leads beyond the {FARTHEST:,}th; use the cursor of the page before", "too_far")])


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
