"""What a mail is in /v2, field by field, and the command it becomes. Unknown fields are ignored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel

from couvert.api.v2.mailing.faults import with_faults_of_templates
from couvert.api.v2.mailing.fields import Address, Base64, FilledLine, Line, Text
from couvert.api.v2.times import Moment, to_ms
from couvert.commands.checks import MOST_RECIPIENTS
from couvert.domain.attachments import Attachment
from couvert.domain.mail import AcceptMail, Recipient, References, Sender

MOST_MAILS: Final = 500

Variables = Annotated[
    dict[str, Text | None],
    Field(description="Values by name; null renders as nothing. Numbers are sent as strings."),
]


class _Body(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, validate_by_alias=True)


class SenderBody(_Body):
    email: Address
    name: Line | None = None
    organisation_name: Line | None = None


class RecipientBody(_Body):
    email: Address
    name: Line | None = None
    company: Line | None = None
    email_recipient_id: Annotated[Line | None, Field(description="Your own name for this recipient.")] = None
    variables: Annotated[Variables | None, Field(description="They win over the mail's.")] = None


class AttachmentBody(_Body):
    filename: Annotated[str, Field(description="Without a path.", examples=["invoice.pdf"])]
    content_type: Annotated[str, Field(examples=["application/pdf"])]
    content: Annotated[Base64, Field(description="Base64. All attachments together have at most 25 MB.")]
    content_id: Annotated[
        str | None, Field(description='For what the HTML shows: `<img src="cid:logo">` shows the id `logo`.')
    ] = None


class MailBody(_Body):
    sender: SenderBody
    recipients: Annotated[list[RecipientBody], Field(min_length=1, max_length=MOST_RECIPIENTS)]
    subject: FilledLine
    html_template: Text | None = None
    text_template: Annotated[Text | None, Field(description="Made of the HTML if there is none.")] = None
    template_id: Annotated[str | None, Field(description="Stored templates do not exist yet.")] = None
    variables: Variables | None = None
    reply_to: Address | None = None
    headers: Annotated[dict[str, str] | None, Field(description="Sent as they are.")] = None
    attachments: list[AttachmentBody] | None = None
    tags: list[str] | None = None
    scheduled_at: Annotated[Moment | None, Field(description="When it is due; what is past is due at once.")] = None
    expires_at: Annotated[Moment | None, Field(description="When it is not worth sending any more.")] = None
    client_env_id: Line | None = None
    email_id: Line | None = None
    project_id: Line | None = None
    closure_id: Line | None = None

    @field_validator("template_id", mode="before")
    @classmethod
    def _no_templates_yet(cls, value: object) -> None:
        if value is not None:
            raise ValueError("stored templates do not exist yet; send htmlTemplate or textTemplate")

    @model_validator(mode="wrap")
    @classmethod
    def _all_at_once(cls, value: Any, handler: ValidatorFunctionWrapHandler) -> Self:
        """What is wrong with templates takes a whole mail to know, and is told with the rest even so."""
        try:
            return handler(value)  # type: ignore[no-any-return]
        except ValidationError as error:
            raise with_faults_of_templates(error, value) from None


def _as_it_came(value: Any, _handler: ValidatorFunctionWrapHandler) -> Any:
    """To be judged mail by mail, not here."""
    return value


class BatchBody(_Body):
    mails: Annotated[
        list[Annotated[MailBody, WrapValidator(_as_it_came)]],
        Field(min_length=1, max_length=MOST_MAILS, description="Each as in POST /v2/mails."),
    ]
    """As they came: one that is wrong is refused by itself."""


class BatchQuery(_Body):
    strict: Annotated[bool, Field(description="Any fault refuses the whole batch.")] = False


class RetryQuery(_Body):
    unknown: Annotated[
        Literal["resend", "sent"] | None,
        Field(description="What becomes of deliveries of which nobody knows whether they were sent."),
    ] = None
    suppressed: Annotated[
        Literal["resend"] | None,
        Field(description="Send what was suppressed too, where the recipient is not suppressed any more."),
    ] = None


def to_command(body: MailBody) -> AcceptMail:
    return AcceptMail(
        sender=Sender(body.sender.email, body.sender.name, body.sender.organisation_name),
        recipients=tuple([
            Recipient(each.email, each.name, each.company, each.email_recipient_id, _filled(each.variables) or None)
            for each in body.recipients
        ]),
        subject=body.subject,
        html=body.html_template or None,
        text=body.text_template or None,
        reply_to=body.reply_to,
        variables=_filled(body.variables),
        references=References(body.email_id, body.client_env_id, body.project_id, body.closure_id),
        due_at=to_ms(body.scheduled_at),
        expires_at=to_ms(body.expires_at),
        tags=tuple(dict.fromkeys(body.tags or ())),
        headers=body.headers or {},
        attachments=tuple([
            Attachment(each.filename, each.content_type, each.content, each.content_id)
            for each in body.attachments or ()
        ]),
    )  # fmt: skip


def _filled(variables: Mapping[str, str | None] | None) -> Mapping[str, str]:
    """Null is nothing, as of a recipient's that wins over the mail's."""
    return {name: value or "" for name, value in variables.items()} if variables else {}
