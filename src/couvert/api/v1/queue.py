"""A message of the bulk queue: one recipient's mail in the words of /v1, and what of it a result repeats."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final

import msgspec
from pydantic import BaseModel

from couvert.api.fields import one_line
from couvert.api.refusals import Fault, InvalidBody, MalformedBody
from couvert.api.v1.answers import utc
from couvert.api.v1.bodies import LONGEST_LINE, Address, Html, Line
from couvert.api.v1.faults import validated
from couvert.commands.queue_intake import Read, Unreadable
from couvert.domain.mail import AcceptMail, Recipient, References, Sender
from couvert.domain.names import OF_V1
from couvert.store.messages import Echo

MOST_FAULTS: Final = 20
"""Named in a result; of more, only that there are."""


class MessageBody(BaseModel):
    sender_email: Address
    subject: Line
    html_template: Html
    recipient_email: Address
    recipient_name: Line | None = None
    recipient_company: Line | None = None
    sender_name: Line | None = None
    sender_organisation_name: Line | None = None
    email_id: Line | None = None
    email_recipient_id: Line | None = None
    client_env_id: Line | None = None
    queued_at: Line | None = None


def read_message(text: str) -> Read:
    """Raises `Unreadable`."""
    raw = text.encode("utf-8", "surrogatepass")
    try:
        body = validated(MessageBody, raw)
    except MalformedBody as refusal:
        raise Unreadable(f"The message is not JSON: {refusal.message}", Echo()) from None
    except InvalidBody as refusal:
        raise Unreadable(_sentence(refusal.faults), _echo_of(raw)) from None
    echo = Echo(body.email_id, body.email_recipient_id, body.recipient_email, body.queued_at)
    is_named = bool(body.queued_at and (body.email_id or body.email_recipient_id))
    return Read(_to_command(body), echo, is_named)


def wording(command: AcceptMail, accepted_at: int) -> Callable[[Recipient], str]:
    """Our own messages in the same form, for each recipient of a mail."""
    sender, references = command.sender, command.references
    # The template is the same for all, and longer than the rest: encoded once.
    html, queued_at = msgspec.Raw(msgspec.json.encode(command.html)), utc(accepted_at)

    def worded(recipient: Recipient) -> str:
        return msgspec.json.encode({
            "email_id": references.email_id,
            "email_recipient_id": recipient.email_recipient_id,
            "client_env_id": references.client_env_id,
            "sender_email": sender.email,
            "sender_name": sender.name,
            "sender_organisation_name": sender.organisation_name,
            "subject": command.subject,
            "html_template": html,
            "recipient_name": recipient.name,
            "recipient_email": recipient.email,
            "recipient_company": recipient.company,
            "queued_at": queued_at,
        }).decode()  # fmt: skip

    return worded


def _to_command(body: MessageBody) -> AcceptMail:
    return AcceptMail(
        sender=Sender(body.sender_email, body.sender_name, body.sender_organisation_name),
        recipients=(
            Recipient(body.recipient_email, body.recipient_name, body.recipient_company, body.email_recipient_id),
        ),
        subject=body.subject,
        html=body.html_template,
        references=References(body.email_id, body.client_env_id, queued_at=body.queued_at),
        built_in=OF_V1,
        is_bulk=True,
    )


def _sentence(faults: Sequence[Fault]) -> str:
    """All that is wrong, without what was sent: a result is read by whoever may read the result queue."""
    named = [f"{'.'.join(map(str, fault['loc'])) or 'The message'}: {fault['msg']}" for fault in faults[:MOST_FAULTS]]
    return "; ".join(named + ["and more"] * (len(faults) > MOST_FAULTS)).removesuffix(".") + "."


def _echo_of(raw: bytes) -> Echo:
    """As far as it is an object and these are lines of text."""
    found: Any = None
    with suppress(ValueError, RecursionError):
        found = json.loads(raw)
    if not isinstance(found, dict):
        return Echo()
    repeated = "email_id", "email_recipient_id", "recipient_email", "queued_at"
    return Echo(*[_line(found.get(name)) for name in repeated])


def _line(value: object) -> str | None:
    with suppress(ValueError):
        if isinstance(value, str) and len(value) <= LONGEST_LINE:
            return one_line(value)
    return None
