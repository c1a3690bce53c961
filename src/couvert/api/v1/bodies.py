"""The bodies that /v1 takes, field by field, and the commands they become. Unknown fields are ignored."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, Field

from couvert.api.fields import address, one_line, without_controls
from couvert.domain.mail import AcceptMail, Recipient, References, Sender
from couvert.domain.names import OF_V1
from couvert.domain.origin import parse_origin_name

MOST_RECIPIENTS: Final = 1_000
MOST_ORIGINS: Final = 100
LONGEST_LINE: Final = 1_000


def _origin_name(text: str) -> str:
    name = parse_origin_name(one_line(text))
    if name is None:
        raise ValueError("not an origin: write app.example.com, app.example.com:8080 or *.example.com")
    return name


def _in_utc(time: datetime) -> datetime:
    """Without a zone it is UTC, as all times of /v1 are."""
    try:
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except OverflowError:
        raise ValueError("in UTC, this is no time of the years 1 to 9999") from None


Line = Annotated[str, Field(max_length=LONGEST_LINE), AfterValidator(one_line)]
Html = Annotated[str, Field(min_length=1), AfterValidator(without_controls)]
Address = Annotated[str, AfterValidator(address)]
OriginNames = Annotated[
    list[Annotated[str, Field(max_length=LONGEST_LINE), AfterValidator(_origin_name)]], Field(max_length=MOST_ORIGINS)
]


class RecipientBody(BaseModel):
    mail: Address
    name: Line | None = None
    company: Line | None = None
    email_recipient_id: Line | None = Field(None, alias="emailRecipientId")


class MailBody(BaseModel):
    recipients: Annotated[list[RecipientBody], Field(min_length=1, max_length=MOST_RECIPIENTS)]
    sender_email: Address
    subject: Line
    html_template: Html
    sender_name: Line | None = None
    sender_organisation_name: Line | None = None
    client_env_id: Line | None = None
    email_id: Line | None = None
    email_recipient_id: Line | None = Field(None, alias="emailRecipientId")
    project_id: Line | None = Field(None, alias="projectId")
    closure_id: Line | None = Field(None, alias="closureId")


class KeyBody(BaseModel):
    name: Annotated[Line, Field(min_length=1)]
    origin_names: OriginNames
    expires_at: Annotated[datetime, AfterValidator(_in_utc)] | None = None


class OriginsBody(BaseModel):
    origin_names: OriginNames


def to_command(body: MailBody) -> AcceptMail:
    return AcceptMail(
        sender=Sender(body.sender_email, body.sender_name, body.sender_organisation_name),
        recipients=tuple([_recipient(each, body.email_recipient_id) for each in body.recipients]),
        subject=body.subject,
        html=body.html_template,
        references=References(body.email_id, body.client_env_id, body.project_id, body.closure_id),
        built_in=OF_V1,
    )


def _recipient(body: RecipientBody, mails_id: str | None) -> Recipient:
    """A recipient's own `emailRecipientId` wins over the mail's."""
    own_id = body.email_recipient_id
    return Recipient(body.mail, body.name, body.company, mails_id if own_id is None else own_id)
